"""A run's progress on stderr: a bar in a terminal, plain lines elsewhere."""

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from neurontui.tui.common.sanitize import clean

SECONDS_BETWEEN_LINES = 10.0


class ProgressBar:
    """Shows the progress of a run on stderr; stdout is for results."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._name, self._total, self._done, self._last_line = "", 0, 0, 0.0

    def say(self, sentence: str) -> None:
        """Print one line above the bar."""
        self._console.print(Text(clean(sentence)), soft_wrap=True)

    def begin(self, name: str, total: int, done: int) -> None:
        """Draw the bar of a run of `total` examples, of which `done` are measured already."""
        self._name, self._total, self._done, self._last_line = clean(name), total, done, time.monotonic()
        if done:
            self.say(f"{self._name}: resuming after {done:,} of {total:,} examples")
        if not self._console.is_terminal:
            return
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), console=self._console,
        )  # fmt: skip
        self._task = self._bar.add_task(self._name, total=total, completed=done)
        self._bar.start()

    def advance(self, examples: int) -> None:
        """Count examples that are now safe on disk."""
        self._done += examples
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, examples)
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES or self._done == self._total:
            self._last_line = time.monotonic()
            self.say(f"{self._name}: {self._done:,} of {self._total:,} examples")

    def end(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None
