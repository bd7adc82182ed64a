"""A table whose column of prompts is drawn as heat over their words."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from neurontui.tui.charts.builders.heat_text import HeatToken, heat_window, largest
from neurontui.tui.explorer.widgets.grid import WIDEST, Grid
from neurontui.tui.explorer.widgets.styled_text import palette_of

Input = tuple[int, str]
"""Example and language."""


class HeatGrid(Grid):
    """Rows with the columns example, language and prompt. A prompt without heat is drawn as in any table."""

    heat: Mapping[Input, Sequence[HeatToken]] = {}
    """Tokens of the inputs that have heat."""
    extent = 1.0
    """|A| of the strongest color, the same in all rows."""

    def warm(self, heat: Mapping[Input, Sequence[HeatToken]]) -> None:
        """Set the heat of the rows."""
        self.heat = heat
        self.extent = largest(token for tokens in heat.values() for token in tokens)
        self._clear_caches()
        self.refresh()

    def _get_cell_renderable(self, row_index: int, column_index: int, max_width: int | None = None) -> Text:
        if row_index >= 0 and self.fields[column_index].column == "prompt":
            row = self.row_values(row_index)
            if tokens := self.heat.get((row["example"], row["language"]), ()):
                return self._heated(tokens, max_width or WIDEST)
        return super()._get_cell_renderable(row_index, column_index, max_width)

    def _heated(self, tokens: Sequence[HeatToken], width: int) -> Text:
        palette = palette_of(self)
        text = Text(no_wrap=True, overflow="ellipsis")
        for span in heat_window(tokens, width, self.extent, palette):
            text.append(span.text, palette.style(span.ink, span.paper, span.bold))
        return text
