"""One loaded model and all that an engine asks of it; knows nothing of journals or of other workers."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from neurontui.compute.ablation.survey import Surveyed, survey
from neurontui.compute.answers.targets import answer_book, collision_notes
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport, check_prompts, usable_examples
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.background_writer import WriterThread
from neurontui.compute.engines.base import WorkerInfo
from neurontui.compute.estimate.throughput import seconds_per_pass
from neurontui.compute.measures.measurer import Ablation, Measurer, Tables
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.compute.models.load.load import load_model
from neurontui.compute.run_options import answer_options, model_options
from neurontui.compute.tasks.example import TaskData
from neurontui.store.journal.shards import ShardWriter


class Worker:
    """Measures batches into folders."""

    def __init__(self, config: RunConfig, data: TaskData) -> None:
        self._config = config
        self._data = data
        self._loaded = load_model(model_options(config))
        self._book = answer_book(self._loaded, data.examples, data.languages)
        self._measurer: Measurer | None = None

    def describe(self) -> WorkerInfo:
        """What it has loaded."""
        return WorkerInfo(
            model=self._loaded.facts,
            answer_notes=collision_notes(self._book),
            seconds_per_pass=seconds_per_pass(self._loaded, self._data),
        )

    def check_prompts(self) -> PromptReport:
        """What is wrong with the prompts of the whole run; no forward pass."""
        options = answer_options(self._config)
        return check_prompts(self._loaded, self._data, self._book, options)

    def survey(self, batch: Batch) -> Surveyed:
        """What an ablation has to know of a batch."""
        if self._config.skip_bad:  # over the examples that are measured, and no others
            options = answer_options(self._config)
            batch = usable_examples(self._loaded, batch, self._book, options)
        return survey(self._config, self._loaded, batch)

    def begin(self, ablation: Ablation) -> None:
        """Get ready to measure."""
        self._measurer = Measurer(self._config, self._loaded, self._book, ablation)

    def measure(self, batch: Batch, folder: Path) -> Iterator[int]:
        """Measure a batch into `folder`, whole or not at all; yields how many more of its examples are measured."""
        assert self._measurer is not None
        return measure_into(folder, self._measurer, batch)

    def vocabulary(self, pairs: Sequence[tuple[int, int]]) -> Tables:
        """neuron_vocabulary of some (layer, neuron) pairs."""
        return vocabulary_tables(self._loaded, pairs)


def measure_into(folder: Path, measurer: Measurer, batch: Batch) -> Iterator[int]:
    """Write the shards of a batch piece by piece, while the next piece is measured; yields examples, part by part."""
    began, n_tokens = time.monotonic(), 0
    with WriterThread(ShardWriter(folder)) as writer:
        for piece in measurer(batch):
            writer.append(piece.tables)
            n_tokens += piece.n_tokens
            if piece.n_examples:
                yield piece.n_examples
        writer.publish(lambda: time.monotonic() - began, n_tokens)
