"""What a chart shows, before anyone decides how to draw it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Value = float | None


@dataclass(frozen=True)
class Series:
    """One curve or one layer of a stack; `role` names its colour, `letter` says the same without colour."""

    name: str
    letter: str
    role: str
    values: tuple[Value, ...]
    half: tuple[Value, ...] = ()
    """Half the width of the 95 % interval of each value, where there is one."""
    reference: bool = False
    """What the others are compared with: drawn in grey."""

    def text(self, index: int, digits: int = 1) -> str:
        """The value at `index` with its interval, as `9.3 ±0.1`, or an en dash where there is none."""
        value = self.values[index] if index < len(self.values) else None
        if value is None:
            return "–"
        half = self.half[index] if index < len(self.half) else None
        return f"{value:.{digits}f}" if half is None else f"{value:.{digits}f} ±{half:.{digits}f}"


@dataclass(frozen=True)
class Chart:
    """Curves over layers (or another whole-numbered axis)."""

    title: str
    labels: tuple[str, ...]
    """One a position on the x axis, such as the layer's number."""
    series: tuple[Series, ...]
    unit: str = "%"
    x_title: str = "layer"
    stacked: bool = False
    total: float = 100.0
    """Where a stack ends."""
    breaks: tuple[int, ...] = ()
    """Positions at which another stack of layers begins."""
    zero: bool = False
    """Show the zero line: differences."""
    panels: bool = False
    """A panel a series, each with a y axis of its own."""
    grey: str = "compared"
    """What the reference curves are."""
    places: tuple[float, ...] = ()
    """Where the positions lie on the x axis, 0 to 1; evenly spaced where empty."""
    joined: bool = False
    """Whether curves continue across positions where they have no value: each was measured at its own positions."""

    def legend(self, series: Series) -> str:
        """What a curve is, in words."""
        return f"{series.name} ({self.grey})" if series.reference else series.name

    @property
    def n(self) -> int:
        """Positions on the x axis."""
        return len(self.labels)

    def place(self, index: float) -> float:
        """Where a position lies on the x axis, 0 to 1; a single one in the middle."""
        if self.places:
            return self.places[round(index)]
        return index / (self.n - 1) if self.n > 1 else 0.5

    def extent(self) -> tuple[float, float]:
        """Smallest and largest value to make room for; a stack always starts at nought."""
        if self.stacked:
            return 0.0, self.total
        known = [value for each in self.series for value in each.values if value is not None]
        lowest, highest = min(known, default=0.0), max(known, default=1.0)
        return (min(lowest, 0.0), max(highest, 0.0)) if self.zero else (lowest, highest)


@dataclass(frozen=True)
class Matrix:
    """Rows by columns of numbers: a heatmap."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    unit: str = "%"
    diverging: bool = False
    """Colour around nought instead of from the smallest up."""
    skip_diagonal: bool = False
    tints: tuple[tuple[Value, ...], ...] = ()
    """What colours the cells, where that is not their value; None leaves a cell without colour."""
    marks: tuple[str, ...] = ()
    """A row of characters a row, each put behind a cell's value: what a colour means, said without colour."""

    def tint(self, row: int, column: int) -> Value:
        """What colours a cell."""
        return (self.tints or self.values)[row][column]

    def mark(self, row: int, column: int) -> str:
        """The character behind a cell's value."""
        return self.marks[row][column] if self.marks else " "

    def extent(self) -> tuple[float, float]:
        """Smallest and largest value that gets a colour."""
        every = [self.tint(row, column) for row, column, _ in self.cells()]
        known = [value for value in every if value is not None]
        lowest, highest = min(known, default=0.0), max(known, default=1.0)
        if self.diverging:
            reach = max(abs(lowest), abs(highest), 1e-12)
            return -reach, reach
        return lowest, highest

    def cells(self) -> list[tuple[int, int, Value]]:
        """Every cell as (row, column, value), without the diagonal where that is skipped."""
        return [
            (row, column, value)
            for row, line in enumerate(self.values)
            for column, value in enumerate(line)
            if not (self.skip_diagonal and row == column)
        ]


@dataclass(frozen=True)
class Bar:
    """One bar of a bar chart."""

    name: str
    value: Value
    letter: str = ""
    role: str = "first"
    half: Value = None
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """Named values beside each other, drawn from nought."""

    title: str
    bars: tuple[Bar, ...] = field(default=())
    unit: str = "%"


@dataclass(frozen=True)
class Reading:
    """One value beside a chart: a letter in its color, a name, the value as text."""

    letter: str
    name: str
    value: str
    role: str = "text"


Drawing = Chart | Matrix | Bars


def numbers(values: Sequence[object]) -> tuple[Value, ...]:
    """Values of a column as floats; None and NaN both mean there is no value."""
    out: list[Value] = []
    for value in values:
        number = None if value is None else float(str(value)) if not isinstance(value, int | float) else float(value)
        out.append(number if number is not None and number == number and abs(number) != float("inf") else None)
    return tuple(out)


def spaced(values: Sequence[float]) -> tuple[float, ...]:
    """Places on the x axis in proportion to the values; () where there are too few to matter."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    return tuple((value - low) / (high - low) for value in values) if high > low else ()
