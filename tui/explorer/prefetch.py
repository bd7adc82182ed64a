"""Runs the queries that the next key is likely to need, once nothing has happened for a moment.

One thread runs them one after the other. A change of the selection stops it, except for queries that the new selection
needs too: those are waited for, not run twice.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress

from textual.timer import Timer

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.query_runner import QueryRequest, QueryRunner, RunningQuery

STILL = 0.1
"""Seconds without a key or a result after which prefetching starts."""


class Prefetcher:
    """Prefetches for one screen."""

    def __init__(self) -> None:
        self.timer: Timer | None = None
        self._running: dict[QueryRequest, RunningQuery] = {}
        self._begun: set[QueryRequest] = set()

    def wait(self, timer: Timer) -> None:
        """Replace the timer that starts the next prefetch, which may try again what failed."""
        if self.timer is not None:
            self.timer.stop()
        self.timer = timer
        self._begun.clear()

    def begin(self, query_runner: QueryRunner, requests: Iterable[QueryRequest]) -> "PrefetchTask":
        """A task for a thread: those of the requests that are not cached, and were not begun since the last `wait`."""
        self.stop()
        new = [request for request in dict.fromkeys(requests) if request not in self._begun]
        self._running = {request: RunningQuery() for request in new if query_runner.cached(request) is None}
        self._begun.update(self._running)
        return PrefetchTask(query_runner, dict(self._running))

    def stop(self, but: Collection[QueryRequest] = ()) -> None:
        """Stop all queries except those of `but`."""
        for request, running in self._running.items():
            if request not in but:
                running.cancel()
        self._running = {request: running for request, running in self._running.items() if request in but}


class PrefetchTask:
    """Runs requests in a thread; their results go into the query runner's cache."""

    def __init__(self, query_runner: QueryRunner, requests: dict[QueryRequest, RunningQuery]) -> None:
        self._query_runner, self.requests = query_runner, requests

    def __call__(self) -> bool:
        """Run one after the other; returns whether none was stopped.

        Failures are ignored: they occur again, and are shown, when the query is needed.
        """
        for request, running in self.requests.items():
            if not running.stopped:
                with suppress(NeurontuiError):
                    self._query_runner.answer(request, running)
        return not any(running.stopped for running in self.requests.values())
