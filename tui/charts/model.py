"""What a chart shows: plain data, made by the builders and drawn by the terminal and the figure renderer alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import floor, log, log10

from neurontui.tui.charts.palette import LETTERS, TYPES, dim_of, ink_of
from neurontui.tui.common.number_formats import cell, plus_minus

Value = float | None
"""A value, or None where there is none: charts leave a gap, tables a dash."""


@dataclass(frozen=True)
class Series:
    """One curve or one layer of a stack; `role` names its color, `letter` identifies it without color."""

    name: str
    letter: str
    role: str
    values: tuple[Value, ...]
    low: tuple[Value, ...] = ()
    """Lower end of the 95 % interval of each value; empty without intervals."""
    high: tuple[Value, ...] = ()
    reference: bool = False
    """What the others are compared with: dashed in the terminal, in its hue dimmed, or gray without one."""
    hue: str = ""
    """Role of its color, where that is not `role`: the type that a reference belongs to."""
    dash: int = 0
    """Line style in a figure: 0 is solid; 1, 2 and 3 are ever finer dashes."""
    alpha: float = 1.0
    legend: str = ""
    """Legend entry in a figure; series with the same text share one. Empty is the name."""

    @cached_property
    def half(self) -> tuple[Value, ...]:
        """Half the width of each interval; empty without intervals."""
        pairs = zip(self.low, self.high, strict=True)
        return tuple(None if low is None or high is None else (high - low) / 2 for low, high in pairs)

    @property
    def type(self) -> str | None:
        """The neuron type that the series is about, if it is the type's own."""
        return self.role if self.letter == LETTERS.get(self.role) else None

    @property
    def ink(self) -> str:
        """The role of its color in the terminal: what is compared with has the same hue, dimmed."""
        return dim_of(self.hue) if self.reference and self.hue else ink_of(self.role)

    @property
    def full_name(self) -> str:
        """The name, with a neuron type's in full."""
        return self.type or (self.hue if self.hue in TYPES else self.name)

    def text(self, index: int, digits: int = 1) -> str:
        """The value at `index` with its interval, as `9.3 ±0.1`, or an en dash where there is none."""
        value = self.values[index] if index < len(self.values) else None
        return plus_minus(value, self.half[index] if index < len(self.half) else None, digits)


@dataclass(frozen=True)
class Chart:
    """Curves or a stack over layers or another axis."""

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
    x: tuple[float, ...] = ()
    """Value of each position on the x axis; 0, 1, 2 … where empty."""
    log_x: bool = False
    joined: bool = False
    """Whether curves continue across positions where they have no value: each was measured at its own positions."""
    y_title: str = ""
    """Title of the y axis in a figure, where the unit is not enough."""
    from_zero: bool = True
    """Whether the y axis of a figure starts at zero; the terminal shows the range of the values."""

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for series in self.series for value in series.values)

    def legend(self, series: Series) -> str:
        """What a curve is, in words."""
        return f"{series.name} ({self.grey})" if series.reference else series.name

    @property
    def n(self) -> int:
        """Positions on the x axis."""
        return len(self.labels)

    @property
    def xs(self) -> tuple[float, ...]:
        """Value of each position on the x axis."""
        return self.x or tuple(float(index) for index in range(self.n))

    @cached_property
    def places(self) -> tuple[float, ...]:
        """Where the positions lie on the x axis, 0 to 1; empty where consecutive whole numbers are spaced evenly."""
        if self.log_x and self.x and min(self.x) > 0:
            return spaced([log(x) for x in self.x])
        even = all(x == self.x[0] + index for index, x in enumerate(self.x))
        return () if even else spaced(self.x)

    def place(self, index: float) -> float:
        """Position on the x axis, 0 to 1; a single one in the middle."""
        if self.places:
            return self.places[round(index)]
        return index / (self.n - 1) if self.n > 1 else 0.5

    def extent(self) -> tuple[float, float]:
        """Smallest and largest value to make room for; a stack always starts at zero."""
        if self.stacked:
            return 0.0, self.total
        known = [value for series in self.series for value in series.values if value is not None]
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
    """Color around zero instead of from the smallest up."""
    skip_diagonal: bool = False
    tints: tuple[tuple[Value, ...], ...] = ()
    """What colors the cells, where that is not their value; None leaves a cell without color."""
    tint_unit: str = ""
    """What the tints are, with their unit; for a picture without room for the values."""
    marks: tuple[str, ...] = ()
    """A row of characters a row, each put behind a cell's value: what a color means, without color."""
    row_title: str = ""
    column_title: str = ""
    digits: int = 1
    """Decimals of a cell, at least; small values have more."""
    scale: float = 1.0
    """What the text of a cell is in: 0.001 for thousandths of the unit."""

    @property
    def unit_text(self) -> str:
        """The unit of the cells' text, such as `0.001 nats`."""
        return self.unit if self.scale == 1 else f"{self.scale:g} {self.unit}"

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for _, _, value in self.cells())

    def text(self, row: int, column: int) -> str:
        """A cell's value; with its sign where the colors are around zero."""
        sign, value = "+" if self.diverging and not self.tints else "", self.values[row][column]
        return cell(None if value is None else value / self.scale, sign, self.digits)

    def tint(self, row: int, column: int) -> Value:
        """What colors a cell."""
        return (self.tints or self.values)[row][column]

    def mark(self, row: int, column: int) -> str:
        """The character behind a cell's value."""
        return self.marks[row][column] if self.marks else " "

    def extent(self) -> tuple[float, float]:
        """Smallest and largest value that gets a color."""
        tints = [self.tint(row, column) for row, column, _ in self.cells()]
        known = [tint for tint in tints if tint is not None]
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
    low: Value = None
    high: Value = None
    note: str = ""
    group: str = ""
    """Consecutive bars of the same group lie side by side under its name."""

    @property
    def half(self) -> Value:
        """Half the width of the 95 % interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


@dataclass(frozen=True)
class Bars:
    """Named values beside each other, drawn from zero."""

    title: str
    bars: tuple[Bar, ...] = field(default=())
    unit: str = "%"
    y_title: str = ""
    end: float = 0.0
    """The value of a full bar. 0: 100 for percentages, or a round number where the largest is at most half of it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", self.end or self._end())

    def _end(self) -> float:
        highest = max((bar.value or 0.0 for bar in self.bars), default=0.0)
        return 100.0 if self.unit == "%" and 50 < highest <= 100 else round_up(highest)

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return any(bar.value is not None for bar in self.bars)

    @property
    def scale(self) -> str:
        """The values at both ends of the bars."""
        return f"0–{self.end:g} {self.unit}"


@dataclass(frozen=True)
class Dot:
    """A value with its interval on a line of its own; `kind` chooses the marker, `role` the color."""

    label: str
    value: Value
    low: Value
    high: Value
    kind: str
    role: str


@dataclass(frozen=True)
class Dots:
    """Values with intervals, one below the other, against zero."""

    title: str
    dots: tuple[Dot, ...]
    unit: str


@dataclass(frozen=True)
class Reading:
    """One value beside a chart: a letter in its color, a name, the value as text."""

    letter: str
    name: str
    value: str
    role: str = "text"


Drawing = Chart | Matrix | Bars
"""What the terminal draws."""
Panel = Drawing | Dots
"""What a figure draws."""


def panel_groups(chart: Chart) -> list[tuple[Series, ...]]:
    """What each panel shows: a series, and the one it is compared with, whose letter is the same but small."""
    own = [series for series in chart.series if not series.reference]
    return [(series, *(g for g in chart.series if g.reference and g.letter == series.letter.lower())) for series in own]


def round_up(value: float) -> float:
    """The smallest round number, as of an axis, that is not below `value`; 1 for nothing."""
    if not 0 < value < float("inf"):
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(
        factor * power for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if value <= factor * power * (1 + 1e-9)
    )


def spaced(values: Sequence[float]) -> tuple[float, ...]:
    """Places on the x axis in proportion to the values; () where there are too few to matter."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    return tuple((value - low) / (high - low) for value in values) if high > low else ()
