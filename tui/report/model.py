"""What a report is made of, whatever its format: sections of sentences, tables and figures.

All text is as stored, hostile or not: `markdown`, `html` and `plot` make it harmless where they write it.
"""

from dataclasses import dataclass, field

Number = float | None
"""A value, or None where there is none: figures leave a gap, tables a dash."""


@dataclass(frozen=True)
class Line:
    """Values over x, with the interval of each; `mark` is the letter or code written at its end."""

    name: str
    mark: str
    role: str
    """Colour by role of the charts' palette: a type's name, or first to eighth."""
    x: tuple[float, ...]
    y: tuple[Number, ...]
    low: tuple[Number, ...] = ()
    high: tuple[Number, ...] = ()
    dash: int = 0
    """0 is solid; 1, 2 and 3 are ever finer dashes."""
    alpha: float = 1.0
    legend: str = ""
    """Lines with the same legend share one entry; empty is the name."""


@dataclass(frozen=True)
class Lines:
    """Lines over a common x."""

    title: str
    lines: tuple[Line, ...]
    x_title: str = "layer"
    y_title: str = "% of neurons"
    breaks: tuple[float, ...] = ()
    """Where another stack of the model begins."""
    zero: bool = True
    """Whether the y axis begins at zero."""
    log_x: bool = False


@dataclass(frozen=True)
class Columns:
    """Stacked columns that add up to 100 %, one a layer; each line is one type's share."""

    title: str
    lines: tuple[Line, ...]
    x_title: str = "layer"
    y_title: str = "%"
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar of a group, with its interval."""

    value: Number
    low: Number = None
    high: Number = None


@dataclass(frozen=True)
class Bars:
    """Groups of bars side by side: `bars[s][g]` is series s of group g."""

    title: str
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    series: tuple[str, ...]
    bars: tuple[tuple[Bar, ...], ...]
    y_title: str = "% of neurons"


@dataclass(frozen=True)
class Dot:
    """A value with its interval on a line of its own; `kind` chooses the marker, `role` the colour."""

    label: str
    value: Number
    low: Number
    high: Number
    kind: str
    role: str


@dataclass(frozen=True)
class Dots:
    """Values with intervals, one below the other, against zero."""

    title: str
    dots: tuple[Dot, ...]
    x_title: str


@dataclass(frozen=True)
class Heat:
    """A matrix of values, written into its cells."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    row_title: str
    column_title: str


Panel = Lines | Columns | Bars | Dots | Heat


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `strong` is bold, `aside` a published number beside ours."""

    text: str
    strong: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first `labels` columns are words, the rest numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    labels: int = 1
    groups: tuple[tuple[str, int], ...] = ()
    """Titles over the header, each with the number of columns that it spans."""
    caption: str = ""
    query: str = ""
    """The command that gives all the numbers."""
    width: str = ""
    """`wide`: many columns of numbers, set smaller; `words`: columns of sentences."""


@dataclass(frozen=True)
class Figure:
    """A figure of one or more panels; its numbers are in them."""

    slug: str
    title: str
    paper: str
    """Figures of the paper that it corresponds to, or what it adds to them."""
    caption: str
    panels: tuple[Panel, ...]
    query: str = ""
    columns: int = 0
    """Panels side by side; 0 leaves it to the plot."""
    same_y: bool = False
    summary: Table | None = None
    """Fewer numbers than the panels hold, where these are too many to print."""


@dataclass(frozen=True)
class Text:
    """A paragraph; `kind` is plain, note, missing, good or bad."""

    text: str
    kind: str = "plain"
    command: str = ""
    """A command that the sentence ends with."""


@dataclass(frozen=True)
class Fold:
    """What a reader may skip."""

    title: str
    blocks: tuple["Block", ...]


Block = Text | Table | Figure | Fold


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    slug: str
    blocks: tuple[Block, ...] = ()
    parts: tuple["Section", ...] = ()


@dataclass(frozen=True)
class Report:
    """All of it."""

    title: str
    subtitle: str
    sections: tuple[Section, ...] = field(default=())
