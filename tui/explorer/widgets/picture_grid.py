"""A table of neurons whose last column is a picture: a cell for each language."""

from rich.text import Text

from neurontui.tui.charts.builders.example_matrix import PICTURE, Columns, cell_spans, head_spans
from neurontui.tui.charts.spans import Spans
from neurontui.tui.explorer.widgets.grid import WIDEST, Grid
from neurontui.tui.explorer.widgets.styled_text import palette_of


class PictureGrid(Grid):
    """Rows of `example-matrix`; other rows are drawn as in any table."""

    columns_of = Columns()
    """The languages of the cells."""

    def picture(self, columns: Columns) -> None:
        """Set the languages of the cells, before the rows."""
        self.columns_of = columns

    def _get_cell_renderable(self, row_index: int, column_index: int, max_width: int | None = None) -> Text:
        if self.fields[column_index] is not PICTURE:
            return super()._get_cell_renderable(row_index, column_index, max_width)
        room = max_width or WIDEST
        if row_index < 0:
            return self._text(head_spans(self.columns_of, room))
        return self._text(cell_spans(self.row_values(row_index), self.columns_of, room, palette_of(self)))

    def _text(self, spans: Spans) -> Text:
        palette = palette_of(self)
        text = Text(no_wrap=True, overflow="crop")
        for span in spans:
            text.append(span.text, palette.style(span.ink, span.paper, span.bold))
        return text
