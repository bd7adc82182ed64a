"""The interface that every engine has. Imports no engine: `factory` chooses one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from neurontui.compute.ablation.survey import Surveyed
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport
from neurontui.compute.corpus.batches import CorpusBatch
from neurontui.compute.corpus.precision import Means
from neurontui.compute.measures.measurer import Ablation, Tables
from neurontui.compute.measures.token_values import TokenRequest
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import SILENT, Phase, Progress
from neurontui.store.journal.journal import Journal


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker reports once it has loaded the model; the same for every worker of a run."""

    model: ModelFacts
    answer_notes: tuple[tuple[str, str], ...]
    """(topic, text) pairs about answers with the same first token."""
    seconds_per_pass: float
    """Estimated time of one forward pass over all prompts of one example."""


class Engine(Protocol):
    """Measures batches into a journal."""

    @property
    def worker_info(self) -> WorkerInfo:
        """The model and facts that follow from it."""

    def check_prompts(self, progress: Phase = SILENT) -> PromptReport:
        """Check all prompts of the run, without a forward pass."""

    def survey(self, batches: Sequence[Batch], progress: Phase = SILENT) -> Iterator[Surveyed]:
        """Counts and sums that an ablation needs from each batch, in order."""

    def measure(
        self,
        ablation: Ablation,
        batches: Sequence[Batch],
        journal: Journal,
        progress: Progress,
        counted: Phase = SILENT,
    ) -> None:
        """Measure batches into the journal, in any order; raises NeurontuiError subclasses. counted: the batches."""

    def measure_corpus(
        self, batches: Iterable[CorpusBatch], journal: Journal, progress: Progress, counted: Phase = SILENT
    ) -> None:
        """Measure batches of a corpus into the journal, in any order. counted: the batches."""

    def passage_means(self, batches: Iterable[CorpusBatch], counted: Phase = SILENT) -> Iterator[Means]:
        """Mean activations of the first passages of the texts of each batch, in order. counted: the batches."""

    def vocabulary(self, pairs: Sequence[tuple[int, int]], progress: Phase = SILENT) -> Tables:
        """Table neuron_vocabulary for some (layer, neuron) pairs."""

    def token_values(self, requests: Sequence[TokenRequest], progress: Phase = SILENT) -> Iterator[Tables]:
        """Tables prompt_tokens and neuron_token_values of each request, in any order."""
