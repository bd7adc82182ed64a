"""Where the keys of a screen go: its body, the language chips or the search line, and never to nothing."""

from textual.reactive import Reactive
from textual.widget import Widget

from neurontui.tui.explorer.screens.matching import MatchingScreen
from neurontui.tui.explorer.widgets.chips import Chips
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.search_bar import SearchBar


class FocusScreen(MatchingScreen):
    """A screen whose body has the focus unless the user goes to the language chips or searches."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As in Textual, which draws the whole screen after each move of the focus: the two widgets draw themselves."""

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self._before_chips: Widget | None = None

    def action_chips(self) -> None:
        """Move the focus to the language chips."""
        self._before_chips = self.focused
        self.query_one(Chips).focus()

    def on_chips_left(self) -> None:
        """Move the focus back to where it was, if that is still shown."""
        before, self._before_chips = self._before_chips, None
        if before is not None and before in self.focus_chain:
            before.focus()
        else:
            self.focus_first()

    @property
    def focus_chain(self) -> list[Widget]:
        """What tab goes through: never the language chips, where letters have another meaning."""
        return [widget for widget in super().focus_chain if not isinstance(widget, Chips)]

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Without a focus, keys of the body do nothing: a click beside it, or a widget that is hidden, keeps one."""
        if widget is None and self._built:
            widget = self.focused if self.focused in self.focus_chain else self._first_in_body()
        super().set_focus(widget, scroll_visible, from_app_focus)

    def _first_in_body(self) -> Widget | None:
        """The first visible widget of the body with keys of its own; None if a notice is shown instead."""
        body = self.query_one("#body")
        return next((widget for widget in self.focus_chain if body in widget.ancestors), None)

    def focus_first(self) -> None:
        """Put the focus where the screen's keys work."""
        self.set_focus(self._first_in_body())

    def keep_focus(self) -> None:
        """Put the focus on the body if it has none."""
        if self.ready and self.focused is None:
            self.focus_first()

    def leave_body(self) -> None:
        """The body is hidden: its keys would do nothing."""
        if self.focused is not None and self.query_one("#body") in self.focused.ancestors:
            self.set_focus(None)

    def leave_chips(self) -> None:
        """Another screen is next: its keys, and those of this one later, are not for the language chips."""
        if self.ready and self.query_one(Chips).has_focus:
            self.on_chips_left()

    def on_grid_search_requested(self, message: Grid.SearchRequested) -> None:
        """Open the search line."""
        self.query_one(SearchBar).open(message.grid)

    def on_grid_searched(self, message: Grid.Searched) -> None:
        """Say whether there is a match."""
        if not self.query_one(SearchBar).report(message.needle, message.found) and not message.found:
            self.notify(f"No row contains “{message.needle}”.", severity="warning", markup=False)
