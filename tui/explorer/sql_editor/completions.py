"""The list of completions below the cursor of the editor."""

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from neurontui.tui.common.sanitize import fit
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.sql_editor.sql_text import Names, Offer, offers, word_before

WIDTH = 46


class Completions(OptionList):
    """Follows what is typed; the editor keeps the focus and its keys move here."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(id="offers")
        self.found: list[Offer] = []
        self.display = False

    def follow(self, editor: Editor, names: Names) -> None:
        """Offer what may come after the word at the cursor, if it was typed and not pasted or recalled."""
        typed, editor.typing = editor.typing, False
        text, place = editor.text, editor.offset_in_text
        found = offers(text, place, names) if typed and len(word_before(text, place)) > 1 else []
        self.found = found
        self.display = bool(found)
        self.clear_options()
        if found:
            width = min(max(len(each.text) for each in found), WIDTH - 12)
            self.add_options([Option(Content(f"{fit(each.text, width)}  {each.kind}")) for each in found])
            self.highlighted = 0
            self.styles.offset = self._below(editor)

    def _below(self, editor: Editor) -> tuple[int, int]:
        place, body = editor.cursor_screen_offset, editor.parent.region  # type: ignore[union-attr]
        return max(min(place.x - 2, self.app.size.width - WIDTH), 0), place.y - body.y + 1

    def hide(self) -> bool:
        """Close; whether it was open."""
        was, self.found = bool(self.found), []
        self.display = False
        return was

    def move(self, step: int) -> None:
        """Another completion."""
        self.highlighted = ((self.highlighted or 0) + step) % len(self.found)

    def take(self, editor: Editor) -> Offer | None:
        """Close, and put the highlighted completion in place of the word; names of queries are the caller's to write."""
        if not self.found:
            return None
        offer = self.found[self.highlighted or 0]
        self.hide()
        if offer.kind != "query":
            word = word_before(editor.text, editor.offset_in_text).rpartition(".")[2]
            row, column = editor.cursor_location
            editor.replace(offer.text, (row, column - len(word)), (row, column))
        return offer
