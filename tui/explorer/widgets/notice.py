"""A notice in place of missing data: why they are missing, how to get them, and where enter goes."""

import textwrap
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class Step(NamedTuple):
    """Where a notice points: in words, and what goes there."""

    words: str
    go: Callable[[], object]


class Notice(StyledText):
    """A heading and a few sentences in an otherwise empty pane."""

    DEFAULT_CSS = "Notice { height: auto; padding: 1 2; }"

    HELP: ClassVar[str] = "In a notice"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "follow", "go there", tooltip="Go where the notice points")
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._head = ""
        self._sentences: tuple[str, ...] = ()
        self._step: Step | None = None

    def say(self, head: str, *sentences: str, step: Step | None = None) -> None:
        """Set the words, and where enter goes; without that, the notice takes no focus."""
        self._head, self._sentences, self._step = head, sentences, step
        self.can_focus = step is not None
        self.renew()

    def make(self, width: int) -> list[Spans]:
        """A heading, wrapped sentences, and where enter goes."""
        lines: list[Spans] = [[Span(self._head, "second", bold=True)]] if self._head else []
        for sentence in self._sentences:
            lines += [[], *([Span(line, "text")] for line in _wrapped(sentence, width))]
        if self._step is not None:
            first, *rest = _wrapped(f"enter: {self._step.words}", width)
            key, _, words = first.partition(" ")
            lines += [[], [Span(key, "first", bold=True), Span(f" {words}")], *([Span(line)] for line in rest)]
        return lines

    def action_follow(self) -> None:
        """Go where the notice points."""
        if self._step is not None:
            self._step.go()


def _wrapped(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(sentence, max(min(width, 72), 20))
