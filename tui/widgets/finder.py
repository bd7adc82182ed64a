"""The line in which one types what to find."""

from typing import ClassVar

from textual.message import Message
from textual.widgets import Input

from neurontui.tui.keys import Binding, BindingType


class Finder(Input):
    """Opens at `/`; finds as one types, enter keeps the place, esc closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, tooltip="Close the search")
    ]

    class Closed(Message):
        """The reader is done typing."""

    def __init__(self) -> None:
        super().__init__(placeholder="find in the table, then n and N", id="finder", compact=True)
        self.cursor_blink = False

    def action_close(self) -> None:
        """Back to the table."""
        self.post_message(self.Closed())
