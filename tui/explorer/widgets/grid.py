"""Virtualized tables: millions of rows cost no more than the visible ones."""

import asyncio
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from rich.cells import cell_len
from rich.text import Text
from textual.coordinate import Coordinate
from textual.message import Message
from textual.scrollbar import ScrollBar
from textual_fastdatatable import ArrowBackend, DataTable

from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.table_fields import Field as Field
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.grid_columns import BETWEEN, LARGEST, fitting, in_order, is_number, sort_key
from neurontui.tui.explorer.widgets.scroll_bar import StillScrollBar
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
        Binding("up,k", "cursor_up", "row", key_display="↑↓", tooltip="The row above"),
        Binding("down,j", "cursor_down", "down", show=False, tooltip="The row below"),
        Binding(
            "left,h",
            "cursor_left",
            "column",
            key_display="←→",
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
        Binding(
            "greater_than_sign",
            "sort(1)",
            "sort",
            key_display="< >",
            tooltip="Sort by the next column; after the last one, as before",
        ),
        Binding("less_than_sign", "sort(-1)", "sort", show=False, tooltip="Sort by the previous column"),
        Binding("R", "reverse", "reverse", show=False, tooltip="Sort the other way; a click on a header sorts, too"),
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

    class Searched(Message):
        """A search has ended."""

        def __init__(self, needle: str, found: bool) -> None:
            super().__init__()
            self.needle, self.found = needle, found

    class Sorted(Message):
        """The rows are in another order: that of a column, or of the query (None)."""

        def __init__(self, field: Field | None) -> None:
            super().__init__()
            self.field = field

    def __init__(self, *, id: str | None = None, cursor_type: str = "row", noun: str = "row") -> None:  # noqa: A002
        self.noun = noun
        """What a row is, in the last line."""
        super().__init__(
            id=id,
            data=pa.table({}),
            cursor_type=cursor_type,  # type: ignore[arg-type]
            render_markup=False,
            max_column_content_width=WIDEST,
            show_row_labels=False,
            null_rep="–",
        )
        self.source = pa.table({})
        """The rows in the order of the query."""
        self.table = self.source
        """The rows as they are shown."""
        self.fields: tuple[Field, ...] = ()
        """The columns that are shown."""
        self.order: tuple[str, bool] | None = None
        """Column that the rows are sorted by, and whether the largest come first; None for the order of the query."""
        self._all_fields: tuple[Field, ...] = ()
        self._fitting: list[int] = []
        self._natural: list[int] = []
        self.needle = ""
        self._widths: list[int] = []

    def show(self, table: pa.Table, fields: tuple[Field, ...] | None = None) -> None:
        """Replace the rows; without `fields`, show every column as it is. The order of the user stays."""
        self.source = table
        self._all_fields = fields or tuple(_plain_field(table, name) for name in table.column_names)
        if self.order is not None and self.order[0] not in table.column_names:
            self.order = None
        self._fill(self.cursor_coordinate.row)

    def _fill(self, row: int) -> None:
        """Show the columns that fit and the rows in order, with the cursor on a row."""
        self.table = self._in_order()
        fields = self._all_fields
        names = list(self.table.column_names)
        places = [names.index(field.column) for field in fields] if fields else []
        if [field.column for field in fields] == names:
            places = list(range(len(names)))  # results of SQL may have columns of the same name
        self._natural = [self._width(field, self.table.column(at)) for field, at in zip(fields, places, strict=True)]
        self._fitting = fitting(fields, self._natural, self._room)
        self.fields = tuple(fields[place] for place in self._fitting)
        self._widths = [self._natural[place] for place in self._fitting]
        self._set_data(self.table.select([places[place] for place in self._fitting]), row)

    def _set_data(self, data: pa.Table, row: int) -> None:
        self.backend = _Unmeasured(data)
        self.backend.render_markup = False
        self._column_labels = [Text(self._heading(field)) for field in self.fields]
        self._column_widths = self._stretched()
        self._ordered_columns = None
        self._clear_caches()
        self._update_count += 1
        self._require_update_dimensions = True
        self.move_cursor(row=min(row, max(data.num_rows - 1, 0)), animate=False)
        self.refresh(layout=True)

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scrollbar, made when it is first needed."""
        if self._vertical_scrollbar is None:
            bar = StillScrollBar(vertical=True, name="vertical", thickness=self.scrollbar_size_vertical)
            self._vertical_scrollbar = bar
            bar.display = False
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    @property
    def _room(self) -> int:
        """Cells for columns; all columns fit before the first layout."""
        return self.scrollable_content_region.width or 1 << 30

    def _heading(self, field: Field) -> str:
        """Title of a column, with the direction if the rows are in its order."""
        sign = "" if self.order is None or self.order[0] != field.column else " ▼" if self.order[1] else " ▲"
        return shorten(field.title, WIDEST) + sign

    def _stretched(self) -> list[int | None] | None:
        """Column widths; the stretching column takes the remaining width."""
        if not self._widths:
            return None
        fixed = sum(width + BETWEEN for width, field in self._pairs() if not field.stretch)
        room = max(self.scrollable_content_region.width - fixed - BETWEEN, 8)
        return [room if field.stretch else width for width, field in self._pairs()]

    def _pairs(self) -> list[tuple[int, Field]]:
        return list(zip(self._widths, self.fields, strict=True))

    def on_resize(self) -> None:
        """Fill the new width, with the columns that fit into it."""
        if self._fitting != fitting(self._all_fields, self._natural, self._room):
            self._fill(self.cursor_coordinate.row)
        elif self._widths and self._column_widths != self._stretched():
            self._column_widths = self._stretched()
            self._ordered_columns = None
            self._clear_caches()
            self._require_update_dimensions = True
            self.refresh(layout=True)

    # -- order --------------------------------------------------------------------------------------------------

    def _in_order(self) -> pa.Table:
        if self.order is None:
            return self.source
        column, descending = self.order
        try:
            return in_order(self.source, self.source.column_names.index(column), descending)
        except pa.ArrowException:
            self.order = None
            self.app.notify(f"Rows cannot be sorted by “{column}”.", severity="warning", markup=False)
            return self.source

    def sort_by(self, column: str | None, descending: bool = False) -> None:
        """Show the rows by a column, or in the order of the query, from the first row."""
        if self.source.num_rows > LARGEST:
            self.app.notify("Too many rows to sort here: use ORDER BY on the SQL screen.", severity="warning")
            return
        self.order = None if column is None else (column, descending)
        self._fill(0)
        self.post_message(self.Sorted(next((field for field in self.fields if field.column == column), None)))

    def action_sort(self, step: int) -> None:
        """The next column that is shown, then the order of the query; numbers begin with the largest."""
        columns = [None, *(field.column for field in self.fields if field.title.strip())]
        place = columns.index(self.order[0]) if self.order is not None and self.order[0] in columns else 0
        column = columns[(place + step) % len(columns)]
        self.sort_by(column, column is not None and self._begins_with_largest(column))

    def action_reverse(self) -> None:
        """The opposite order."""
        if self.order is None:
            self.action_sort(1)
        else:
            self.sort_by(self.order[0], not self.order[1])

    def on_data_table_header_selected(self, message: DataTable.HeaderSelected) -> None:
        """A click on a header sorts, another one reverses, a third one restores the order of the query."""
        message.stop()
        column = self.fields[message.column_index].column
        first = self._begins_with_largest(column)
        if self.order is None or self.order[0] != column:
            self.sort_by(column, first)
        elif self.order[1] == first:
            self.sort_by(column, not first)
        else:
            self.sort_by(None)

    def _begins_with_largest(self, column: str) -> bool:
        return is_number(sort_key(self.source.column(self.source.column_names.index(column))).type)

    def row_of(self, column: str, value: object) -> int | None:
        """The first row with a value; None if there is none."""
        if column not in self.table.column_names:
            return None
        place = pc.index(self.table.column(column), value).as_py()
        return place if place >= 0 else None

    def _width(self, field: Field, column: pa.ChunkedArray) -> int:
        """Width of a formatted column: whole numbers of every row fit; texts count by a sample."""
        texts = [self._heading(field), *(field.format(value) for value in _sample(column))]
        return max(cell_len(shorten(text, WIDEST)) for text in texts)

    def row_values(self, row: int | None = None) -> dict[str, Any]:
        """The row under the cursor (or another) by column name; empty if there is none."""
        index = self.cursor_coordinate.row if row is None else row
        if not 0 <= index < self.table.num_rows:
            return {}
        return {name: self.table.column(name)[index].as_py() for name in self.table.column_names}

    def _get_cell_renderable(self, row_index: int, column_index: int, max_width: int | None = None) -> Text:
        if row_index == -1:
            label = Text(self._heading(self.fields[column_index]), no_wrap=True, overflow="ellipsis")
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

    def key_label(self, action: str) -> str | None:
        """What the arrow keys move along."""
        if action == "cursor_left" and self.cursor_type == "row":
            return " "
        return self.noun if action == "cursor_up" else None

    def action_find(self) -> None:
        """Open the search."""
        self.post_message(self.SearchRequested(self))

    def seek(self, text: str) -> None:
        """Find while typing; the row under the cursor counts as well."""
        self.needle = text
        row = self.cursor_coordinate.row
        here = row < self.table.num_rows and any(text.casefold() in cell.casefold() for cell in self._texts(row))
        if not text or here:
            self.post_message(self.Searched(text, found=True))
        else:
            self.action_find_next(1)

    def action_find_next(self, step: int) -> None:
        """Go to the next row that contains the text, cyclically."""
        if not self.needle:
            self.action_find()
        else:
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
                    self.post_message(self.Searched(self.needle, found=True))
                    return
            await asyncio.sleep(0)
            if self.table is not table or self.cursor_coordinate.row != start:
                return
        self.post_message(self.Searched(self.needle, found=False))

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
    return Field(name, name, right=is_number(kind))
