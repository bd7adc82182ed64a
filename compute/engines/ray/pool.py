"""Run jobs on Ray workers: an idle worker takes the next job, and the job of a lost worker is repeated."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from neurontui.compute.engines.ray.actor import WATCH, Failed
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MeasureError
from neurontui.store.journal.position import Position

LOSSES = 3
"""Most workers that may be lost during one job, or in a row before they are ready, before the run stops."""
LOST = object()
"""Yielded instead of a result: the worker is lost, and the job and all of its results are repeated."""


@dataclass(eq=False)
class Job:
    """A call of a method of RayWorker."""

    what: str
    """Name of the method."""
    arguments: tuple[Any, ...]
    name: str
    """For messages."""
    losses: int = 0


POLL = 1.0
"""Seconds between two questions to the workers about their position."""


class Watch:
    """Asks actors where they are, without waiting for the answer: a busy one answers at a later call."""

    def __init__(self) -> None:
        self._asked: dict[Any, Any] = {}
        self._last: dict[Any, Position] = {}

    def forget(self, actor: Any) -> None:
        """Drop what an actor said about its last job."""
        self._asked.pop(actor, None)
        self._last.pop(actor, None)

    def __call__(self, actors: Sequence[Any]) -> list[Position]:
        """The last known position of each actor."""
        self._asked = {actor: ref for actor, ref in self._asked.items() if actor in actors}
        self._last = {actor: self._last.get(actor, ()) for actor in actors}
        for actor in actors:
            if actor in self._asked and ray.wait([self._asked[actor]], timeout=0)[0]:
                with suppress(RayActorError):  # the loss of a worker is noticed by its job
                    self._last[actor] = ray.get(self._asked.pop(actor))
            if actor not in self._asked:
                self._asked[actor] = actor.position.options(concurrency_group=WATCH).remote()
        return list(self._last.values())


class Pool:
    """A fixed number of workers; a lost one is replaced as soon as the cluster has room for another."""

    def __init__(self, start: Callable[[], Any], n_workers: int) -> None:
        self._start = start
        self._idle: deque[Any] = deque()
        self._starting: dict[Any, Any] = {}
        self._lost_at_start = 0
        self._watch = Watch()
        for _ in range(n_workers):
            self._launch()

    def first(self, progress: Phase = SILENT) -> Any:
        """WorkerInfo of the first worker that is ready."""
        starting = progress.within("starting the workers")
        while True:
            ready, _ = ray.wait(list(self._starting), num_returns=1, timeout=POLL)
            starting.inside(self._watch(list(self._starting.values())[:1]))
            for stream in ready:
                worker_info = self._started(stream)
                if worker_info is not None:
                    return worker_info

    def do(self, jobs: Iterable[Job], progress: Phase = SILENT) -> Iterator[tuple[Job, Any]]:
        """Yields each result of each job as it arrives, or LOST. Raises the error of a worker.

        jobs: made one by one, when a worker is idle. progress: gets the positions of the running jobs.
        """
        upcoming = iter(jobs)
        waiting: deque[Job] = deque(islice(upcoming, 1))
        running: dict[Any, tuple[Job, Any]] = {}
        while waiting or running:
            while waiting and self._idle:
                job, actor = waiting.popleft(), self._idle.popleft()
                self._watch.forget(actor)
                running[actor.do.remote(job.what, *job.arguments)] = (job, actor)
                if not waiting:
                    waiting.extend(islice(upcoming, 1))
            ready, _ = ray.wait([*running, *self._starting], num_returns=1, timeout=POLL)
            progress.inside(self._watch([actor for _, actor in running.values()]))
            for stream in ready:
                if stream in self._starting:
                    self._started(stream)
                    continue
                job, actor = running[stream]
                try:
                    result = _next(stream)
                except StopIteration:
                    del running[stream]
                    self._idle.append(actor)
                except RayActorError:
                    del running[stream]
                    self._launch()
                    waiting.appendleft(_once_more(job))
                    yield job, LOST
                else:
                    yield job, result

    def _launch(self) -> None:
        actor = self._start()
        self._starting[actor.do.remote("describe")] = actor

    def _started(self, stream: Any) -> Any:
        """WorkerInfo of a worker that is ready; None if it was lost or has already reported."""
        try:
            worker_info = _next(stream)
        except StopIteration:
            self._idle.append(self._starting.pop(stream))
            return None
        except RayActorError as error:
            del self._starting[stream]
            self._lost_at_start += 1
            if self._lost_at_start > LOSSES:
                raise MeasureError(
                    f"Ray workers are lost before they have loaded the model ({_reason(error)}); "
                    "check that the machine has enough memory for it."
                ) from error
            self._launch()
            return None
        self._lost_at_start = 0
        return worker_info


def _next(stream: Any) -> Any:
    try:
        result = ray.get(next(stream))
    except RayTaskError as error:
        raise error.cause from error
    if isinstance(result, Failed):
        raise result.kind(result.message)
    return result


def _once_more(job: Job) -> Job:
    job.losses += 1
    if job.losses > LOSSES:
        raise MeasureError(
            f"{LOSSES + 1} workers were lost over {job.name}; check that they have enough memory, "
            "and use fewer --examples-at-once or --batch-tokens if not."
        )
    return job


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
