"""One line for the prompt in one language, which may hold line breaks and anything that a results file holds."""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Input

from neurontui.tui.explorer.keymap import Binding, BindingType

_SHOWN: dict[int, int] = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, 0x2028, 0x2029], 0xFFFD),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)], 0xFFFD),
}
"""Characters that a terminal would act on, and what is drawn instead: one for one, so that the cursor stays right."""


class PromptInput(Input):
    """The prompt in one language. The value is the prompt itself; only what is drawn is cleaned."""

    HELP: ClassVar[str] = "In a prompt"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "ask", tooltip="Ask the model"),
        Binding("up", "neighbor(-1)", "language", key_display="↑↓", tooltip="The prompt in the previous language"),
        Binding("down", "neighbor(1)", "language", show=False, tooltip="The prompt in the next language"),
        Binding("escape", "leave", "leave", key_display="esc", tooltip="Stop a question; leave the prompts"),
    ]

    class Left(Message):
        """The keys are for the screen again."""

    class Moved(Message):
        """To a neighboring language."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, language: str) -> None:
        super().__init__(compact=True, select_on_focus=False, classes="prompt")
        self.language = language
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        return Text(self.value.translate(_SHOWN), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return Text(self.value[:position].translate(_SHOWN)).cell_len

    def _on_paste(self, event: events.Paste) -> None:
        """All lines of a paste, not only the first one."""
        event.prevent_default()
        event.stop()
        self.replace(event.text.replace("\r\n", "\n").replace("\r", "\n"), *self.selection)

    def on_mount(self) -> None:
        """The end of a long prompt is what an answer continues."""
        self.call_after_refresh(self.fill, self.value)

    def fill(self, text: str) -> None:
        """Another prompt, seen from its end."""
        self.value = text
        self.cursor_position = 0  # the same position again would not scroll
        self.cursor_position = len(text)

    def action_leave(self) -> None:
        """Leave the prompts."""
        self.post_message(self.Left())

    def action_neighbor(self, step: int) -> None:
        """The prompt above or below."""
        self.post_message(self.Moved(step))
