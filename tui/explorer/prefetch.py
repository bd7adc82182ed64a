"""What a reader will probably ask next is asked in advance, once the screen is still: the key then draws at once.

One thread asks one question after the other. It is stopped by whatever the reader really asks; a question that both
want is waited for, not asked twice.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from textual.timer import Timer

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.query_runner import QueryRequest, QueryRunner, RunningQuery
from neurontui.tui.explorer.selection import Selection

STILL = 0.1
"""Seconds without a key or an answer after which the next one is thought of."""


class Holder(Protocol):
    """Who has a selection."""

    selection: Selection


@contextmanager
def supposing(holder: Holder, selection: Selection) -> Iterator[None]:
    """As if something else were selected, while the block lasts."""
    before, holder.selection = holder.selection, selection
    try:
        yield
    finally:
        holder.selection = before


class Prefetcher:
    """Questions of one screen that were thought of in advance."""

    def __init__(self) -> None:
        self.timer: Timer | None = None
        self._under_way: dict[QueryRequest, RunningQuery] = {}

    def wait(self, timer: Timer) -> None:
        """Think again when the timer says so; an earlier one is forgotten."""
        if self.timer is not None:
            self.timer.stop()
        self.timer = timer

    def begin(self, query_runner: QueryRunner, questions: Iterable[QueryRequest]) -> "PrefetchTask":
        """An errand for a thread: what of these is not known yet."""
        self.stop()
        self._under_way = {
            each: RunningQuery() for each in dict.fromkeys(questions) if query_runner.cached(each) is None
        }
        return PrefetchTask(query_runner, dict(self._under_way))

    def stop(self, but: Collection[QueryRequest] = ()) -> None:
        """Stop asking, save for what is now really asked."""
        for question, started in self._under_way.items():
            if question not in but:
                started.cancel()
        self._under_way = {key: each for key, each in self._under_way.items() if key in but}


class PrefetchTask:
    """Asks in a thread; answers are found where all answers are remembered."""

    def __init__(self, query_runner: QueryRunner, questions: dict[QueryRequest, RunningQuery]) -> None:
        self._desk, self.questions = query_runner, questions

    def __call__(self) -> None:
        """Ask one after the other; what fails here fails again, and is told, when it is really asked."""
        for question, started in self.questions.items():
            if not started.stopped:
                with suppress(NeurontuiError):
                    self._desk.answer(question, started)
