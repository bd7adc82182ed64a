"""Where am I: file, run, and the way one came. Esc goes back along it."""

from neurontui.tui.widgets.paint import Part, Parts, spread
from neurontui.tui.widgets.sheet import Line


class Crumbs(Line):
    """The first line of every screen."""

    def __init__(self) -> None:
        super().__init__()
        self._crumbs: tuple[str, ...] = ()
        self._state = ""

    def show(self, crumbs: tuple[str, ...], state: str = "") -> None:
        """Set the way, and a word on what goes on (a slow query, a merge)."""
        if (crumbs, state) != (self._crumbs, self._state):
            self._crumbs, self._state = crumbs, state
            self.refresh()

    def parts(self, width: int) -> Parts:
        """The way at the left, what goes on and the way to help at the right."""
        way: list[Part] = []
        for index, crumb in enumerate(self._crumbs):
            last = index == len(self._crumbs) - 1
            way += [Part(" › ", "axis")] if index else [Part(" ")]
            way.append(Part(crumb, "text" if last else "dim", bold=last))
        state = [Part(f"  {self._state}", "second", bold=True)] if self._state else []
        help_ = [
            Part("  ctrl+p", "dim", click="app.command_palette"),
            Part("  ? help ", "dim", click="app.help"),
        ]
        return spread(way, [*state, *help_], width)
