"""What a report is made of, whatever its format: sections of sentences, tables and figures.

All text is as stored, hostile or not: `markdown`, `html` and the figure renderer make it harmless where they write it.
"""

from dataclasses import dataclass, field

from neurontui.tui.charts.model import Panel


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `strong` is bold, `aside` a published number beside ours."""

    text: str
    strong: bool = False
    aside: bool = False
    link: str = ""
    """Anchor of what the cell links to."""


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
    slug: str = ""
    """Its anchor, if something links to it."""


@dataclass(frozen=True)
class Figure:
    """A figure of one or more charts, which hold its numbers."""

    slug: str
    title: str
    paper: str
    """Figures of the paper that it corresponds to, or what it adds to them."""
    caption: str
    panels: tuple[Panel, ...]
    query: str = ""
    columns: int = 0
    """Panels side by side; 0 lets the renderer choose."""
    same_y: bool = False
    summary: Table | None = None
    """Fewer numbers than the panels hold, where these are too many to print."""


@dataclass(frozen=True)
class Text:
    """A paragraph; `kind` is plain, finding, note, missing, good or bad."""

    text: str
    kind: str = "plain"
    command: str = ""
    """A command that the sentence ends with."""


@dataclass(frozen=True)
class Fold:
    """Blocks that are folded away."""

    title: str
    blocks: tuple["Block", ...]


Block = Text | Table | Figure | Fold


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

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
