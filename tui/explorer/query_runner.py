"""Runs queries in threads, caches their results, and stops them when they are no longer needed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.queries.running_query import Job
from neurontui.store.errors import NeurontuiError, QueryError
from neurontui.tui.explorer.crash_log import wrap_errors

CACHE_BYTES = 64 << 20
_WRITTEN = "The results file is being written; the query runs again afterwards."


@dataclass(frozen=True)
class QueryRequest:
    """A named query with its parameters; hashable, so that it is the key of the cache."""

    name: str
    params: tuple[tuple[str, Hashable], ...] = ()

    @classmethod
    def of(cls, name: str, **params: Hashable) -> Self:
        """A request; parameters that are None keep the query's default."""
        return cls(name, tuple(sorted((key, value) for key, value in params.items() if value is not None)))

    def values(self) -> dict[str, object]:
        """Parameters in the types that the query takes."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.params}


class QueryRunner:
    """Runs queries on one set of open files. Its methods may be called from any thread."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self._lock = threading.Lock()
        self._cache: OrderedDict[QueryRequest, pa.Table] = OrderedDict()
        self._jobs: set[Job] = set()
        self._preparing = 0
        """Number of jobs being prepared, which reads the files too."""
        self._in_progress: dict[QueryRequest, threading.Event] = {}
        """Requests that a thread is running, with an event that is set when it ends."""
        self._idle = threading.Condition(self._lock)
        self._closed = False

    def cached(self, request: QueryRequest) -> pa.Table | None:
        """The result, if it is in the cache."""
        with self._lock:
            if request in self._cache:
                self._cache.move_to_end(request)
            return self._cache.get(request)

    def answer(self, request: QueryRequest, running: "RunningQuery | None" = None) -> pa.Table:
        """Run a query in the calling thread. Raises NeurontuiError only: other errors would be lost with the thread."""
        with wrap_errors():
            return self._answer(request, running)

    def _answer(self, request: QueryRequest, running: "RunningQuery | None") -> pa.Table:
        """The result of another thread that is running the same query, or of this one."""
        while (ended := self._ended(request)) is not None:
            while not ended.wait(0.02):
                if running is not None and running.stopped:
                    raise QueryError("The query was stopped.")
            if (table := self.cached(request)) is not None:
                return table
        try:
            table = self.run(self._job(request), running)
            self._remember(request, table)
        finally:
            with self._lock:
                self._in_progress.pop(request).set()
        return table

    def _ended(self, request: QueryRequest) -> threading.Event | None:
        """The event of the thread that already runs this; None if this thread may run it."""
        with self._lock:
            ended = self._in_progress.get(request)
            if ended is None:
                self._in_progress[request] = threading.Event()
            return ended

    def prepare(self, make: Callable[[], Job]) -> Job:
        """Make a job; `close` waits for that. Raises NeurontuiError."""
        with self._lock:
            if self._closed:
                raise QueryError(_WRITTEN)
            self._preparing += 1
        try:
            return make()
        finally:
            with self._idle:
                self._preparing -= 1
                self._idle.notify_all()

    def _job(self, request: QueryRequest) -> Job:
        try:
            return self.prepare(lambda: self.results.job(request.name, request.values()))
        except Exception as error:
            if self._closed and not isinstance(error, NeurontuiError):
                raise QueryError(_WRITTEN) from None  # the files were closed a moment ago
            raise

    def run(self, job: Job, running: "RunningQuery | None" = None, max_rows: int | None = None) -> pa.Table:
        """Run a job; `close` stops it and waits for it. Raises NeurontuiError."""
        with self._lock:
            if self._closed:
                raise QueryError(_WRITTEN)
            self._jobs.add(job)
        if running is not None:
            running.job = job
        try:
            with wrap_errors():
                return job.run(max_rows)
        finally:
            with self._idle:
                self._jobs.discard(job)
                self._idle.notify_all()

    def close(self) -> None:
        """Stop running queries, wait for them, and close the files so that another process can write them."""
        with self._idle:
            was_closed, self._closed = self._closed, True
            for job in self._jobs:
                job.cancel()
            self._idle.wait_for(lambda: not self._jobs and not self._preparing, timeout=5)
            self._cache.clear()
            if not was_closed:
                self.results.close()

    def _remember(self, request: QueryRequest, table: pa.Table) -> None:
        with self._lock:
            self._cache[request] = table
            while sum(cached.nbytes for cached in self._cache.values()) > CACHE_BYTES and len(self._cache) > 1:
                self._cache.popitem(last=False)


class RunningQuery:
    """A handle by which a query can be stopped."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._stopped = False

    @property
    def job(self) -> Job | None:
        """The job, once the query runs."""
        return self._job

    @job.setter
    def job(self, job: Job) -> None:
        self._job = job
        if self._stopped:
            job.cancel()

    @property
    def stopped(self) -> bool:
        """Whether the query was cancelled."""
        return self._stopped

    def cancel(self) -> None:
        """Stop the query, now or as soon as it begins."""
        self._stopped = True
        if self._job is not None:
            self._job.cancel()
