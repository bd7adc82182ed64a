"""A screen that runs queries in threads: what it has requested, what runs, and which results have arrived."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import pyarrow as pa
from textual.message import Message

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.prefetch import STILL, Prefetcher, PrefetchTask
from neurontui.tui.explorer.query_runner import QueryRequest, QueryRunner, RunningQuery
from neurontui.tui.explorer.screens.one_redraw import OneRedraw

SLOW = 0.4
"""Seconds after which the screen shows that a query is running."""
PATIENCE = 0.3
"""Seconds that a result waits for others that were requested with it, to be drawn together."""
GRACE = 0.1
"""Seconds that earlier data and their names stay while queries run; then their space is left empty."""


Follower = tuple[QueryRequest, Callable[[pa.Table], None], Callable[[str], None]]
"""A request, and functions that are called with its result or with the reason for its failure."""


class QueryCompleted(Message):
    """A query has finished."""

    def __init__(self, key: str, request: QueryRequest, table: pa.Table) -> None:
        super().__init__()
        self.key, self.request, self.table = key, request, table


class Failed(Message):
    """A query has failed; `sentence` gives the reason."""

    def __init__(self, key: str, request: QueryRequest, sentence: str) -> None:
        super().__init__()
        self.key, self.request, self.sentence = key, request, sentence


class QueryScreen(OneRedraw):
    """Runs queries under names; a result that is no longer requested is dropped."""

    def __init__(self, *, name: str, id: str, classes: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(name=name, id=id, classes=classes)
        self.requested: dict[str, QueryRequest] = {}
        self.answers: dict[str, pa.Table] = {}
        self._in_progress: dict[str, RunningQuery] = {}
        self._arrived: dict[str, pa.Table] = {}
        self._followers: list[Follower] = []
        self.prefetcher = Prefetcher()

    # -- for subclasses -----------------------------------------------------------------------------------------

    @property
    def query_runner(self) -> QueryRunner:
        """Runs the queries."""
        raise NotImplementedError

    def draw(self, key: str, table: pa.Table) -> None:
        """Draw a result."""

    def show(self, key: str, table: pa.Table) -> None:
        """A result is available."""
        self.draw(key, table)

    def failed(self, key: str, sentence: str) -> None:
        """Say why there is no result."""

    def prefetch_queries(self) -> Iterable[QueryRequest]:
        """Requests that the next key is likely to need, the most likely first."""
        return ()

    def frame(self) -> None:
        """A query was requested or has finished."""

    # -- queries ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a query is running or a result waits to be drawn."""
        return bool(self._in_progress or self._arrived)

    def drop_outdated(self, wanted: Mapping[str, QueryRequest]) -> None:
        """Drop results of other requests, which must not be shown, copied or acted on, and stop queries without use."""
        for key in [key for key in self.answers if self.requested.get(key) != wanted.get(key)]:
            if not self.outlives(key):
                self.answers.pop(key)
                self.requested.pop(key, None)
        for key in [key for key in self._in_progress if key not in wanted and not self.outlives(key)]:
            self._abandon(key)  # it would slow what is shown instead
            self.requested.pop(key)

    def outlives(self, key: str) -> bool:
        """Whether a result does not depend on the selection."""
        return False

    def missing(self, wanted: Iterable[str]) -> set[str]:
        """Names of the requests without a result: still running, failed or stopped."""
        return {key for key in wanted if key not in self.answers}

    def under_way(self, keys: Iterable[str]) -> bool:
        """Whether one of these queries is still running."""
        return any(key in self._in_progress or key in self._arrived for key in keys)

    def run_query(self, key: str, request: QueryRequest) -> None:
        """Run a query in a thread; an earlier one under the same name is stopped and its result dropped."""
        if key in self._in_progress:
            self._abandon(key)
        self._arrived.pop(key, None)
        if self.requested.get(key) != request:
            self.answers.pop(key, None)
        self.requested[key] = request
        table = self.query_runner.cached(request)
        if table is not None:
            self._receive(key, table)
            return
        running = self._in_progress[key] = RunningQuery()
        self.run_worker(partial(self._answer, key, request, running), thread=True, exit_on_error=False)
        self.set_timer(SLOW, self.frame)

    def _abandon(self, key: str) -> None:
        """Stop a query for which another one, or none, is requested now."""
        self._in_progress.pop(key).cancel()
        self._notify_followers(self.requested[key], "Something else has been selected.")

    def follow(self, key: str, show: Callable[[pa.Table], None], fail: Callable[[str], None]) -> None:
        """Call one of these with the outcome of the current request of that name, whatever is requested later."""
        if key in self.answers:
            show(self.answers[key])
        elif (request := self.requested.get(key)) is None:
            fail("This query has no result.")
        else:
            self._followers.append((request, show, fail))

    def _notify_followers(self, request: QueryRequest, answer: pa.Table | str) -> None:
        following = [follower for follower in self._followers if follower[0] == request]
        self._followers = [follower for follower in self._followers if follower[0] != request]
        for _, show, fail in following:
            if isinstance(answer, str):
                fail(answer)
            else:
                show(answer)

    def _answer(self, key: str, request: QueryRequest, running: RunningQuery) -> None:
        """In a thread, which communicates by messages only."""
        try:
            table = self.query_runner.answer(request, running)
        except NeurontuiError as error:
            if not running.stopped:
                self.post_message(Failed(key, request, str(error)))
        else:
            self.post_message(QueryCompleted(key, request, table))

    def on_query_completed(self, message: QueryCompleted) -> None:
        """Keep a result unless its name now has another request; draw when the last one has arrived.

        Results arrive within milliseconds of each other; drawing each would send the screen several times.
        """
        self._notify_followers(message.request, message.table)
        if self.requested.get(message.key) != message.request:
            return
        self._in_progress.pop(message.key, None)
        self._arrived[message.key] = message.table
        if not self._in_progress:
            self._draw_arrived()
        elif len(self._arrived) == 1:
            self.set_timer(PATIENCE, self._draw_arrived)

    def _draw_arrived(self) -> None:
        """Draw the results that have arrived."""
        arrived, self._arrived = self._arrived, {}
        for key, table in arrived.items():
            self._receive(key, table)
        self.frame()
        self.schedule_prefetch()

    def on_failed(self, message: Failed) -> None:
        """Say why there is no result."""
        self._notify_followers(message.request, message.sentence)
        if self.requested.get(message.key) == message.request:
            self._in_progress.pop(message.key, None)
            self.requested.pop(message.key)
            self.answers.pop(message.key, None)
            if not self._in_progress:
                self._draw_arrived()
            self.failed(message.key, message.sentence)
            self.frame()

    def _receive(self, key: str, table: pa.Table) -> None:
        self.answers[key] = table
        self.show(key, table)

    def schedule_prefetch(self) -> None:
        """Prefetch once nothing has happened for a moment."""
        self.prefetcher.wait(self.set_timer(STILL, self._prefetch))

    def _prefetch(self) -> None:
        if self.is_current and not self.waiting:
            prefetch_task = self.prefetcher.begin(self.query_runner, self.prefetch_queries())
            if prefetch_task.requests:
                self.run_worker(partial(self._run_prefetch, prefetch_task), thread=True, exit_on_error=False)

    def _run_prefetch(self, task: PrefetchTask) -> None:
        """Run in a thread, and then what the results suggest."""
        if task():
            self.call_later(self._prefetch)

    def stop(self) -> bool:
        """Cancel all queries; returns whether any was running."""
        self.prefetcher.stop()
        stopped = list(self._in_progress.values())
        for running in stopped:
            running.cancel()
        for key in (*self._in_progress, *self._arrived):
            if (request := self.requested.pop(key, None)) is not None:
                self._notify_followers(request, "The query was stopped.")
        self._in_progress.clear()
        self._arrived.clear()
        self.frame()
        return bool(stopped)

    def forget(self) -> None:
        """The files have changed: drop all results."""
        self.stop()
        self.requested.clear()
        self.answers.clear()
