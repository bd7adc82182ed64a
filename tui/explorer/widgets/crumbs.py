"""Breadcrumbs: file, run, and screens. Esc goes back along them."""

from collections.abc import Iterator

from neurontui.tui.common.sanitize import shorten
from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, spread, width_of


class Crumbs(Line):
    """The first line of every screen."""

    def __init__(self) -> None:
        super().__init__()
        self._crumbs: tuple[str, ...] = ()
        self._state = ""
        self._warning = ""

    def show(self, crumbs: tuple[str, ...], state: str = "", warning: str = "") -> None:
        """Set the breadcrumbs, what is in progress (a slow query, a merge), and the hint at warnings."""
        if (crumbs, state, warning) != (self._crumbs, self._state, self._warning):
            self._crumbs, self._state, self._warning = crumbs, state, warning
            self.refresh()

    def parts(self, width: int) -> Spans:
        """Breadcrumbs on the left; what is in progress and help on the right."""
        state = [Span(f"  {self._state}", "second", bold=True)] if self._state else []
        warning = [Span(f"  {self._warning}", "bad", bold=True, click="app.go('runs')")]
        help_ = [
            Span("  ctrl+p", "dim", click="app.command_palette"),
            Span("  ? help ", "dim", click="app.help"),
        ]
        right = [*(warning if self._warning else []), *state, *help_]
        return spread(self._fitting(width - width_of(right)), right, width)

    def _fitting(self, room: int) -> list[Span]:
        """All crumbs, or those that fit: the run first, because the next line names the screen too."""
        shorter = (_joined(crumbs) for crumbs in _shorter(self._crumbs))
        return next(
            (parts for parts in shorter if width_of(parts) <= room),
            _joined(("…", *self._crumbs[-1:])),
        )


def _shorter(crumbs: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield crumbs
    for dropped in range(3, len(crumbs)):
        yield (*crumbs[:2], "…", *crumbs[dropped:])
    yield ("…", *crumbs[1:])
    yield ("…", *crumbs[1:2], "…", *crumbs[-1:])


def _joined(crumbs: tuple[str, ...]) -> list[Span]:
    parts: list[Span] = []
    for index, crumb in enumerate(crumbs):
        last = index == len(crumbs) - 1
        parts += [Span(" › ", "axis")] if index else [Span(" ")]
        parts.append(Span(shorten(crumb, 40), "text" if last else "dim", bold=last))
    return parts
