"""A heatmap with numbers in its cells and a cursor that stays visible."""

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from neurontui.tui.charts.model import Matrix
from neurontui.tui.charts.palette import ink_on, shade
from neurontui.tui.common.sanitize import fit, shorten
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import palette_of
from neurontui.tui.explorer.widgets.text_lines import Span, strip_of
from neurontui.tui.explorer.widgets.veil import Veil

LONGEST_LABEL = 24


class Heat(Veil, Widget, can_focus=True):
    """Draws a `Matrix`, or the rows and columns around the cursor if it does not fit."""

    DEFAULT_CSS = "Heat { width: 1fr; height: auto; }"

    HELP: ClassVar[str] = "In the heatmap"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "row", key_display="↑↓", tooltip="The row above"),
        Binding("down,j", "move(1, 0)", "row", show=False, tooltip="The row below"),
        Binding("left,h", "move(0, -1)", "column", key_display="←→", tooltip="The previous column"),
        Binding("right,l", "move(0, 1)", "column", show=False, tooltip="The next column"),
        Binding("g,home", "row(0)", "first row", show=False, tooltip="The first row"),
        Binding("G,end", "row(-1)", "last row", show=False, tooltip="The last row"),
    ]

    class Moved(Message):
        """The cursor is on another cell."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.matrix = Matrix("", (), (), ())
        self.axes = ("row", "column")
        self.row = 0
        self.column = 0
        self._wanted: int | None = None
        """The column that the cursor left because it met the diagonal."""
        self._widest = 0
        """Cells of the longest value."""
        self._rows: list[str] = []
        self._names: list[str] = []
        self._extent = (0.0, 1.0)
        self._left = 0
        self._top = 0

    def show(self, matrix: Matrix) -> None:
        """Set what to draw; the cursor stays inside."""
        if matrix == self.matrix:
            return
        taller = len(matrix.rows) != len(self.matrix.rows) and self.styles.is_auto_height
        self.matrix, self._extent = matrix, matrix.extent()
        self._rows = [shorten(name, LONGEST_LABEL) for name in matrix.rows]
        self._names = [shorten(name, 8) for name in matrix.columns]
        self._widest = max((len(matrix.text(row, column)) for row, column, _ in matrix.cells()), default=0)
        self.row = min(self.row, max(len(matrix.rows) - 1, 0))
        self.column = min(self.column, max(len(matrix.columns) - 1, 0))
        self.column = self._beside_diagonal(self.row, self.column)
        self.refresh(layout=taller)

    def name_axes(self, rows: str, columns: str) -> None:
        """Set what the rows and the columns are, for the last line."""
        if (rows, columns) != self.axes:
            self.axes = rows, columns
            self.screen.refresh_bindings()

    def key_label(self, action: str) -> str | None:
        """What the arrow keys move along."""
        return self.axes[action.endswith(("(0, -1)", "(0, 1)"))] if action.startswith("move") else None

    def point(self, row: int, column: int) -> None:
        """Put the cursor on a cell without a message."""
        if (row, column) != (self.row, self.column):
            row = min(max(row, 0), max(len(self.matrix.rows) - 1, 0))
            column = min(max(column, 0), max(len(self.matrix.columns) - 1, 0))
            self._move(row, self._beside_diagonal(row, column))

    def _beside_diagonal(self, row: int, column: int) -> int:
        """The column itself, or its neighbor where the diagonal has no values."""
        if not self.matrix.skip_diagonal or row != column:
            return column
        return column + 1 if column + 1 < len(self.matrix.columns) else max(column - 1, 0)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Width of all columns."""
        return self._label_width + self._cell_width * len(self.matrix.columns) + 1

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for the column names and one for each row."""
        return 1 + len(self.matrix.rows)

    def render_line(self, y: int) -> Strip:
        """The column names, or a row."""
        width = self.content_size.width
        start, end = self._columns(width)
        row = self._first_row() + y - 1
        if not self.matrix.rows or row >= len(self.matrix.rows):
            return Strip.blank(width, self.rich_style)
        parts = self._head(start, end) if y == 0 else self._row(row, start, end)
        return strip_of(parts, width, palette_of(self), self.rich_style)

    def _columns(self, width: int) -> tuple[int, int]:
        count = max((width - self._label_width - 1) // self._cell_width, 1)
        self._left = _window(self._left, self.column, count, len(self.matrix.columns))
        return self._left, min(self._left + count, len(self.matrix.columns))

    def _first_row(self) -> int:
        count = max(self.content_size.height - 1, 1)
        self._top = _window(self._top, self.row, count, len(self.matrix.rows))
        return self._top

    @property
    def _label_width(self) -> int:
        return max(map(cell_len, self._rows), default=2) + 1

    @property
    def _cell_width(self) -> int:
        least = 1 + max(4, self._widest, *map(cell_len, self._names))
        room = (self.content_size.width - self._label_width - 1) // max(len(self._names), 1)
        return min(max(least, room), 9)

    def _head(self, start: int, end: int) -> list[Span]:
        parts = [Span(fit("‹" if start else "", self._label_width, "right"), "dim")]
        for index in range(start, end):
            here = index == self.column
            name = fit(self._names[index], self._cell_width - 1, "right") + " "
            parts.append(Span(name, "text" if here else "dim", bold=here))
        return [*parts, Span("›" if end < len(self.matrix.columns) else "", "dim")]

    def _row(self, row: int, start: int, end: int) -> list[Span]:
        here = row == self.row
        name = fit(self._rows[row], self._label_width - 1, "right") + " "
        width = self._cell_width
        cells = [self._cell(row, column, width) for column in range(start, end)]
        return [Span(name, "text" if here else "dim", bold=here), *cells]

    def _cell(self, row: int, column: int, width: int) -> Span:
        tint = self.matrix.tint(row, column)
        skipped = self.matrix.skip_diagonal and row == column
        text = self._text(row, column, skipped, width) + self.matrix.mark(row, column)
        under = self.has_focus and (row, column) == (self.row, self.column)
        palette = palette_of(self)
        if under or tint is None or skipped or palette.textured:
            return Span(text, "dim" if skipped else "text", bold=under, reverse=under)
        paper = shade(tint, self._extent, self.matrix.diverging, palette)
        return Span(text, ink_on(paper), paper)

    def _text(self, row: int, column: int, skipped: bool, width: int) -> str:
        if skipped:
            return "·".rjust(width - 1)
        return self.matrix.text(row, column).rjust(width - 1)

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor; past the diagonal where that has no values, and back to the column one came from."""
        row, column = self.row + rows, self.column + columns
        if columns and self.matrix.skip_diagonal and row == column:
            column += columns
            if not 0 <= column < len(self.matrix.columns):
                return
        self._go(row, self._wanted if rows and self._wanted is not None else column)

    def action_row(self, row: int) -> None:
        """Move the cursor to the first or last row."""
        self._go(row if row >= 0 else len(self.matrix.rows) - 1, self.column)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse."""
        if event.y >= 1:
            column = self._left + (event.x - self._label_width) // self._cell_width
            self._go(self._top + event.y - 1, column)

    def _go(self, row: int, column: int) -> None:
        row = min(max(row, 0), max(len(self.matrix.rows) - 1, 0))
        column = min(max(column, 0), max(len(self.matrix.columns) - 1, 0))
        wanted, column = column, self._beside_diagonal(row, column)
        if (row, column) != (self.row, self.column):
            self._move(row, column)
            self.post_message(self.Moved(row, column))
        self._wanted = wanted if wanted != column else None

    def _move(self, row: int, column: int) -> None:
        """Move the cursor and draw the lines that change, or all if the window moves."""
        before = (self.row, self._top, self._left)
        self.row, self.column = row, column
        self._columns(self.content_size.width)
        if before[1:] != (self._first_row(), self._left):
            self.refresh()
            return
        for line in {0, before[0] - self._top + 1, row - self._top + 1}:
            self.refresh(Region(self.gutter.left, self.gutter.top + line, self.content_size.width, 1))


def _window(first: int, cursor: int, count: int, total: int) -> int:
    """The first of `count` visible items of `total`, with the cursor among them."""
    first = min(first, cursor)
    if cursor >= first + count:
        first = cursor - count + 1
    return max(min(first, total - count), 0)
