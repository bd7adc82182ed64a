"""The engine of this process: one loaded model that measures batch after batch. A Ray worker holds one too."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from neurontui.compute.ablation.survey import Surveyed, survey
from neurontui.compute.answers.targets import answer_book, collision_notes
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport, check_prompts
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import CorpusBatch
from neurontui.compute.corpus.measure import measure_corpus
from neurontui.compute.corpus.precision import Means, means_of
from neurontui.compute.engines.background_writer import WriterThread
from neurontui.compute.engines.base import WorkerInfo
from neurontui.compute.estimate.throughput import seconds_per_pass
from neurontui.compute.measures.measurer import Ablation, Measurer, Tables
from neurontui.compute.measures.token_values import TokenRequest, token_value_tables
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.compute.models.load.load import load_model
from neurontui.compute.progress import SILENT, Phase, Progress
from neurontui.compute.run_options import answer_options, model_options
from neurontui.compute.tasks.example import TaskData
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.shards import ShardWriter, batch_folder, write_shards


class LocalEngine:
    """Loads the model when it is created."""

    def __init__(
        self,
        config: RunConfig,
        data: TaskData,
        say: Callable[[str], None] = lambda _: None,
        progress: Phase = SILENT,
    ) -> None:
        """`say` gets messages about loading the model."""
        self._config = config
        self._data = data
        self._loaded = load_model(model_options(config), say, progress)
        progress.within("reading the answers")
        self._book = answer_book(self._loaded, data.examples, data.languages)

    @cached_property
    def worker_info(self) -> WorkerInfo:
        return WorkerInfo(
            model=self._loaded.facts,
            answer_notes=collision_notes(self._book),
            seconds_per_pass=seconds_per_pass(self._loaded, self._data),
        )

    def check_prompts(self, progress: Phase = SILENT) -> PromptReport:
        return check_prompts(self._loaded, self._data, self._book, answer_options(self._config), progress)

    def survey(self, batches: Sequence[Batch], progress: Phase = SILENT) -> Iterator[Surveyed]:
        for batch in batches:
            yield survey(self._config, self._loaded, batch, self._book, progress)
            progress.advance()

    def measurer(self, ablation: Ablation) -> Measurer:
        """A measurer of the loaded model; use one for all batches of a run."""
        return Measurer(self._config, self._loaded, self._book, ablation)

    def measure(
        self,
        ablation: Ablation,
        batches: Sequence[Batch],
        journal: Journal,
        progress: Progress,
        counted: Phase = SILENT,
    ) -> None:
        measurer = self.measurer(ablation)
        for batch in batches:
            measure_into(batch_folder(journal.path, batch.number), measurer, batch, counted)
            counted.advance()

    def measure_corpus(
        self, batches: Iterable[CorpusBatch], journal: Journal, progress: Progress, counted: Phase = SILENT
    ) -> None:
        for batch in batches:
            self.measure_texts(batch_folder(journal.path, batch.number), batch, counted)
            counted.advance()

    def measure_texts(self, folder: Path, batch: CorpusBatch, progress: Phase = SILENT) -> None:
        """Write the shards of a batch of a corpus to `folder`, all or nothing."""
        began = time.monotonic()
        tables, n_tokens = measure_corpus(self._config, self._loaded, batch, progress)
        write_shards(folder, tables, time.monotonic() - began, n_tokens)

    def passage_means(self, batches: Iterable[CorpusBatch], counted: Phase = SILENT) -> Iterator[Means]:
        for batch in batches:
            yield means_of(self._config, self._loaded, batch, counted)
            counted.advance()

    def vocabulary(self, pairs: Sequence[tuple[int, int]], progress: Phase = SILENT) -> Tables:
        return vocabulary_tables(self._loaded, pairs, progress=progress)

    def token_values(self, requests: Sequence[TokenRequest], progress: Phase = SILENT) -> Iterator[Tables]:
        for request in requests:
            yield token_value_tables(self._config, self._loaded, request, progress)
            progress.advance()


def measure_into(folder: Path, measurer: Measurer, batch: Batch, progress: Phase = SILENT) -> None:
    """Write the shards of a batch to `folder`, all or nothing.

    A piece is written while the next one is measured.
    """
    began, n_tokens = time.monotonic(), 0
    with WriterThread(ShardWriter(folder)) as writer:
        for piece in measurer(batch, progress):
            writer.append(piece.tables)
            n_tokens += piece.n_tokens
        writer.publish(lambda: time.monotonic() - began, n_tokens)
