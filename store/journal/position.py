"""Where a run is: what is being done, how far it is, and the time left. Shown by the command line and the explorer."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FILE = "position.json"
"""File in a journal with the position of its run, while a process measures it."""
_WRITE_EVERY = 1.0
"""Seconds between two writes of that file."""
_SETTLED_SECONDS, _SETTLED_SHARE = 3.0, 0.01
"""The time left is estimated after this time and this share of the work."""


class Level(NamedTuple):
    """One level of a position: `layer 7 of 18` with a total, otherwise a name such as `loading the weights`."""

    name: str
    done: int = 0
    """Finished units."""
    total: int = 0
    """0 if the work is not counted."""
    span: int = 1
    """Units that the next level covers."""
    at_most: bool = False
    """Whether the work can end before all units are done."""


Position = tuple[Level, ...]
"""Outermost level first; empty if nothing is in progress."""


@dataclass(frozen=True)
class Shown:
    """A position for readers."""

    text: str
    share: float
    """Finished part of the work, 0 to 1."""
    seconds_left: float | None


def share(position: Position) -> float:
    """Finished part of the work, 0 to 1; 0 if it is not counted."""
    if not position:
        return 0.0
    first, inner = position[0], share(position[1:])
    return inner if first.total == 0 else min(1.0, (first.done + first.span * inner) / first.total)


def words(position: Position) -> str:
    """A position in words: `ke en-all · batch 3 of 12 · condition 5 of 17`. Levels with one unit are left out."""
    return " · ".join(text for level in position if (text := _words(level)))


def _words(level: Level) -> str:
    if level.total == 1 or not level.name:
        return ""
    if level.total == 0:
        return level.name
    most = "at most " if level.at_most else ""
    return f"{level.name} {min(level.done + 1, level.total):,} of {most}{level.total:,}"


def is_counted(position: Position) -> bool:
    """Whether any level counts its units; otherwise only the elapsed time can be shown."""
    return any(level.total for level in position)


def duration(seconds: float) -> str:
    """A time in words: `50 s`, `4 min`, `2 h 5 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Pace:
    """Estimates the time left of the outermost level, from the work that was finished since it began."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._name: str | None = None
        self._began = self._from = 0.0

    def shown(self, position: Position) -> Shown:
        """The position with its time left."""
        self.follow(position)
        finished = share(position)
        return Shown(words(position), finished, self._left(finished))

    def follow(self, position: Position) -> None:
        """Begin anew if the outermost level is another one."""
        name = position[0].name if position else None
        if name != self._name:
            self._name, self._began, self._from = name, self._clock(), share(position)

    @property
    def elapsed(self) -> float:
        """Seconds since the outermost level began."""
        return self._clock() - self._began

    def _left(self, finished: float) -> float | None:
        gained = finished - self._from
        if self.elapsed < _SETTLED_SECONDS or gained < _SETTLED_SHARE:
            return None
        return self.elapsed * (1 - finished) / gained


class PositionFile:
    """Writes the position of a run into its journal, at most once a second, for an open explorer."""

    def __init__(self, journal: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock, self._pace = journal / FILE, clock, Pace(clock)
        self._written = -_WRITE_EVERY

    def show(self, position: Position) -> None:
        """Write a position if the last one is old enough; a failure is ignored, because nothing depends on it."""
        self._pace.follow(position)
        if self._clock() - self._written < _WRITE_EVERY:
            return
        self._written = self._clock()
        scratch = self._path.with_name(f".{FILE}.tmp")
        with suppress(OSError):
            scratch.write_text(json.dumps(vars(self._pace.shown(position))), encoding="utf-8")
            scratch.replace(self._path)


def read_position(journal: Path) -> Shown | None:
    """The position that the measuring process has written; None without a readable one."""
    try:
        values = json.loads((journal / FILE).read_text(encoding="utf-8"))
        left = values["seconds_left"]
        return Shown(str(values["text"]), float(values["share"]), None if left is None else float(left))
    except (OSError, ValueError, KeyError, TypeError):
        return None
