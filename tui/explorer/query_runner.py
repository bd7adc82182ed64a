"""Questions to the results: asked in threads, answered by messages, remembered, and stopped when nobody waits any more."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Self

import pyarrow as pa
from textual.message import Message

from neurontui.queries.results import Results
from neurontui.queries.running_query import Job
from neurontui.store.errors import NeurontuiError, QueryError
from neurontui.tui.explorer.crash_log import wrap_errors

CACHE_BYTES = 64 << 20
_WRITTEN = "The results file is being written; the query is asked again afterwards."


@dataclass(frozen=True)
class QueryRequest:
    """A named query with its parameters, as something that can be compared and remembered."""

    name: str
    params: tuple[tuple[str, Hashable], ...] = ()

    @classmethod
    def of(cls, name: str, **params: Hashable) -> Self:
        """The question; parameters that are None are left to the query's default."""
        return cls(name, tuple(sorted((key, value) for key, value in params.items() if value is not None)))

    def values(self) -> dict[str, object]:
        """Parameters as the query takes them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.params}


class QueryCompleted(Message):
    """A question was answered."""

    def __init__(self, key: str, question: QueryRequest, table: pa.Table) -> None:
        super().__init__()
        self.key, self.question, self.table = key, question, table


class Failed(Message):
    """A question could not be answered; `sentence` says why."""

    def __init__(self, key: str, question: QueryRequest, sentence: str) -> None:
        super().__init__()
        self.key, self.question, self.sentence = key, question, sentence


class QueryRunner:
    """Answers questions about one open set of results. Its methods may be called from any thread."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self._lock = threading.Lock()
        self._cache: OrderedDict[QueryRequest, pa.Table] = OrderedDict()
        self._jobs: set[Job] = set()
        self._preparing = 0
        """Jobs that are being made: that asks the files, too."""
        self._asked: dict[QueryRequest, threading.Event] = {}
        """What is under way in some thread, and whether it has ended."""
        self._idle = threading.Condition(self._lock)
        self._closed = False

    def cached(self, question: QueryRequest) -> pa.Table | None:
        """The answer, if it is remembered."""
        with self._lock:
            if question in self._cache:
                self._cache.move_to_end(question)
            return self._cache.get(question)

    def answer(self, question: QueryRequest, started: "RunningQuery | None" = None) -> pa.Table:
        """Run the query, in the calling thread. Raises NeurontuiError, and nothing else: nobody watches the thread."""
        with wrap_errors():
            return self._answer(question, started)

    def _answer(self, question: QueryRequest, started: "RunningQuery | None") -> pa.Table:
        """The answer of another thread that is asking the same, or one's own."""
        while (ended := self._ended(question)) is not None:
            while not ended.wait(0.02):
                if started is not None and started.stopped:
                    raise QueryError("The question was stopped.")
            if (known := self.cached(question)) is not None:
                return known
        try:
            table = self.run(self._job(question), started)
            self._remember(question, table)
        finally:
            with self._lock:
                self._asked.pop(question).set()
        return table

    def _ended(self, question: QueryRequest) -> threading.Event | None:
        """Set when the thread that asks this already has ended; None where this thread may ask."""
        with self._lock:
            ended = self._asked.get(question)
            if ended is None:
                self._asked[question] = threading.Event()
            return ended

    def prepare(self, make: Callable[[], Job]) -> Job:
        """A job, made while `close` waits. Raises NeurontuiError."""
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

    def _job(self, question: QueryRequest) -> Job:
        try:
            return self.prepare(lambda: self.results.job(question.name, question.values()))
        except Exception as error:
            if self._closed and not isinstance(error, NeurontuiError):
                raise QueryError(_WRITTEN) from None  # the files were let go of a moment ago
            raise

    def run(self, job: Job, started: "RunningQuery | None" = None, max_rows: int | None = None) -> pa.Table:
        """Run a job, so that `close` can stop it and waits for it. Raises NeurontuiError."""
        with self._lock:
            if self._closed:
                raise QueryError(_WRITTEN)
            self._jobs.add(job)
        if started is not None:
            started.job = job
        try:
            with wrap_errors():
                return job.run(max_rows)
        finally:
            with self._idle:
                self._jobs.discard(job)
                self._idle.notify_all()

    def close(self) -> None:
        """Stop what runs, wait for it, and let go of the files so that another process may write them."""
        with self._idle:
            done, self._closed = self._closed, True
            for job in self._jobs:
                job.cancel()
            self._idle.wait_for(lambda: not self._jobs and not self._preparing, timeout=5)
            self._cache.clear()
            if not done:
                self.results.close()

    def _remember(self, question: QueryRequest, table: pa.Table) -> None:
        with self._lock:
            self._cache[question] = table
            while sum(each.nbytes for each in self._cache.values()) > CACHE_BYTES and len(self._cache) > 1:
                self._cache.popitem(last=False)


class RunningQuery:
    """A handle on a question that was asked: whoever asked may stop it."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._stopped = False

    @property
    def job(self) -> Job | None:
        """The job, once it runs."""
        return self._job

    @job.setter
    def job(self, job: Job) -> None:
        self._job = job
        if self._stopped:
            job.cancel()

    @property
    def stopped(self) -> bool:
        """Whether it was cancelled."""
        return self._stopped

    def cancel(self) -> None:
        """Stop it, now or as soon as it begins."""
        self._stopped = True
        if self._job is not None:
            self._job.cancel()
