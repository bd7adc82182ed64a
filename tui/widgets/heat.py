"""A matrix of numbers on coloured cells, with a cursor."""

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from neurontui.tui.charts.model import Matrix, Value
from neurontui.tui.charts.palette import ink_on, shade
from neurontui.tui.clean import fit
from neurontui.tui.widgets.paint import Part, strip_of
from neurontui.tui.widgets.sheet import palette_of


class Heat(Widget, can_focus=True):
    """Draws a `Matrix`. Its window follows the cursor where not every column fits."""

    DEFAULT_CSS = "Heat { width: 1fr; height: auto; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "row", key_display="↑↓", tooltip="The row above"),
        Binding("down,j", "move(1, 0)", "row", show=False, tooltip="The row below"),
        Binding("left,h", "move(0, -1)", "column", show=False, tooltip="The column before"),
        Binding("right,l", "move(0, 1)", "column", show=False, tooltip="The next column"),
        Binding("g,home", "row(0)", "first row", show=False, tooltip="The first row"),
        Binding("G,end", "row(-1)", "last row", show=False, tooltip="The last row"),
    ]

    class Moved(Message):
        """The cursor stands on another cell."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.matrix = Matrix("", (), (), ())
        self.row = 0
        self.column = 0
        self._left = 0

    def show(self, matrix: Matrix) -> None:
        """Set what to draw; the cursor stays where it can."""
        if matrix == self.matrix:
            return
        taller = len(matrix.rows) != len(self.matrix.rows)
        self.matrix = matrix
        self.row = min(self.row, max(len(matrix.rows) - 1, 0))
        self.column = min(self.column, max(len(matrix.columns) - 1, 0))
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for the column names and one a row."""
        return 1 + len(self.matrix.rows)

    def render_line(self, y: int) -> Strip:
        """The column names, or a row."""
        width = self.content_size.width
        if not self.matrix.rows or y > len(self.matrix.rows):
            return Strip.blank(width, self.rich_style)
        start, end = self._window(width)
        parts = self._head(start, end) if y == 0 else self._row(y - 1, start, end)
        return strip_of(parts, width, palette_of(self), self.rich_style)

    def _window(self, width: int) -> tuple[int, int]:
        count = max((width - self._label_width - 1) // self._cell_width, 1)
        if self.column < self._left:
            self._left = self.column
        if self.column >= self._left + count:
            self._left = self.column - count + 1
        self._left = max(min(self._left, len(self.matrix.columns) - count), 0)
        return self._left, min(self._left + count, len(self.matrix.columns))

    @property
    def _label_width(self) -> int:
        return max((min(cell_len(name), 16) for name in self.matrix.rows), default=2) + 1

    @property
    def _cell_width(self) -> int:
        widest = max((min(cell_len(name), 8) for name in self.matrix.columns), default=2)
        return max(widest + 2, 5)

    def _head(self, start: int, end: int) -> list[Part]:
        parts = [Part(fit("‹" if start else "", self._label_width, "right"), "dim")]
        for index in range(start, end):
            here = index == self.column
            name = fit(self.matrix.columns[index], self._cell_width - 1, "right") + " "
            parts.append(Part(name, "text" if here else "dim", bold=here))
        return [*parts, Part("›" if end < len(self.matrix.columns) else "", "dim")]

    def _row(self, row: int, start: int, end: int) -> list[Part]:
        here = row == self.row
        name = fit(self.matrix.rows[row], self._label_width - 1, "right") + " "
        extent = self.matrix.extent()
        cells = [self._cell(row, column, extent) for column in range(start, end)]
        return [Part(name, "text" if here else "dim", bold=here), *cells]

    def _cell(self, row: int, column: int, extent: tuple[float, float]) -> Part:
        value = self.matrix.values[row][column]
        skipped = self.matrix.skip_diagonal and row == column
        text = self._text(value, skipped)
        under = (row, column) == (self.row, self.column)
        if under:
            marked = (
                f"[{text.strip()}]" if len(text.strip()) + 2 <= self._cell_width else text.strip()
            )
            text = marked.rjust(self._cell_width)
        if value is None or skipped or palette_of(self).textured:
            return Part(text, "dim" if skipped else "text", bold=under, reverse=under)
        paper = shade(value, extent, self.matrix.diverging)
        return Part(text, ink_on(paper), paper, under)

    def _text(self, value: Value, skipped: bool) -> str:
        if skipped:
            return "· ".rjust(self._cell_width)
        digits = (
            0
            if self._cell_width < 6 and self.matrix.extent()[1] >= 10 and not self.matrix.diverging
            else 1
        )
        word = (
            "–"
            if value is None
            else f"{value:+.{digits}f}"
            if self.matrix.diverging
            else f"{value:.{digits}f}"
        )
        return (word + " ").rjust(self._cell_width)

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self._go(self.row + rows, self.column + columns)

    def action_row(self, row: int) -> None:
        """Move the cursor to the first or last row."""
        self._go(row if row >= 0 else len(self.matrix.rows) - 1, self.column)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse."""
        if event.y >= 1:
            self._go(event.y - 1, self._left + (event.x - self._label_width) // self._cell_width)

    def _go(self, row: int, column: int) -> None:
        row = min(max(row, 0), max(len(self.matrix.rows) - 1, 0))
        column = min(max(column, 0), max(len(self.matrix.columns) - 1, 0))
        if (row, column) != (self.row, self.column):
            self.row, self.column = row, column
            self.refresh()
            self.post_message(self.Moved(row, column))
