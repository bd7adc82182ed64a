"""What a screen's rows or curves are restricted to: shown beside the language chips, and cleared by a key."""

from typing import ClassVar

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.screens.focus import FocusScreen


class FilteredScreen(FocusScreen):
    """A screen that says what it is restricted to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "clear_filters", "clear filter", tooltip="Show everything: clear this screen's filters"),
    ]

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self._filters: tuple[str, ...] = ()

    def update(self) -> None:
        """Update to the selection."""

    def filters(self) -> tuple[str, ...]:
        """What the screen's rows or curves are restricted to, in words."""
        return ()

    def no_filters(self) -> None:
        """Clear the screen's filters."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key that clears filters shows only while there are any."""
        return None if action == "clear_filters" and not self.filters() else True

    def action_clear_filters(self) -> None:
        """Clear the screen's filters."""
        self.no_filters()
        self.update()

    def current_filters(self) -> tuple[str, ...]:
        """The filters now; if they have changed, so has what the last line shows."""
        filters = self.filters()
        if filters != self._filters:
            self._filters = filters
            self.refresh_bindings()
        return filters
