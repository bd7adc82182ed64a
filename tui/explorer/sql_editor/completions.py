"""The list of completions below the cursor of the editor."""

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from neurontui.tui.common.sanitize import fit
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.sql_editor.sql_text import Names, Offer, offers, word_before

WIDTH = 46


class Completions(OptionList):
    """Completions of the word at the cursor; the editor keeps the focus and its keys move the highlight."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(id="offers")
        self.shown: list[Offer] = []
        self.display = False
        self._typed = False
        """Whether the text was last changed by typing."""

    def follow(self, editor: Editor, names: Names) -> None:
        """Show the completions of the word at the cursor if it was typed, not pasted or recalled."""
        self._typed, editor.typing = editor.typing, False
        self.again(editor, names)

    def again(self, editor: Editor, names: Names) -> None:
        """Show the completions of the same word with other names."""
        text, place = editor.text, editor.offset_in_text
        self.shown = offers(text, place, names) if self._typed and len(word_before(text, place)) > 1 else []
        self.display = bool(self.shown)
        self.clear_options()
        if self.shown:
            width = min(max(len(offer.text) for offer in self.shown), WIDTH - 12)
            self.add_options([Option(Content(f"{fit(offer.text, width)}  {offer.kind}")) for offer in self.shown])
            self.highlighted = 0
            self.styles.offset = self._below(editor)

    def _below(self, editor: Editor) -> tuple[int, int]:
        place, body = editor.cursor_screen_offset, editor.parent.region  # type: ignore[union-attr]
        return max(min(place.x - 2, self.app.size.width - WIDTH), 0), place.y - body.y + 1

    def hide(self) -> bool:
        """Close the list; returns whether it was open."""
        was, self.shown = bool(self.shown), []
        self.display = False
        return was

    def move(self, step: int) -> None:
        """Highlight the next or the previous completion."""
        self.highlighted = ((self.highlighted or 0) + step) % len(self.shown)

    def take(self, editor: Editor) -> Offer | None:
        """Close the list and replace the word by the highlighted completion; the caller inserts the SQL of a query."""
        if not self.shown:
            return None
        offer = self.shown[self.highlighted or 0]
        self.hide()
        if offer.kind != "query":
            word = word_before(editor.text, editor.offset_in_text).rpartition(".")[2]
            row, column = editor.cursor_location
            editor.replace(offer.text, (row, column - len(word)), (row, column))
        return offer
