"""The input line of the search."""

from typing import ClassVar

from textual.widgets import Input

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.grid import Grid


class SearchBar(Input):
    """Opens with `/` and finds while typing; enter and esc close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, tooltip="Close the search")
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="find in the table; then n and N", id="finder", compact=True)
        self.cursor_blink = False
        self._grid: Grid | None = None

    def open(self, grid: Grid) -> None:
        """Search a table."""
        self._grid = grid
        self.display = True
        self.value = ""
        self.focus()

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
