"""The engine of a Ray cluster: one actor per GPU, or CPU workers, on this machine or on several.

A worker writes the shards of its batch to a folder on its own machine and sends the files back through Ray. Only this
process writes the journal, so no shared disk is needed. Batches are the same for every engine, so the results are
identical to those of the local engine.
"""

import logging
import math
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurontui.compute.ablation.survey import Surveyed
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import CorpusBatch
from neurontui.compute.corpus.precision import Means
from neurontui.compute.engines.base import WorkerInfo
from neurontui.compute.measures.measurer import Ablation, Tables
from neurontui.compute.measures.token_values import TokenRequest
from neurontui.compute.progress import SILENT, Phase, Progress, phase_of
from neurontui.compute.tasks.example import TaskData
from neurontui.store.errors import MeasureError, MissingExtraError, UsageError
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.shards import batch_folder, write_files
from neurontui.store.os_errors import first_line

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage statistics are sent
try:
    import ray

    from neurontui.compute.engines.ray.actor import WATCH, RayWorker
    from neurontui.compute.engines.ray.pool import LOST, Job, Pool
except ModuleNotFoundError as error:
    raise MissingExtraError("--engine ray needs Ray, which is not installed: pip install 'neurontui[ray]'.") from error

_REACHABLE_WITHIN = 10.0


class RayEngine:
    """A pool of workers, each with a copy of the model."""

    def __init__(self, pool: Pool, worker_info: WorkerInfo) -> None:
        self._pool = pool
        self.worker_info = worker_info

    def check_prompts(self, progress: Phase = SILENT) -> PromptReport:
        report: PromptReport = self._once(Job("check_prompts", (), "the check of the prompts"), progress)
        return report

    def survey(self, batches: Sequence[Batch], progress: Phase = SILENT) -> Iterator[Surveyed]:
        jobs = [Job("survey", (batch,), f"batch {batch.number}") for batch in batches]
        results = {}
        for job, result in self._pool.do(jobs, progress):
            if result is not LOST:
                results[job] = result
                progress.advance()
        return (results[job] for job in jobs)

    def measure(
        self,
        ablation: Ablation,
        batches: Sequence[Batch],
        journal: Journal,
        progress: Progress,
        counted: Phase = SILENT,
    ) -> None:
        shared = ray.put(ablation)
        jobs = (Job("measure", (batch, shared), f"batch {batch.number}") for batch in batches)
        self._write_batches(jobs, journal, progress, counted)

    def measure_corpus(
        self, batches: Iterable[CorpusBatch], journal: Journal, progress: Progress, counted: Phase = SILENT
    ) -> None:
        jobs = (Job("measure_corpus", (batch,), f"batch {batch.number}") for batch in batches)
        self._write_batches(jobs, journal, progress, counted)

    def _write_batches(self, jobs: Iterable[Job], journal: Journal, progress: Progress, counted: Phase) -> None:
        """Write the files of each job's batch, its first argument, into the journal."""
        for job, result in self._pool.do(jobs, counted):
            number = job.arguments[0].number
            if result is LOST:
                progress.say(f"A worker was lost; batch {number} is measured again.")
            else:
                write_files(batch_folder(journal.path, number), result)
                counted.advance()

    def passage_means(self, batches: Iterable[CorpusBatch], counted: Phase = SILENT) -> Iterator[Means]:
        jobs = (Job("passage_means", (batch,), "average precision") for batch in batches)
        means: dict[int, Means] = {}
        for job, result in self._pool.do(jobs, counted):
            if result is not LOST:
                means[job.arguments[0].number] = result
                counted.advance()
        return (means[number] for number in sorted(means))

    def vocabulary(self, pairs: Sequence[tuple[int, int]], progress: Phase = SILENT) -> Tables:
        tables: Tables = self._once(Job("vocabulary", (pairs,), "the vocabulary of neurons"), progress)
        return tables

    def token_values(self, requests: Sequence[TokenRequest], progress: Phase = SILENT) -> Iterator[Tables]:
        jobs = [Job("token_values", (request,), "activity at every token") for request in requests]
        for _, result in self._pool.do(jobs, progress):
            if result is not LOST:
                yield result
                progress.advance()

    def _once(self, job: Job, progress: Phase) -> Any:
        """The only result of a job."""
        return [result for _, result in self._pool.do([job], progress) if result is not LOST][-1]


@contextmanager
def ray_engine(config: RunConfig, data: TaskData, progress: Progress) -> Iterator[RayEngine]:
    """Workers with their model loaded; raises UsageError if the cluster cannot be reached or is too small."""
    phase_of(progress).within("starting Ray")
    _connect(config)
    try:
        share, n_workers = _shares(config)
        unit = f"{share['num_gpus']} GPU" if share["num_gpus"] else f"{share['num_cpus']} CPU core"
        progress.say(f"{n_workers} Ray worker(s) with {unit}(s) each")
        # A worker has another working directory, so the path of a local model must be absolute.
        folder = Path(config.model).expanduser()
        config = replace(config, model=str(folder.resolve()) if folder.is_dir() else config.model)
        remote: Any = ray.remote(concurrency_groups={WATCH: 1})  # type: ignore[call-overload]
        actor: Any = remote(RayWorker)
        shared = ray.put(config), ray.put(data)
        pool = Pool(lambda: actor.options(**share).remote(*shared), n_workers)
        yield RayEngine(pool, pool.first(phase_of(progress)))
    finally:
        ray.shutdown()


def _connect(config: RunConfig) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if config.address is None:
        _start(max(os.cpu_count() or 1, config.workers or 1), quiet)
        return
    try:
        _require_reachable(config.address)
        ray.init(config.address, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"No Ray cluster can be reached at {config.address} ({first_line(error)}); start one with "
            "`ray start --head`, join it from this machine too, and use HOST:PORT of its head, or omit --address."
        ) from error


def _start(cores: int, quiet: dict[str, Any]) -> None:
    """Start a cluster on this machine only; retried, because Ray times out on a busy machine."""
    for last in (False, False, True):
        try:
            ray.init("local", num_cpus=cores, include_dashboard=False, **quiet)
            break
        except Exception as error:  # Ray raises a plain Exception on timeout
            ray.shutdown()
            if last:
                raise MeasureError(
                    f"Ray does not start on this machine ({first_line(error)}); omit --engine ray, "
                    "or start a cluster with `ray start --head` and use its --address."
                ) from error


def _require_reachable(address: str) -> None:
    """Raise OSError or ValueError immediately; Ray itself would wait for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if "/" in address or not host or not port.isdigit():
        raise ValueError("that is not HOST:PORT")
    socket.create_connection((host, int(port)), _REACHABLE_WITHIN).close()


def _shares(config: RunConfig) -> tuple[dict[str, int], int]:
    """Resources of each worker, and the number of workers."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    machines = [node["Resources"] for node in nodes if node["Alive"]]
    gpus = int(sum(machine.get("GPU", 0) for machine in machines))
    if gpus and not (config.device or "").startswith("cpu"):
        most = sum(int(machine.get("GPU", 0)) // config.gpus_a_worker for machine in machines)
        if (config.workers or 1) > most:
            raise UsageError(
                f"The cluster has {gpus} GPU(s), not enough for {config.workers or 1} worker(s) with "
                f"{config.gpus_a_worker} each."
            )
        return {"num_gpus": config.gpus_a_worker, "num_cpus": 1}, config.workers or most
    n_workers = config.workers or len(machines)
    cores = min(int(machine.get("CPU", 0)) for machine in machines)
    share = cores // math.ceil(n_workers / len(machines))
    if share < 1:
        raise UsageError(f"The cluster has too few CPU cores for {n_workers} workers.")
    return {"num_gpus": 0, "num_cpus": share}, n_workers
