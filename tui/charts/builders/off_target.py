"""The off-target matrix: whose neurons were ablated by the language asked, each set beside its control."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.controls import matched
from neurontui.tui.charts.builders.rows import Row, half_width, number, scale_of
from neurontui.tui.charts.model import Matrix
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import percent, plus_minus

ARMS = {"difference": "set minus control", "change": "set", "control": "control"}
"""What a cell of the matrix shows, by its column in the query."""
SPECIFICITY = "own−oth."
"""The last column: the own language minus the mean of the others."""
MARKS = {
    "difference": "▼ ▲ p < 0.05, corrected over the matrix (Holm)",
    "change": "▼ ▲ 95 % interval excludes zero, not corrected for many cells",
    "control": "▼ ▲ 95 % interval excludes zero, not corrected for many cells",
}
"""What the marks of a matrix mean: significance without color."""
LEVEL = 0.05


def selections(table: pa.Table) -> list[tuple[str, str]]:
    """The matrices of what off-target returns: rule and value, in order."""
    return list(dict.fromkeys((row["rule"], row["value"]) for row in table.to_pylist()))


def off_target_matrix(
    table: pa.Table, rule: str, value: str, languages: Sequence[str], arm: str = "difference", unit: str = "nats"
) -> Matrix:
    """Rows: the sets, with their size and that of the control; columns: the languages asked, then specificity."""
    sets = _sets(table, rule, value)
    columns = (*(code for code in languages if any(code in own for own in sets.values())), None)
    return Matrix(
        f"Ablated neurons by language asked · {rule} · {value}, {ARMS[arm]}",
        tuple(_row_name(code, own) for code, own in sets.items()),
        tuple(SPECIFICITY if code is None else code for code in columns),
        tuple(tuple(number(own[c][arm]) if c in own else None for c in columns) for own in sets.values()),
        unit,
        diverging=True,
        marks=tuple("".join(_mark(own.get(c), arm) for c in columns) for own in sets.values()),
        row_title="neurons of, set | control, % of all",
        column_title="language asked",
        digits=2,
        scale=scale_of(number(row[arm]) for own in sets.values() for row in own.values()),
    )


def _sets(table: pa.Table, rule: str, value: str) -> dict[str, dict[str | None, Row]]:
    """Language of the set -> language asked (None: specificity) -> row."""
    sets: dict[str, dict[str | None, Row]] = {}
    for row in table.to_pylist():
        if (row["rule"], row["value"]) == (rule, value):
            sets.setdefault(row["set_language"], {})[row["language"]] = row
    return sets


def _size(own: dict[str | None, Row]) -> tuple[Any, Any]:
    """Sizes of set and control over all inputs, in % of all neurons; those of the first cell without them."""
    row = own.get(None) or next(iter(own.values()))
    return row["percent"], row["control_percent"]


def _row_name(code: str, own: dict[str | None, Row]) -> str:
    sizes = _size(own)
    both = "|".join(percent(size) for size in sizes)
    return f"{code} {both} %" if matched(*sizes) else f"{code} {both} not matched"


def _mark(row: Row | None, arm: str) -> str:
    """An arrow where the number is significant, a question mark without an interval, and nothing otherwise."""
    if row is None or number(row[arm]) is None:
        return " "
    low, high = (number(row[name]) for name in ends(arm))
    if low is None or high is None:
        return "?"
    p = number(row["p_holm"])
    certain = (p is not None and p < LEVEL) if arm == "difference" else not low <= 0 <= high
    return ("▼" if row[arm] < 0 else "▲") if certain else " "


def ends(arm: str) -> tuple[str, str]:
    """The columns of the interval."""
    return ("low", "high") if arm == "difference" else (f"{arm}_low", f"{arm}_high")


def off_target_lines(table: pa.Table, rule: str, value: str, cell: tuple[int, str], unit: str = "nats") -> list[Spans]:
    """A cell in words: set, control and their difference with intervals, significance, and both sizes."""
    place, column = cell
    sets = list(_sets(table, rule, value).items())
    row = sets[place][1].get(None if column == SPECIFICITY else column) if place < len(sets) else None
    if row is None:
        return []
    where = "own language minus the mean of the others" if row["language"] is None else f"asked in {row['language']}"
    set_, control, difference = (plus_minus(row[arm], half_width(row, *ends(arm)), 2, "+") for arm in (
        "change", "control", "difference"))  # fmt: skip
    first = [Span(f"{row['set_language']} neurons, {where}: ", "dim"), Span(f"set {set_}, control {control} {unit}")]
    second = [
        Span("set minus control ", "dim"),
        Span(f"{difference} {unit}", "text", bold=True),
        Span(f" · {_significance(row)} · n = {row['n']:,}", "dim"),
    ]
    return [first, second, size_line(row["percent"], row["control_percent"])]


def _significance(row: Row) -> str:
    p = number(row["p_holm"])
    if p is None:
        return "no interval: too few inputs"
    words = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    return f"{words} (Holm)" if p < LEVEL else f"not significant ({words})"


def size_line(size: Any, control: Any, noun: str = "set") -> Spans:
    """The sizes of a set and its control, side by side; in words where they do not match."""
    both = f"{noun} {percent(size)} %, control {percent(control)} % of all neurons"
    if matched(size, control):
        return [Span(f"sizes: {both}", "dim")]
    return [Span(f"Not matched: {both}.", "bad"), Span(" The difference may come from the size alone.")]
