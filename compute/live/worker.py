"""The process of a live prompt: `python -m neurontui.compute.live.worker` reads requests and writes replies.

Both are lines of JSON, see `messages`. Whatever libraries print goes to stderr. It ends when stdin closes, so it never
outlives the explorer.
"""

import contextlib
import os
import sys
import time
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, TextIO

from neurontui.compute.live.local_model import model_of
from neurontui.compute.live.messages import (
    Ask,
    Cancel,
    Describe,
    Load,
    Quit,
    Refused,
    Reply,
    Request,
    Working,
    from_line,
    to_line,
)
from neurontui.store.errors import NeurontuiError
from neurontui.store.journal.position import Position, words

if TYPE_CHECKING:
    from neurontui.compute.live.session import Session

_OFTEN = 0.2
"""Seconds between two messages about progress."""


class Inbox:
    """Requests as they arrive, and up to which number questions are canceled."""

    def __init__(self, lines: TextIO) -> None:
        self.requests: Queue[Request] = Queue()
        self.canceled = -1
        self._lines = lines

    def read(self) -> None:
        """In a thread: ends the process when the other side is gone, even within a forward pass."""
        for line in self._lines:
            with contextlib.suppress(ValueError):
                self._receive(from_line(line))
        os._exit(0)

    def _receive(self, request: Request) -> None:
        if isinstance(request, Cancel):
            self.canceled = max(self.canceled, request.number)
        elif isinstance(request, Quit):
            os._exit(0)
        else:
            self.requests.put(request)


class Worker:
    """Answers requests one by one."""

    def __init__(self, inbox: Inbox, replies: TextIO) -> None:
        self._inbox, self._replies = inbox, replies
        self._session: Session | None = None
        self._said = 0.0

    def serve(self) -> None:
        """Answer until the process ends."""
        while True:
            request = self._inbox.requests.get()
            self.reply(self._answer(request))

    def reply(self, reply: Reply) -> None:
        """Send a reply."""
        self._replies.write(to_line(reply))
        self._replies.flush()

    def say(self, sentence: str) -> None:
        """Progress in a sentence."""
        self.reply(Working(sentence))

    def show(self, position: Position) -> None:
        """Progress of loading; not more often than a reader can read it."""
        now = time.monotonic()
        if position and now - self._said > _OFTEN:
            self._said = now
            self.reply(Working(words(position)))

    def _answer(self, request: Request) -> Reply:
        number = request.number if isinstance(request, Ask) else None
        try:
            return self._result(request)
        except NeurontuiError as error:
            return Refused(str(error), number)
        except Exception as error:
            return Refused(_sentence(error, loading=number is None), number)

    def _result(self, request: Request) -> Reply:
        if isinstance(request, Describe):
            model_of(request.settings)  # torch takes seconds to import, and a missing model is reported before
        from neurontui.compute.live import describe, session
        from neurontui.compute.progress import phase_of

        if isinstance(request, Describe):
            return describe.describe(request.settings)
        if isinstance(request, Load):
            self._session = None  # frees its memory before the next model is read
            self._session = session.load(request.settings, phase_of(self))
            return self._session.facts
        assert isinstance(request, Ask)
        if self._session is None:
            return Refused("No model is loaded.", request.number)
        return self._session.ask(request, lambda: request.number <= self._inbox.canceled)


_NO_MEMORY = "Memory ran out; ask shorter prompts or fewer languages, or use a smaller model."
_NO_MEMORY_TO_LOAD = "Memory ran out while the model was loaded; end other programs, or use a smaller model."
_MEMORY = ("out of memory", "allocate memory", "_ALLOC_FAILED", "failed to map segment")
"""Words of errors about memory: of the CPU's allocator, of a GPU, and of the loader of libraries."""


def _sentence(error: Exception, *, loading: bool) -> str:
    """What a library raised, in a sentence. Imports nothing: torch itself may be what could not be imported."""
    first = next(iter(str(error).splitlines()), "")
    if isinstance(error, MemoryError) or any(words in str(error) for words in _MEMORY):
        return _NO_MEMORY_TO_LOAD if loading else _NO_MEMORY
    if type(error).__name__ == "StoppedError":
        return "Canceled."
    return f"The model failed ({type(error).__name__}: {first[:200]})."


def _own_stdout() -> TextIO:
    """The pipe for replies; whatever else is written to stdout goes to stderr from now on."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(pipe, "w", encoding="ascii")


def main() -> None:
    """Answer requests until stdin closes."""
    replies = _own_stdout()
    inbox = Inbox(sys.stdin)
    Thread(target=inbox.read, daemon=True).start()
    Worker(inbox, replies).serve()


if __name__ == "__main__":
    main()
