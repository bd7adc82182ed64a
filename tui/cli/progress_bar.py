"""A run's progress on stderr: a bar in a terminal, plain lines elsewhere, nothing with --quiet."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar as Bar
from rich.table import Table
from rich.text import Text

from neurontui.store.journal.position import Pace, Position, duration, is_counted
from neurontui.tui.common.sanitize import clean

BETWEEN_LINES = (5.0, 30.0)
"""Fewest and most seconds between two lines; a line of a long run comes after a twelfth of the time so far."""
_LINES_AT_FIRST = 12
_TICK = 1.0


class ProgressBar:
    """Shows the progress of a run on stderr; stdout is for results."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._last_said = ""
        self._lines = Lines(self._print)
        self._bar = _Bar(self._console) if self._console.is_terminal else None
        self._ticker: _Ticker | None = None

    def say(self, sentence: str) -> None:
        """Print one line above the bar. A sentence that is repeated, such as that a file is busy, is printed once."""
        if sentence != self._last_said:
            self._last_said = sentence
            self._print(sentence)

    def show(self, position: Position) -> None:
        """Show where the work is; () removes the bar."""
        if self._bar is not None:
            self._bar.show(position)
            return
        self._lines.show(position)
        if position and self._ticker is None:
            self._ticker = _Ticker(self._lines.tick)
        elif not position and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.show(())

    def _print(self, sentence: str) -> None:
        self._console.print(Text(clean(sentence)), soft_wrap=True)


class Lines:
    """Progress as lines: neither so many that they fill a log, nor so few that a run seems to have stopped."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock, self._pace = write, clock, Pace(clock)
        self._position: Position = ()
        self._began = self._last_line = self._moved = clock()
        self._written: Position = ()
        self._lock = threading.Lock()

    def show(self, position: Position) -> None:
        """The work is here now; writes a line if one is due."""
        with self._lock:
            self._pace.follow(position)
            if position != self._position:
                self._moved = self._clock()
            if not self._position:
                self._began = self._last_line = self._clock()
            self._position = position
            self._line_if_due()

    def tick(self) -> None:
        """Time has passed; called regularly, because one call of a library can take minutes."""
        with self._lock:
            self._line_if_due()

    def _line_if_due(self) -> None:
        fewest, most = BETWEEN_LINES
        now = self._clock()
        since, usual = now - self._last_line, min(most, max(fewest, (now - self._began) / _LINES_AT_FIRST))
        stands = is_counted(self._position) and self._position == self._written
        if self._position and since >= (most if stands else usual):
            self._last_line, self._written = now, self._position
            self._write(self._line(now - self._moved))

    def _line(self, unmoved: float) -> str:
        shown = self._pace.shown(self._position)
        if not is_counted(self._position):
            return f"{shown.text} · {duration(unmoved)}"
        left = "" if shown.seconds_left is None else f" · about {duration(shown.seconds_left)} left"
        stopped = f" · no change for {duration(unmoved)}" if unmoved >= BETWEEN_LINES[1] else ""
        return f"{shown.text} · {shown.share:.0%}{left}{stopped}"


class _Ticker:
    """Calls a function every second in a thread, until it is stopped."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._stopped, self._tick = threading.Event(), tick
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No call comes after this."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_TICK):
            self._tick()


class _Bar:
    """A bar that is drawn again four times a second from the last position."""

    def __init__(self, console: Console) -> None:
        self._console, self._view = console, BarView()
        self._live: Live | None = None

    def show(self, position: Position) -> None:
        self._view.follow(position)
        if position and self._live is None:
            self._live = Live(console=self._console, get_renderable=self._view.draw, transient=True)
            self._live.start()
        elif not position and self._live is not None:
            self._live.stop()
            self._live = None


class BarView:
    """What a bar looks like: the position in words, and below it the bar, its share and the time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(clock)
        self.position: Position = ()

    def follow(self, position: Position) -> None:
        """The work is here now."""
        self._pace.follow(position)
        self.position = position

    def draw(self) -> Group:
        """The lines of the last position."""
        shown = self._pace.shown(self.position)
        counted = is_counted(self.position)
        percent = f"{100 * shown.share:.1f} %, " if counted else ""
        left = "" if shown.seconds_left is None else f", about {duration(shown.seconds_left)} left"
        line = Table.grid(padding=(0, 1))
        line.add_row(
            Bar(100, 100 * shown.share, width=20, pulse=not counted),
            Text(f"{percent}{duration(self._pace.elapsed)}{left}"),
        )
        return Group(Text(clean(shown.text)), line)
