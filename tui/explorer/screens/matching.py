"""Keeps the names and the data that a screen shows consistent: both always belong to the same selection.

Until the results for a new selection arrive, the earlier data stay under their earlier names. If that takes longer than
`GRACE`, the names change and the space of missing data is left empty. Keys that need a result wait for it.
"""

from typing import ClassVar

from textual.dom import DOMNode
from textual.timer import Timer

from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.screens.query_screen import GRACE, QueryScreen
from neurontui.tui.explorer.widgets.veil import Veil

NO_DATA = (
    "go", "go_back", "help", "quit", "help_quit", "command_palette", "change_theme", "chips", "compare",
    "focus_next", "focus_previous",
)  # fmt: skip
"""Actions of every screen that need no result."""


class MatchingScreen(QueryScreen):
    """A screen whose names and data always belong to one selection."""

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Ids of the widgets that are drawn from a result; a result that is not listed affects all widgets."""
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Results that an action needs; an action that is not listed needs all results that the screen shows."""

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self.behind = True
        """Whether the screen has not been updated since it came to the front."""
        self._shown_names: tuple[str, ...] = ()
        self._built = False
        self._withdrawn = False
        self._grace: Timer | None = None

    @property
    def ready(self) -> bool:
        """Whether its widgets exist: made, and not yet removed at the end while messages still arrive."""
        return self._built and self.app.is_running and self.is_attached

    def shown(self) -> dict[str, QueryRequest]:
        """Current requests by name, the most important first."""
        return {}

    def about_what(self) -> tuple[str, ...]:
        """Names of what the screen shows: file, run, layer, example."""
        return ()

    def panes(self, key: str) -> tuple[str, ...] | None:
        """Ids of the widgets that are drawn from a result; None for all."""
        return self.PANES.get(key)

    def lacks(self, action: str) -> bool:
        """Whether a query that the action needs is still running."""
        needs = () if action in NO_DATA else self.NEEDS.get(action)
        return self.waiting if needs is None else self.under_way(needs)

    def lacks_in(self, widget: DOMNode, action: str) -> bool:
        """Whether a query for the widget that handles a key is still running."""
        drawn_from = [key for key in self.shown() if (ids := self.panes(key)) is None or widget.id in ids]
        return isinstance(widget, Veil) and self.under_way(drawn_from)

    def current_names(self) -> tuple[str, ...]:
        """Names of the selection that the visible data belong to."""
        if self._withdrawn or not self._shown_names or not self.missing(self.shown()):
            self._shown_names = self.about_what()
        return self._shown_names

    def begin_waiting(self) -> None:
        """The selection has changed: wait a moment for its results before hiding the earlier data."""
        self._withdrawn = False
        if self._grace is not None:
            self._grace.stop()
        if self.missing(self.shown()):
            self._grace = self.set_timer(GRACE, self._withdraw)

    def _withdraw(self) -> None:
        self._withdrawn = True
        if self.ready:
            self._veil(self._outdated_panes())
            self.frame()

    def unveil(self) -> None:
        """Show widgets again that have been drawn from new results."""
        outdated = self._outdated_panes()
        self._veil({pane for pane in outdated if pane.veiled})

    def _veil(self, hidden: set[Veil]) -> None:
        for pane in self._all_panes():
            pane.veil(pane in hidden)

    def _all_panes(self) -> list[Veil]:
        return [pane for pane in self.query_one("#body").query("*") if isinstance(pane, Veil)]

    def _outdated_panes(self) -> set[Veil]:
        """Widgets that were drawn for an earlier selection."""
        ids = [self.panes(key) for key in self.missing(self.shown())]
        return {pane for pane in self._all_panes() if any(panes is None or pane.id in panes for panes in ids)}
