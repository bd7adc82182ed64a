"""The progress of a run: what is being done and how far it is. Does not depend on a terminal.

Work gets a `Phase` and makes phases within it, so that each level is counted where its loop is. A receiver gets the
whole position, outermost level first, whenever any level moves.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from neurontui.store.journal.position import Level, Position, share, words

_STEPS = 1000
"""Steps of a share that another process reports."""


class Progress(Protocol):
    """Receives the events of a run, in the thread that runs the measurement. Must return quickly."""

    def say(self, sentence: str) -> None:
        """A message, such as how many examples were left out."""

    def show(self, position: Position) -> None:
        """The work is here now; () if nothing is in progress."""


class NullProgress:
    """Ignores all events."""

    def say(self, sentence: str) -> None: ...

    def show(self, position: Position) -> None: ...


class Phase:
    """A piece of work with `total` units, 0 if they are not counted; reports every move.

    Functions that get a phase only make others `within` it: only its owner counts its units.
    """

    def __init__(
        self,
        report: Callable[[Position], None],
        name: str = "",
        total: int = 0,
        done: int = 0,
        *,
        at_most: bool = False,
    ) -> None:
        self._report, self._name, self._total, self._done, self._at_most = report, name, total, done, at_most

    def within(self, name: str, total: int = 0, done: int = 0, *, span: int = 1, at_most: bool = False) -> "Phase":
        """Work inside the current unit, or inside the next `span` units."""
        inner = Phase(lambda position: self._show(position, span), name, total, done, at_most=at_most)
        inner.reach(done)
        return inner

    def advance(self, n: int = 1) -> None:
        """`n` more units are finished."""
        self.reach(self._done + n)

    def reach(self, done: int, total: int | None = None) -> None:
        """`done` units are finished, of a total that may have changed."""
        self._done, self._total = done, self._total if total is None else total
        self._show((), 1)

    def inside(self, positions: Sequence[Position]) -> None:
        """What other processes report of some of the next units, one each."""
        mean = sum(map(share, positions)) / max(1, len(positions))
        text = next(filter(None, map(words, positions)), "")
        several = f"{len(positions)} workers, the first: " if len(positions) > 1 and text else ""
        self._show((Level("", round(mean * _STEPS), _STEPS), Level(several + text)), max(1, len(positions)))

    def _show(self, inner: Position, span: int) -> None:
        if not self._name and not self._total:
            self._report(inner)
        else:
            self._report((Level(self._name, self._done, self._total, span, self._at_most), *inner))


def phase_of(progress: Progress) -> Phase:
    """The phase that holds all others of a receiver; it has no name and is not shown."""
    return Phase(progress.show)


SILENT = Phase(lambda _: None)
"""For work whose progress nobody follows."""
