"""Dialogs: a panel over the screen, closed by esc."""

import textwrap
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from neurontui.tui.common.sanitize import clean
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import StyledText, title
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

Result = TypeVar("Result")


class Choice(ModalScreen[str | None]):
    """A list to choose from; enter or the number of an option chooses it, esc changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", tooltip="Close without a change"),
        Binding("j", "down", "down", show=False, tooltip="Down"),
        Binding("k", "up", "up", show=False, tooltip="Up"),
    ]

    def __init__(self, heading: str, options: list[tuple[str, str]], current: str = "") -> None:
        super().__init__(classes="dialog")
        self._heading, self._options, self._current = heading, options, current
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Heading and options."""
        with Vertical(classes="panel"):
            heading = StyledText(classes="heading")
            heading.show([title(self._heading)])
            yield heading
            yield OptionList(*(Option(Content(clean(text)), id=f"o{i}") for i, (_, text) in enumerate(self._options)))

    def on_mount(self) -> None:
        """Put the cursor on the current option."""
        values = [value for value, _ in self._options]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Return the option."""
        self.dismiss(self._options[message.option_index][0])

    def on_key(self, event: events.Key) -> None:
        """A digit goes to the option whose number it begins, and chooses it if no other number begins like that."""
        if event.character is None or not event.character.isdecimal():
            return
        event.stop()
        places = self._numbered(self._typed + event.character)
        self._typed = self._typed + event.character if places else event.character
        places = places or self._numbered(event.character)
        if len(places) == 1:
            self.dismiss(self._options[places[0]][0])
        elif places:
            self.query_one(OptionList).highlighted = places[0]

    def _numbered(self, digits: str) -> list[int]:
        """Places of the options whose number begins with the digits; the shortest number first."""
        numbers = [text.split(maxsplit=1)[0] for _, text in self._options]
        places = [place for place, number in enumerate(numbers) if number.startswith(digits)]
        return sorted(places, key=lambda place: len(numbers[place]))

    def action_down(self) -> None:
        """Move the cursor down."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Move the cursor up."""
        self.query_one(OptionList).action_cursor_up()


class Reading(ModalScreen[None]):
    """Text of any length."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", tooltip="Close"),
        Binding("j,down", "scroll(1)", "down", show=False, tooltip="Down"),
        Binding("k,up", "scroll(-1)", "up", show=False, tooltip="Up"),
        Binding("pagedown,space", "scroll(10)", "page down", show=False, tooltip="Scroll a page down"),
        Binding("pageup", "scroll(-10)", "page up", show=False, tooltip="Scroll a page up"),
        Binding("g,home", "edge(False)", "top", show=False, tooltip="Go to the top"),
        Binding("G,end", "edge(True)", "bottom", show=False, tooltip="Go to the bottom"),
    ]

    def __init__(self, lines: list[Spans] | None = None, heading: str = "") -> None:
        super().__init__(classes="dialog")
        self._heading: list[Spans] = [title(heading), []] if heading else []
        self._sheet = StyledText()
        self.show(lines if lines is not None else [[Span("running …", "second")]])

    def show(self, lines: list[Spans]) -> None:
        """Set the text."""
        self._sheet.show([*self._heading, *lines])

    def say(self, sentence: str) -> None:
        """Say why there is no text."""
        self.show([[Span(line, "second")] for line in textwrap.wrap(clean(sentence), 66)])

    def compose(self) -> ComposeResult:
        """The lines, scrolled."""
        with VerticalScroll(classes="panel"):
            yield self._sheet

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_edge(self, end: bool) -> None:
        """Scroll to the top or the bottom."""
        panel = self.query_one(VerticalScroll)
        (panel.scroll_end if end else panel.scroll_home)(animate=False)
