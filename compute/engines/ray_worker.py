"""A worker as a Ray actor. What it measures goes back as the files of a batch's folder; failures go back as sentences."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.worker import Worker
from neurontui.compute.measure import Ablation
from neurontui.compute.tasks.example import TaskData
from neurontui.store import errors
from neurontui.store.shards import batch_folder, read_files

Files = dict[str, bytes]


@dataclass(frozen=True)
class Failed:
    """A failure that a user can meet: its kind, one of store/errors.py, and its sentence."""

    kind: type[errors.NeurontuiError]
    sentence: str

    @classmethod
    def of(cls, error: errors.NeurontuiError) -> "Failed":
        """Without what an error carries besides, which need not travel."""
        kind = next(each for each in type(error).__mro__ if each.__module__ == errors.__name__)
        return cls(kind, str(error))


class RayWorker:
    """Every method gives its results one by one, and Failed in place of raising a NeurontuiError."""

    def __init__(self, config: RunConfig, data: TaskData) -> None:
        self._config, self._data = config, data
        self._worker: Worker | None = None
        self._begun = False

    def do(self, what: str, *arguments: Any) -> Iterator[Any]:
        """Run a method below."""
        try:
            yield from getattr(self, what)(*arguments)
        except errors.NeurontuiError as error:
            yield Failed.of(error)

    def introduce(self) -> Iterator[Any]:
        """Load the model and say what it is: an Introduction."""
        yield self._loaded().introduce()

    def survey(self, batch: Batch) -> Iterator[Any]:
        """What an ablation has to know of a batch: Surveyed."""
        yield self._loaded().survey(batch)

    def measure(self, batch: Batch, ablation: Ablation) -> Iterator[int | Files]:
        """How many more examples are measured, time and again, and at last the files of the batch."""
        worker = self._loaded()
        if not self._begun:
            worker.begin(ablation)
            self._begun = True
        with tempfile.TemporaryDirectory(prefix="neurontui-") as scratch:
            folder = batch_folder(Path(scratch), batch.number)
            yield from worker.measure(batch, folder)
            yield read_files(folder)

    def vocabulary(self, pairs: Sequence[tuple[int, int]]) -> Iterator[Any]:
        """neuron_vocabulary of some (layer, neuron) pairs: tables."""
        yield self._loaded().vocabulary(pairs)

    def _loaded(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(self._config, self._data)
        return self._worker
