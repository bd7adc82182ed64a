"""The engine of this process: one model, batch after batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from neurontui.compute.ablation.survey import Surveyed
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.base import WorkerInfo
from neurontui.compute.engines.worker import Worker
from neurontui.compute.measures.measurer import Ablation, Tables
from neurontui.compute.progress import Progress
from neurontui.compute.tasks.example import TaskData
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.shards import batch_folder


class LocalEngine:
    """A worker in this process, writing straight into the journal."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @cached_property
    def worker_info(self) -> WorkerInfo:
        return self._worker.describe()

    def check_prompts(self) -> PromptReport:
        return self._worker.check_prompts()

    def survey(self, batches: Sequence[Batch]) -> Iterator[Surveyed]:
        return map(self._worker.survey, batches)

    def measure(self, ablation: Ablation, batches: Sequence[Batch], journal: Journal, progress: Progress) -> None:
        self._worker.begin(ablation)
        for batch in batches:
            for n_examples in self._worker.measure(batch, batch_folder(journal.path, batch.number)):
                progress.advance(n_examples)

    def vocabulary(self, pairs: Sequence[tuple[int, int]]) -> Tables:
        return self._worker.vocabulary(pairs)


@contextmanager
def local_engine(config: RunConfig, data: TaskData) -> Iterator[LocalEngine]:
    """Loads the model here."""
    yield LocalEngine(Worker(config, data))
