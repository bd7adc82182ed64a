"""The line of languages to switch on and off, with the threshold and the compared run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message

from neurontui.tui.common.sanitize import shorten
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, width_of

TYPING = "Letters go to the language whose code begins with them; this key starts again"
SHORTEST = 12
"""Minimum width of the compared run's name in characters."""


@dataclass(frozen=True)
class ChipState:
    """What the line shows."""

    languages: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    threshold: str = "A > 0"
    compared: str | None = ""
    """The name of the compared run; None if the screen does not compare."""
    note: str = ""


class Chips(Line, can_focus=True):
    """Language chips: click one, or press L, type the beginning of its code, and toggle it with space."""

    FOCUS_ON_CLICK = False
    """A click toggles a language without moving the focus."""
    HELP: ClassVar[str] = "On the language chips (L)"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "language", key_display="←→", tooltip="The previous language"),
        Binding("right", "move(1)", "language", show=False, tooltip="The next language"),
        Binding("space", "flip", "on/off", tooltip="Switch the language on or off"),
        Binding("A", "all", "all", tooltip="Switch every language on"),
        Binding("O", "only", "only this", tooltip="Switch every other language off"),
        Binding("I", "invert", "invert", tooltip="Invert the selection"),
        Binding("backspace", "forget", "type a code", key_display="a-z", tooltip=TYPING),
        Binding("escape,enter,L", "leave", "done", key_display="esc", tooltip="Back to the screen"),
    ]

    class Changed(Message):
        """Languages were switched; at least one is on."""

        def __init__(self, languages: tuple[str, ...]) -> None:
            super().__init__()
            self.languages = languages

    class Moved(Message):
        """The cursor is on another chip, or the chips got the focus."""

    class Left(Message):
        """The user leaves the chips."""

    def __init__(self) -> None:
        super().__init__(id="chips")
        self.state = ChipState()
        self.cursor = 0
        self.typed = ""
        """Letters of a code."""
        self._first = 0

    def show(self, state: ChipState) -> None:
        """Set what the line shows."""
        if state != self.state:
            self.state = state
            self.cursor = min(self.cursor, max(len(state.languages) - 1, 0))
            self.refresh()

    def parts(self, width: int) -> Spans:
        """The chips, or those around the cursor if not all fit, then the rest of the selection."""
        needed = sum(width_of(self._chip(index)) for index in range(len(self.state.languages)))
        tail = self._tail(width - needed - 2)
        room = width - width_of(tail) - 1
        start, end = self._window(room)
        shown = [part for index in range(start, end) for part in self._chip(index)]
        before = [Span("‹" if start else " ", "dim")]
        after = [Span("›" if end < len(self.state.languages) else " ", "dim")]
        return [*before, *shown, *after, *tail]

    def _tail(self, room: int) -> list[Span]:
        """Text after the chips. A long name of a run is shortened before chips are hidden."""
        state = self.state
        parts = [
            Span(f" {len(state.active)} of {len(state.languages)}", "dim"),
            Span(f"  {state.threshold}", "text"),
        ]
        if state.compared:
            left = max(room - width_of(parts) - len("  vs "), SHORTEST)
            parts.append(Span(f"  vs {shorten(state.compared, left)}", "second"))
        elif state.compared is not None:
            parts.append(Span("  vs none", "dim"))
        if state.note:
            parts.append(Span(f"  {state.note}", "second"))
        if self.typed:
            parts.append(self._typed_words())
        return parts

    def _typed_words(self) -> Span:
        if self._begins(self.typed) is None:
            return Span(f"  no code begins with “{self.typed}”", "bad")
        return Span(f"  {self.typed}…", "second")

    def _begins(self, letters: str) -> int | None:
        """The first language whose code begins with the letters."""
        codes = enumerate(self.state.languages)
        return next((index for index, code in codes if code.casefold().startswith(letters)), None)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Small letters are typed; those of commands are capital."""
        return character is not None and (character in "-_" or (character.isalpha() and character.islower()))

    async def _on_key(self, event: events.Key) -> None:
        """Go to the language whose code begins with the letters typed so far, or with the last one."""
        if self.check_consume_key(event.key, event.character):
            event.stop()
            event.prevent_default()
            self._find(str(event.character))

    def _find(self, letter: str) -> None:
        self.typed = letter if self._begins(self.typed + letter) is None else self.typed + letter
        place = self._begins(self.typed)
        if place is not None:
            self.cursor = place
            self.post_message(self.Moved())
        self.refresh()

    def action_forget(self) -> None:
        """Start typing again."""
        self.typed = ""
        self.refresh()

    def _chip(self, index: int) -> list[Span]:
        code = self.state.languages[index]
        on = code in self.state.active
        under = self.has_focus and index == self.cursor
        text = f"{'●' if on else '○'}{shorten(code, 8)}"
        return [
            Span(text, "first" if on else "dim", None, on, f"flip_at({index})", under),
            Span(" "),
        ]

    def _window(self, room: int) -> tuple[int, int]:
        """First and last visible chip, with the cursor between them."""
        widths = [width_of(self._chip(index)) for index in range(len(self.state.languages))]
        start = min(self._first, self.cursor)
        while start < self.cursor and sum(widths[start : self.cursor + 1]) > room - 1:
            start += 1
        self._first = start
        end = start
        while end < len(widths) and sum(widths[start : end + 1]) <= room - 1:
            end += 1
        return start, end

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()
        self.post_message(self.Moved())

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.action_forget()

    def action_move(self, step: int) -> None:
        """Move the cursor, cyclically."""
        self.typed = ""
        count = len(self.state.languages)
        if count:
            self.cursor = (self.cursor + step) % count
            self.refresh()
            self.post_message(self.Moved())

    def action_flip(self) -> None:
        """Switch the language under the cursor."""
        self.action_flip_at(self.cursor)

    def action_flip_at(self, index: int) -> None:
        """Switch one language; the last one stays on."""
        if not 0 <= index < len(self.state.languages):
            return
        self.cursor, self.typed = index, ""
        self._set(set(self.switched(index)))

    def switched(self, index: int) -> tuple[str, ...]:
        """The codes that are on after one is switched; empty if it is the last one."""
        state = self.state
        return tuple(code for i, code in enumerate(state.languages) if (code in state.active) != (i == index))

    def likely(self) -> Iterator[tuple[str, ...]]:
        """The codes that the next keys are likely to leave on: the chip at the cursor switched, or one beside it."""
        for index in (self.cursor, self.cursor + 1, self.cursor - 1) if self.has_focus else ():
            if switched := self.switched(index):
                yield switched

    def action_all(self) -> None:
        """Switch every language on."""
        self._set({*self.state.languages})

    def action_only(self) -> None:
        """Keep the language under the cursor alone."""
        self._set({self.state.languages[self.cursor]} if self.state.languages else set())

    def action_invert(self) -> None:
        """Invert the selection."""
        self._set({*self.state.languages} - {*self.state.active})

    def action_leave(self) -> None:
        """Back to the screen."""
        self.post_message(self.Left())

    def _set(self, active: set[str]) -> None:
        if active and active != {*self.state.active}:
            self.post_message(self.Changed(tuple(code for code in self.state.languages if code in active)))
        else:
            self.refresh()
