"""What runs a measurement: in this process, or on the workers of a cluster. One interface, and the one choice.

An engine holds the model, wherever it is; whoever uses it knows the model's facts and its batches.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from neurontui.compute.ablation.survey import Surveyed
from neurontui.compute.batch import Batch
from neurontui.compute.checks.prompts import PromptReport
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.measurer import Ablation, Tables
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import Progress
from neurontui.compute.tasks.example import TaskData
from neurontui.store.journal.journal import Journal


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker says of itself once it has loaded the model."""

    model: ModelFacts
    answer_notes: tuple[tuple[str, str], ...]
    """(topic, sentence) pairs about answers that start alike."""
    seconds_per_pass: float
    """Estimated, of all prompts of one example."""


class Engine(Protocol):
    """Measures batches into a journal."""

    @property
    def worker_info(self) -> WorkerInfo:
        """What is measured with."""

    def check_prompts(self) -> PromptReport:
        """What is wrong with the prompts of the run; no forward pass."""

    def survey(self, batches: Sequence[Batch]) -> Iterator[Surveyed]:
        """What an ablation has to know of each batch, in order."""

    def measure(self, ablation: Ablation, batches: Sequence[Batch], journal: Journal, progress: Progress) -> None:
        """Bring batches into the journal, in any order; raises NeurontuiError subclasses."""

    def vocabulary(self, pairs: Sequence[tuple[int, int]]) -> Tables:
        """neuron_vocabulary of some (layer, neuron) pairs."""


def open_engine(config: RunConfig, data: TaskData, progress: Progress) -> AbstractContextManager[Engine]:
    """The engine that a run asks for, with its model loaded; raises MissingExtraError where Ray is not installed."""
    if config.engine == "ray":
        from neurontui.compute.engines.ray.engine import ray_engine

        return ray_engine(config, data, progress)
    from neurontui.compute.engines.local import local_engine

    return local_engine(config, data)
