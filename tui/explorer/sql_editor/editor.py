"""The SQL editor: colors, history at the first and the last line, and messages for its keys."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import TextArea

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.sql_editor.sql_text import tokens
from neurontui.tui.explorer.widgets.styled_text import palette_of

_ROLES = {
    "keyword": ("first", True),
    "function": ("fourth", False),
    "string": ("third", False),
    "number": ("second", False),
    "comment": ("dim", False),
}
_HIDDEN = {**{code: 0x2400 + code for code in range(0x20)}, 0x7F: 0x2421}
_HIDDEN |= dict.fromkeys(
    [*range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    0xFFFD,
)


INDENT = 4
"""Spaces that tab inserts."""
LONGEST_COLORED = 100_000
"""Characters; longer texts have no colors, so that typing stays fast."""
Colored = tuple[str, int, int]
"""A token within a line: kind, first column, column after the last."""


def colored_by_line(text: str) -> dict[int, list[Colored]]:
    """The tokens with a color by line; a comment over several lines is a token in each."""
    by_line: dict[int, list[Colored]] = defaultdict(list)
    starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    for token in tokens(text):
        if token.kind in _ROLES:
            first, last = (
                bisect_right(starts, token.start) - 1,
                bisect_right(starts, max(token.end - 1, token.start)) - 1,
            )
            for line in range(first, last + 1):
                by_line[line].append((token.kind, max(token.start - starts[line], 0), token.end - starts[line]))
    return by_line


class Editor(TextArea):
    """A text area for SQL."""

    HELP: ClassVar[str] = "In the editor"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f5,ctrl+r,ctrl+j",
            "run",
            "run",
            key_display="ctrl+r",
            tooltip="Run the statement under the cursor",
        ),
        Binding("ctrl+g", "explain", "explain", tooltip="Show DuckDB's query plan"),
        Binding(
            "tab",
            "complete",
            "complete",
            tooltip="Insert the completion; without one, indent",
        ),
        Binding("shift+tab", "dedent", "dedent", show=False, tooltip="Indent the line less"),
        Binding(
            "escape",
            "leave",
            "leave",
            key_display="esc",
            tooltip="Close completions; stop the query; leave the editor",
        ),
        Binding("up", "up", "history", show=False, tooltip="Up; in the first line, the previous statement"),
        Binding(
            "down",
            "down",
            "history",
            show=False,
            tooltip="Down; in the last line, the next statement",
        ),
    ]

    class KeyPressed(Message):
        """A key of the editor: run, explain, complete, leave, older, newer."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__(
            id="editor",
            soft_wrap=True,
            show_line_numbers=True,
            highlight_cursor_line=False,
            compact=True,
        )
        self.cursor_blink = False
        self._tokens_of: str | None = None
        self._tokens: Mapping[int, Sequence[Colored]] = {}
        self.typing = False
        """Whether the last change was typed, letter by letter."""
        self.bad_line: int | None = None
        """The line (from 0) of DuckDB's error, which is marked."""

    def get_line(self, line_index: int) -> Text:
        """A line with colors; control characters are replaced by visible ones."""
        raw = self.document.get_line(line_index)
        text = Text(raw.translate(_HIDDEN), end="", no_wrap=True)
        palette = palette_of(self)
        for kind, start, end in self._colored().get(line_index, ()):
            role, bold = _ROLES[kind]
            text.stylize(palette.style(role, None, bold), start, end)
        if line_index == self.bad_line:
            text.stylize(Style(underline=True) + palette.style("bad", None, True))
        return text

    def _colored(self) -> Mapping[int, Sequence[Colored]]:
        """The tokens with a color by line, computed once for each text."""
        text = "\n".join(self.document.lines)
        if text != self._tokens_of:
            self._tokens_of = text
            self._tokens = colored_by_line(text) if len(text) <= LONGEST_COLORED else {}
        return self._tokens

    @property
    def offset_in_text(self) -> int:
        """The cursor as a number of characters from the start."""
        row, column = self.cursor_location
        return sum(len(self.document.get_line(i)) + 1 for i in range(row)) + column

    def mark(self, line: int | None) -> None:
        """Mark a line as erroneous; None removes the mark."""
        if line != self.bad_line:
            self.bad_line = line
            self.notify_style_update()
            self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("tab", "shift+tab", "escape"):  # bindings of this class, not of the text area
            return
        self.typing = event.is_printable or event.key == "backspace"
        await super()._on_key(event)

    def action_run(self) -> None:
        """Run the statement."""
        self.post_message(self.KeyPressed("run"))

    def action_explain(self) -> None:
        """Show the query plan."""
        self.post_message(self.KeyPressed("explain"))

    def action_complete(self) -> None:
        """Insert the completion."""
        self.post_message(self.KeyPressed("complete"))

    def indent(self) -> None:
        """Spaces up to the next multiple of four columns."""
        self.insert(" " * (INDENT - self.cursor_location[1] % INDENT))

    def action_dedent(self) -> None:
        """Up to four spaces less at the beginning of the line."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        less = min(len(line) - len(line.lstrip(" ")), INDENT)
        self.delete((row, 0), (row, less))
        self.move_cursor((row, max(column - less, 0)))

    def action_leave(self) -> None:
        """Leave the editor."""
        self.post_message(self.KeyPressed("leave"))

    def action_up(self) -> None:
        """Up, or back in the history."""
        if self.cursor_at_first_line:
            self.post_message(self.KeyPressed("older"))
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        """Down, or forward in the history."""
        if self.cursor_at_last_line:
            self.post_message(self.KeyPressed("newer"))
        else:
            self.action_cursor_down()
