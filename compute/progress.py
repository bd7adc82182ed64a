"""Interface for the progress of a run. Does not depend on a terminal."""

from typing import Protocol


class Progress(Protocol):
    """Receives events of a run, in the thread that runs the measurement."""

    def say(self, sentence: str) -> None:
        """A message, such as how many examples were left out."""

    def begin(self, name: str, total: int, done: int) -> None:
        """A run of `total` examples starts; `done` of them were measured in an earlier session."""

    def advance(self, examples: int) -> None:
        """Number of examples measured since the last call; negative if those of a lost worker are repeated."""

    def end(self) -> None:
        """The run has finished."""


class NullProgress:
    """Ignores all events."""

    def say(self, sentence: str) -> None: ...

    def begin(self, name: str, total: int, done: int) -> None: ...

    def advance(self, examples: int) -> None: ...

    def end(self) -> None: ...
