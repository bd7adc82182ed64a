"""Workers of a Ray cluster that take the next job when they are idle; the job of one that is lost is done again."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from neurontui.compute.engines.ray.actor import Failed
from neurontui.store.errors import MeasureError

LOSSES = 3
"""As many workers may be lost over one job, or before they are ready: then something else is wrong."""
LOST = object()
"""Comes in place of a result: the worker is gone, and all that it gave for this job comes again."""


@dataclass(eq=False)
class Job:
    """A method of RayWorker, and what it is given."""

    what: str
    arguments: tuple[Any, ...]
    name: str
    losses: int = 0


class Pool:
    """So many workers; a lost one is replaced as soon as the cluster has room for another."""

    def __init__(self, start: Callable[[], Any], n_workers: int) -> None:
        self._start = start
        self._idle: deque[Any] = deque()
        self._starting: dict[Any, Any] = {}
        self._lost_at_start = 0
        for _ in range(n_workers):
            self._launch()

    def first(self) -> Any:
        """What the first worker that is ready says of itself."""
        while True:
            ready, _ = ray.wait(list(self._starting), num_returns=1)
            for stream in ready:
                worker_info = self._started(stream)
                if worker_info is not None:
                    return worker_info

    def do(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        """Each result of each job as it comes, or LOST. Raises what a worker failed with."""
        waiting = deque(jobs)
        running: dict[Any, tuple[Job, Any]] = {}
        while waiting or running:
            while waiting and self._idle:
                job, actor = waiting.popleft(), self._idle.popleft()
                running[actor.do.remote(job.what, *job.arguments)] = (job, actor)
            ready, _ = ray.wait([*running, *self._starting], num_returns=1)
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
        self._starting[actor.do.remote("introduce")] = actor

    def _started(self, stream: Any) -> Any:
        """What a worker says of itself when it is ready; None where it was lost, or has said so already."""
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
                    "see whether the machine's memory holds it."
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
        raise result.kind(result.sentence)
    return result


def _once_more(job: Job) -> Job:
    job.losses += 1
    if job.losses > LOSSES:
        raise MeasureError(
            f"{LOSSES + 1} workers were lost over {job.name}; see whether their memory holds it, "
            "and use fewer --examples-at-once or --batch-tokens if not."
        )
    return job


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
