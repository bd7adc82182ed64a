"""The line of the search: what is searched for, and whether a row contains it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span


class SearchBar(Horizontal):
    """Opens with `/` and finds while typing; enter and esc close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, tooltip="Close the search")
    ]

    def __init__(self) -> None:
        super().__init__(id="search")
        self._grid: Grid | None = None

    def compose(self) -> ComposeResult:
        """The input, and the outcome beside it."""
        line = Input(placeholder="find in the table; then n and N", id="finder", compact=True)
        line.cursor_blink = False
        yield line
        yield StyledText(id="matches")

    def open(self, grid: Grid) -> None:
        """Search a table."""
        self._grid = grid
        self.display = True
        self.query_one(Input).value = ""
        self.query_one(Input).focus()
        self.report("", found=True)

    def report(self, needle: str, found: bool) -> bool:
        """Say if no row matches; returns whether the line is open."""
        words = "" if found else f"no row contains “{needle}”"
        self.query_one("#matches", StyledText).show([[Span(words, "bad")]])
        return bool(self.display)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Find while typing."""
        message.stop()
        if self._grid is not None and self.display:
            self._grid.seek(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Close the search."""
        message.stop()
        self.action_close()

    def action_close(self) -> None:
        """Close and focus the table."""
        self.display = False
        if self._grid is not None:
            self._grid.focus()
