"""A notice in place of missing data: why they are missing, and how to get them."""

import textwrap

from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class Notice(StyledText):
    """A heading and a few sentences in an otherwise empty pane."""

    DEFAULT_CSS = "Notice { height: auto; padding: 1 2; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._head = ""
        self._sentences: tuple[str, ...] = ()

    def say(self, head: str, *sentences: str) -> None:
        """Set the words."""
        self._head, self._sentences = head, sentences
        self.renew()

    def make(self, width: int) -> list[Spans]:
        """A heading and wrapped sentences."""
        lines: list[Spans] = [[Span(self._head, "second", bold=True)]] if self._head else []
        for sentence in self._sentences:
            lines += [
                [],
                *([Span(line, "text")] for line in textwrap.wrap(sentence, max(min(width, 72), 20))),
            ]
        return lines
