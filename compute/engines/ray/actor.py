"""A worker as a Ray actor. It sends results back as the files of a batch's folder, and failures as messages.

Imports are inside the methods: Ray keeps this class, and all that it references, until the process ends.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurontui.store import errors

if TYPE_CHECKING:
    from neurontui.compute.engines.local import LocalEngine
    from neurontui.compute.measures.measurer import Measurer
    from neurontui.compute.progress import Phase
    from neurontui.store.journal.position import Position

Files = dict[str, bytes]
WATCH = "watch"
"""Concurrency group of `position`, so that it is answered while another method runs."""


@dataclass(frozen=True)
class Failed:
    """An error for the user: its class, one of store/errors.py, and its message."""

    kind: type[errors.NeurontuiError]
    message: str

    @classmethod
    def of(cls, error: errors.NeurontuiError) -> "Failed":
        """Keep the public error class and the message; other attributes need not be pickled."""
        kind = next(base for base in type(error).__mro__ if base.__module__ == errors.__name__)
        return cls(kind, str(error))


class RayWorker:
    """Every method yields its results one by one, and Failed instead of raising a NeurontuiError."""

    def __init__(self, config: Any, data: Any) -> None:
        """config: RunConfig; data: TaskData. The model is loaded on first use."""
        self._config, self._data = config, data
        self._engine: LocalEngine | None = None
        self._position: Position = ()
        self._measurer: Measurer | None = None

    def do(self, what: str, *arguments: Any) -> Iterator[Any]:
        """Run the method named `what`."""
        self._position = ()
        try:
            yield from getattr(self, what)(*arguments)
        except errors.NeurontuiError as error:
            yield Failed.of(error)

    def position(self) -> "Position":
        """Where the current method is; called while it runs."""
        return self._position

    def describe(self) -> Iterator[Any]:
        """Load the model and yield its WorkerInfo."""
        yield self._loaded().worker_info

    def check_prompts(self) -> Iterator[Any]:
        """Check all prompts of the run; yields a PromptReport."""
        yield self._loaded().check_prompts(self._phase())

    def survey(self, batch: Any) -> Iterator[Any]:
        """Counts and sums that an ablation needs from a batch; yields Surveyed."""
        yield from self._loaded().survey([batch], self._phase())

    def measure(self, batch: Any, ablation: Any) -> Iterator[Files]:
        """Yields the files of the batch."""
        from neurontui.compute.engines.local import measure_into
        from neurontui.store.journal.shards import batch_folder, read_files

        if self._measurer is None:
            self._measurer = self._loaded().measurer(ablation)
        with tempfile.TemporaryDirectory(prefix="neurontui-") as scratch:
            folder = batch_folder(Path(scratch), batch.number)
            measure_into(folder, self._measurer, batch, self._phase())
            yield read_files(folder)

    def measure_corpus(self, batch: Any) -> Iterator[Files]:
        """Yields the files of a batch of a corpus."""
        from neurontui.store.journal.shards import batch_folder, read_files

        with tempfile.TemporaryDirectory(prefix="neurontui-") as scratch:
            folder = batch_folder(Path(scratch), batch.number)
            self._loaded().measure_texts(folder, batch, self._phase())
            yield read_files(folder)

    def passage_means(self, batch: Any) -> Iterator[Any]:
        """Yields mean activations of the first passages of a batch's texts."""
        yield from self._loaded().passage_means([batch], self._phase())

    def vocabulary(self, pairs: Any) -> Iterator[Any]:
        """Yields table neuron_vocabulary for some (layer, neuron) pairs."""
        yield self._loaded().vocabulary(pairs, self._phase())

    def token_values(self, request: Any) -> Iterator[Any]:
        """Activity at every token of the inputs of a TokenRequest; yields tables."""
        yield from self._loaded().token_values([request], self._phase())

    def _loaded(self) -> "LocalEngine":
        from neurontui.compute.engines.local import LocalEngine

        if self._engine is None:
            self._engine = LocalEngine(self._config, self._data, progress=self._phase())
        return self._engine

    def _phase(self) -> "Phase":
        from neurontui.compute.progress import Phase

        return Phase(self._reached)

    def _reached(self, position: "Position") -> None:
        self._position = position
