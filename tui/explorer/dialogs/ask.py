"""A dialog that asks for one line of text."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import StyledText, title


class Ask(ModalScreen[str | None]):
    """Enter returns the text, esc returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", tooltip="Close without an answer")]

    def __init__(self, heading: str, hint: str) -> None:
        super().__init__(classes="dialog")
        self._heading, self._hint = heading, hint

    def compose(self) -> ComposeResult:
        """Heading and input."""
        with Vertical(classes="panel"):
            heading = StyledText(classes="heading")
            heading.show([title(self._heading)])
            yield heading
            line = Input(placeholder=self._hint, compact=True)
            line.cursor_blink = False
            yield line

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Return the text."""
        self.dismiss(message.value)
