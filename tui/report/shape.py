"""From the rows of a query to the lines and cells of a report."""

import math
from collections.abc import Iterable, Sequence

from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import CYCLE, LETTERS, TYPES
from neurontui.tui.report.model import Cell, Line, Number, Table
from neurontui.tui.report.run import Row

DASHES = 4
NONE = "–"


def type_lines(
    rows: Iterable[Row],
    x: str,
    value: str = "ratio",
    low: str = "low",
    high: str = "high",
    *,
    dash: int = 0,
    types: Sequence[str] = TYPES,
) -> tuple[Line, ...]:
    """A line a type, in the types' own order, over the column `x`."""
    found = by(rows, "type")
    return tuple(
        line(name, LETTERS[name], name, found[name], x, value, low, high, dash=dash)
        for name in types
        if any(number(row[value]) is not None for row in found.get(name, ()))
    )


def language_lines(
    rows: Iterable[Row], group: str, x: str, order: Sequence[str], value: str = "ratio"
) -> tuple[Line, ...]:
    """A line a language, in colours of the cycle; dashes tell apart what colours cannot."""
    found = by(rows, group)
    known = [code for code in order if code in found]
    return tuple(
        line(code, code, CYCLE[i % len(CYCLE)], found[code], x, value, dash=i // len(CYCLE) % DASHES)
        for i, code in enumerate(known)
    )


def line(
    name: str,
    mark: str,
    role: str,
    rows: Sequence[Row],
    x: str,
    value: str,
    low: str = "low",
    high: str = "high",
    *,
    dash: int = 0,
    alpha: float = 1.0,
) -> Line:
    """One line from the rows of one group, in the order of x."""
    ordered = sorted(rows, key=lambda row: float(row[x]))
    columns = {key: tuple(number(row.get(key)) for row in ordered) for key in (value, low, high) if key}
    at = tuple(float(row[x]) for row in ordered)
    return Line(
        name, mark, role, at, columns[value], columns.get(low, ()), columns.get(high, ()), dash, alpha
    )  # fmt: skip


def by(rows: Iterable[Row], group: str) -> dict[str, list[Row]]:
    """Rows by the value of a column."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[group], []).append(row)
    return found


def figures(value: Number, digits: int = 3) -> str:
    """A number with so many significant digits, without an exponent where it can be read without one."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    if not -4 <= _size(value) <= 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    return decimals(value, _places(value, digits))


def percent(row: Row, value: str = "ratio", low: str = "low", high: str = "high") -> str:
    """A share and half its interval to two decimals, as the paper gives shares."""
    return with_interval(number(row[value]), number(row[low]), number(row[high]), 2)


def decimals(value: Number, places: int = 1) -> str:
    """A number with so many decimals."""
    if value is None:
        return NONE
    return f"{value:,.{places}f}".replace("-", "−")


def with_interval(value: Number, low: Number, high: Number, places: int | None = None) -> str:
    """A value and half its interval, both to the same place: all our intervals are symmetrical."""
    if value is None or low is None or high is None:
        return figures(value) if places is None else decimals(value, places)
    half = (high - low) / 2
    largest = max(abs(value), half)
    if largest and _size(largest) < -4:
        return f"{figures(value)} ± {figures(half, 2)}"
    if places is None:
        places = _places(largest, 3)
        if 0 < half < 10.0**-places:
            places = min(_places(half, 1), places + 2)
    return f"{decimals(value, places)} ± {decimals(half, places)}"


def _size(value: float) -> int:
    """Power of ten of the first digit; of 0, that of 1."""
    return math.floor(math.log10(abs(value))) if value else 0


def _places(value: float, digits: int) -> int:
    return max(0, digits - 1 - _size(value))


def cells(*texts: str, aside: bool = False) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text, aside=aside) for text in texts)


def line_table(lines: Sequence[Line], x_title: str, title: str = "") -> Table:
    """The numbers of lines that share an x: a row a position."""
    positions = sorted({x for each in lines for x in each.x})
    rows = [cells(f"{x:g}", *(_at(each, x) for each in lines)) for x in positions]
    return Table(title, (x_title, *(each.name for each in lines)), tuple(rows))


def _at(each: Line, x: float) -> str:
    if x not in each.x:
        return NONE
    i = each.x.index(x)
    low = each.low[i] if each.low else None
    high = each.high[i] if each.high else None
    return with_interval(each.y[i], low, high)
