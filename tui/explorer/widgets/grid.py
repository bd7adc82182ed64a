"""Virtualized tables: millions of rows cost no more than the visible ones."""

import asyncio
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from rich.cells import cell_len
from rich.text import Text
from textual.coordinate import Coordinate
from textual.message import Message
from textual_fastdatatable import ArrowBackend, DataTable

from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.table_fields import Field as Field
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.veil import Veil

WIDEST = 60
"""Maximum width of a column in cells."""
PIECE = 500
"""Rows that are searched at a time: a few hundredths of a second."""
SAMPLE = 200
"""Rows from which column widths are computed."""


class _Unmeasured(ArrowBackend):
    """Rows whose widths are not measured, which would read all values before the first paint."""

    @property
    def column_content_widths(self) -> list[int]:
        """Zeros; the grid computes widths from a sample."""
        return [0] * len(self.columns)


class Grid(Veil, DataTable):
    """A table of Arrow data with vi keys and search. Stored text is cleaned when drawn, never parsed as markup."""

    HELP: ClassVar[str] = "In tables"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "up", show=False, tooltip="The row above"),
        Binding("down,j", "cursor_down", "down", show=False, tooltip="The row below"),
        Binding(
            "left,h",
            "cursor_left",
            "left",
            show=False,
            tooltip="The previous column; with a row cursor, scroll left",
        ),
        Binding(
            "right,l",
            "cursor_right",
            "right",
            show=False,
            tooltip="The next column; with a row cursor, scroll right",
        ),
        Binding("pageup", "page_up", "page up", show=False, tooltip="A page up"),
        Binding("pagedown", "page_down", "page down", show=False, tooltip="A page down"),
        Binding("home,g", "scroll_home", "top", show=False, tooltip="The first row"),
        Binding("end,G", "scroll_end", "bottom", show=False, tooltip="The last row"),
        Binding(
            "slash",
            "find",
            "find",
            key_display="/",
            tooltip="Find text in the table; n and N go to the next and the previous match",
        ),
        Binding("n", "find_next(1)", "next", show=False, tooltip="The next match"),
        Binding("N", "find_next(-1)", "previous", show=False, tooltip="The previous match"),
        Binding("tab", "app.focus_next", "next pane", show=False, tooltip="The next pane"),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "previous pane",
            show=False,
            tooltip="The previous pane",
        ),
    ]

    class SearchRequested(Message):
        """The user wants to search."""

        def __init__(self, grid: "Grid") -> None:
            super().__init__()
            self.grid = grid

    def __init__(self, *, id: str | None = None, cursor_type: str = "row") -> None:  # noqa: A002 - Textual's own word
        super().__init__(
            id=id,
            data=pa.table({}),
            cursor_type=cursor_type,  # type: ignore[arg-type]
            render_markup=False,
            max_column_content_width=WIDEST,
            show_row_labels=False,
            null_rep="–",
        )
        self.table = pa.table({})
        self.fields: tuple[Field, ...] = ()
        self.needle = ""
        self._widths: list[int] = []

    def show(self, table: pa.Table, fields: tuple[Field, ...] | None = None) -> None:
        """Replace the rows; without `fields`, show every column as it is."""
        self.fields = fields or tuple(_plain_field(table, name) for name in table.column_names)
        self.table = table
        data = table.select([field.column for field in self.fields]) if fields else table
        row = self.cursor_coordinate.row
        self.backend = _Unmeasured(data)
        self.backend.render_markup = False
        self._column_labels = [Text(shorten(field.title, WIDEST)) for field in self.fields]
        self._widths = [self._width(data, index) for index in range(len(self.fields))]
        self._column_widths = self._stretched()
        self._ordered_columns = None
        self._clear_caches()
        self._update_count += 1
        self._require_update_dimensions = True
        self.move_cursor(row=min(row, max(data.num_rows - 1, 0)), animate=False)
        self.refresh(layout=True)

    def _stretched(self) -> list[int | None] | None:
        """Column widths; the stretching column takes the remaining width."""
        if not self._widths:
            return None
        fixed = sum(width + 2 for width, field in self._pairs() if not field.stretch)
        room = max(self.scrollable_content_region.width - fixed - 2, 8)
        return [room if field.stretch else width for width, field in self._pairs()]

    def _pairs(self) -> list[tuple[int, Field]]:
        return list(zip(self._widths, self.fields, strict=True))

    def on_resize(self) -> None:
        """Fill the new width."""
        if self._widths and self._column_widths != self._stretched():
            self._column_widths = self._stretched()
            self._ordered_columns = None
            self._clear_caches()
            self._require_update_dimensions = True
            self.refresh(layout=True)

    def _width(self, data: pa.Table, index: int) -> int:
        """Width of a formatted column: whole numbers of every row fit; texts count by a sample."""
        field = self.fields[index]
        texts = [field.title, *(field.format(value) for value in _sample(data.column(index)))]
        return max(cell_len(shorten(text, WIDEST)) for text in texts)

    def row_values(self, row: int | None = None) -> dict[str, Any]:
        """The row under the cursor (or another) by column name; empty if there is none."""
        index = self.cursor_coordinate.row if row is None else row
        if not 0 <= index < self.table.num_rows:
            return {}
        return {name: self.table.column(name)[index].as_py() for name in self.table.column_names}

    def _get_cell_renderable(self, row_index: int, column_index: int, max_width: int | None = None) -> Text:
        if row_index == -1:
            label = Text(shorten(self.fields[column_index].title, WIDEST), no_wrap=True, overflow="ellipsis")
            label.justify = "right" if self.fields[column_index].right else "left"
            return label
        field = self.fields[column_index]
        value = self.get_cell_at(Coordinate(row_index, column_index))
        text = Text(
            shorten(field.format(value), 1 + (max_width or WIDEST)),
            no_wrap=True,
            overflow="ellipsis",
        )
        text.justify = "right" if field.right else "left"
        return text

    def _set_tooltip_from_cell_at(self, coordinate: Coordinate) -> None:
        """No tooltips: they would show stored text without cleaning."""

    def action_find(self) -> None:
        """Open the search."""
        self.post_message(self.SearchRequested(self))

    def seek(self, text: str) -> None:
        """Find while typing; the row under the cursor counts as well."""
        self.needle = text
        row = self.cursor_coordinate.row
        if text and not any(text.casefold() in cell.casefold() for cell in self._texts(row)):
            self.action_find_next(1)

    def action_find_next(self, step: int) -> None:
        """Go to the next row that contains the text, cyclically."""
        if self.needle and self.table.num_rows:
            self.run_worker(self._find(step), group="find", exclusive=True, exit_on_error=False)

    async def _find(self, step: int) -> None:
        """Search in pieces, so that keys work meanwhile; a moved cursor or other rows end the search."""
        table, start, count = self.table, self.cursor_coordinate.row, self.table.num_rows
        needle = self.needle.casefold()
        for first in range(1, count + 1, PIECE):
            for offset in range(first, min(first + PIECE, count + 1)):
                row = (start + step * offset) % count
                if any(needle in text.casefold() for text in self._texts(row)):
                    self.move_cursor(row=row, animate=False)
                    return
            await asyncio.sleep(0)
            if self.table is not table or self.cursor_coordinate.row != start:
                return
        self.app.bell()

    def _texts(self, row: int) -> list[str]:
        return [field.format(self.table.column(field.column)[row].as_py()) for field in self.fields]


def _sample(column: pa.ChunkedArray) -> list[Any]:
    """Values for the width of a column: the first rows, a sample of the others, and extremes of whole numbers."""
    values: list[Any] = column.slice(0, SAMPLE).to_pylist()
    if len(column) > SAMPLE:
        step = -(-len(column) // SAMPLE)
        values += [column[row].as_py() for row in range(0, len(column), step)]  # take() copies the whole column
        if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
            values += pc.min_max(column).as_py().values()
    return values


def _plain_field(table: pa.Table, name: str) -> Field:
    kind = table.schema.field(name).type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return Field(name, name, right=number)
