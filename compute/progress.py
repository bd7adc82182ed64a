"""What a run tells whoever waits for it. Knows nothing of terminals."""

from typing import Protocol


class Progress(Protocol):
    """Receives what happens; called from the thread that runs the measurement."""

    def say(self, sentence: str) -> None:
        """Something worth knowing, such as how many examples were left out."""

    def begin(self, name: str, total: int, done: int) -> None:
        """A run of `total` examples starts, `done` of them from an earlier sitting."""

    def advance(self, examples: int) -> None:
        """So many more examples are measured; fewer, where those of a lost worker are measured again."""

    def end(self) -> None:
        """Nothing more of this run will come."""


class NullProgress:
    """Tells nobody anything."""

    def say(self, sentence: str) -> None: ...

    def begin(self, name: str, total: int, done: int) -> None: ...

    def advance(self, examples: int) -> None: ...

    def end(self) -> None: ...
