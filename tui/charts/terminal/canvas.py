"""A grid of character cells that charts draw into, and that becomes a widget's lines or plain text."""

from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from neurontui.tui.charts.palette import Palette


class Cell(NamedTuple):
    """One cell: a character with the roles of its ink and paper."""

    char: str = " "
    ink: str | None = None
    paper: str | None = None
    bold: bool = False


BLANK = Cell()


class Canvas:
    """Cells addressed by (x, y) from the top left; cells outside are ignored."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 0), max(height, 0)
        self.rows = [[BLANK] * self.width for _ in range(self.height)]

    def copy(self) -> "Canvas":
        """A canvas that looks the same."""
        other = Canvas(0, 0)
        other.width, other.height = self.width, self.height
        other.rows = [list(row) for row in self.rows]
        return other

    def put(
        self,
        x: int,
        y: int,
        char: str,
        ink: str | None = None,
        paper: str | None = None,
        bold: bool = False,
    ) -> None:
        """Set one cell."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.rows[y][x] = Cell(char, ink, paper, bold)

    def text(
        self,
        x: int,
        y: int,
        text: str,
        ink: str | None = None,
        paper: str | None = None,
        bold: bool = False,
    ) -> int:
        """Write from left to right, a wide character takes its second cell too; returns where the text ends."""
        for char in text:
            width = cell_len(char)
            self.put(x, y, char, ink, paper, bold)
            for extra in range(1, width):
                self.put(x + extra, y, "", ink, paper, bold)
            x += width
        return x

    def paste(self, other: "Canvas", x: int, y: int) -> None:
        """Put another canvas here."""
        for row, cells in enumerate(other.rows):
            for column, cell in enumerate(cells):
                self.put(x + column, y + row, *cell)

    def at(self, x: int, y: int) -> Cell:
        """The cell there, or a blank outside."""
        return self.rows[y][x] if 0 <= x < self.width and 0 <= y < self.height else BLANK

    def lines(self) -> list[str]:
        """Plain text, without the space at the ends of lines."""
        return ["".join(cell.char for cell in row).rstrip() for row in self.rows]

    def strips(self, palette: Palette) -> list[Strip]:
        """Lines for a widget; neighbours of one style share a segment, which keeps a redraw small."""
        return [_strip(row, palette) for row in self.rows]


def _strip(row: list[Cell], palette: Palette) -> Strip:
    segments: list[Segment] = []
    run, text = None, ""
    for char, ink, paper, bold in row:
        if char == " " and run is not None and paper == run[1] and text[-1:] < "⠀":
            text += char  # no ink shows: it takes the style of words; curves stay apart, whose glyphs may be wider
            continue
        style = (ink if char != " " else None, paper, bold)
        if style != run and text:
            segments.append(Segment(text, palette.style(*run)))  # type: ignore[misc]
            text = ""
        run, text = style, text + char
    if text:
        segments.append(Segment(text, palette.style(*run)))  # type: ignore[misc]
    return Strip(segments, len(row))
