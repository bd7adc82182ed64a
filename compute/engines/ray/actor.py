"""A worker as a Ray actor. What it measures goes back as the files of a batch's folder; failures go back as sentences.

Imports stand in the methods: Ray holds on to this class until the very end of a process, and to all that it names.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurontui.store import errors

if TYPE_CHECKING:
    from neurontui.compute.engines.worker import Worker

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

    def __init__(self, config: Any, data: Any) -> None:
        """RunConfig and TaskData; the model is loaded when it is first asked for."""
        self._config, self._data = config, data
        self._worker: Worker | None = None
        self._begun = False

    def do(self, what: str, *arguments: Any) -> Iterator[Any]:
        """Run a method below."""
        try:
            yield from getattr(self, what)(*arguments)
        except errors.NeurontuiError as error:
            yield Failed.of(error)

    def describe(self) -> Iterator[Any]:
        """Load the model and say what it is: an Introduction."""
        yield self._loaded().describe()

    def check_prompts(self) -> Iterator[Any]:
        """What is wrong with the prompts of the run: a PromptReport."""
        yield self._loaded().check_prompts()

    def survey(self, batch: Any) -> Iterator[Any]:
        """What an ablation has to know of a batch: Surveyed."""
        yield self._loaded().survey(batch)

    def measure(self, batch: Any, ablation: Any) -> Iterator[int | Files]:
        """How many more examples are measured, time and again, and at last the files of the batch."""
        from neurontui.store.journal.shards import batch_folder, read_files

        worker = self._loaded()
        if not self._begun:
            worker.begin(ablation)
            self._begun = True
        with tempfile.TemporaryDirectory(prefix="neurontui-") as scratch:
            folder = batch_folder(Path(scratch), batch.number)
            yield from worker.measure(batch, folder)
            yield read_files(folder)

    def vocabulary(self, pairs: Any) -> Iterator[Any]:
        """neuron_vocabulary of some (layer, neuron) pairs: tables."""
        yield self._loaded().vocabulary(pairs)

    def _loaded(self) -> "Worker":
        from neurontui.compute.engines.worker import Worker

        if self._worker is None:
            self._worker = Worker(self._config, self._data)
        return self._worker
