"""A pass over all examples before an ablation that depends on all of them: majority types and mean activations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from neurontui.compute.answers.predict import prepare
from neurontui.compute.answers.targets import AnswerBook, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.masks import TYPES, pack_tensor, type_codes
from neurontui.compute.measures.skip_invalid import NothingValidError, measure_valid
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import capture
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import answer_options, capture_options
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class Survey:
    """Results over all examples; None if the ablation does not need them."""

    types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,): code of each neuron's most frequent type; in a tie, the type with more active languages."""
    means: Mapping[int, Tensor] | None = None
    """Per layer (d_m,) float32: mean activation at the token of measurement, over examples and languages."""


@dataclass(frozen=True)
class Surveyed:
    """Counts and sums over some examples; they can be added."""

    counts: tuple[Tensor, ...]
    """Per layer (types, d_m) int64: number of examples in which each neuron has each type."""
    sums: tuple[Tensor, ...]
    """Per layer (d_m,) float64: activations at the token of measurement."""
    n_inputs: int

    def __add__(self, other: "Surveyed") -> "Surveyed":
        return Surveyed(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            self.n_inputs + other.n_inputs,
        )


def needs_survey(config: RunConfig) -> bool:
    """Whether the ablation of a run depends on all examples."""
    depends = config.ablation_set == "global" or config.ablation_value == "mean"
    return "ablation" in config.measures and depends


def survey(
    config: RunConfig, loaded: LoadedModel, batch: Batch, book: AnswerBook | None = None, progress: Phase = SILENT
) -> Surveyed:
    """Run the prompts of a batch once, part by part; repeated in a later session, it gives the same numbers.

    With --skip-bad, examples whose answers cannot be measured are left out too, as in the measurement; that needs
    `book`. Without --skip-bad, the check of the prompts has already refused them.
    """
    options = replace(capture_options(config), any_token=False)

    def measure(part: Batch) -> Capture:
        if config.skip_bad and book is not None and book.has_answers:
            prepare(loaded, part, find_targets(loaded, part, book), answer_options(config))
        return capture(loaded, part, options, counted)

    total, parts = _nothing(loaded.layers), list(batch.parts(config.examples_at_once))
    counted = progress.within("part", len(parts))
    for done, part in enumerate(parts):
        counted.reach(done)
        try:
            captured, _ = measure_valid(part, measure, skip_bad=config.skip_bad)
        except NothingValidError:
            continue
        total += Surveyed(
            tuple(_type_counts(activations > options.threshold) for activations in captured.activations),
            tuple(activations.sum((0, 1), dtype=torch.float64).cpu() for activations in captured.activations),
            captured.n_tokens.numel(),
        )
    return total


def conclude(config: RunConfig, layers: Sequence[Layer], surveyed: Iterable[Surveyed]) -> Survey:
    """Combine all batches, in order; raises MeasureError if none has an example that can be measured."""
    total = sum(surveyed, start=_nothing(layers))
    if not total.n_inputs:
        raise MeasureError("No example can be measured.")
    means = {layer.layer: (sums / total.n_inputs).float() for layer, sums in zip(layers, total.sums, strict=True)}
    return Survey(
        types=tuple(map(_majority, total.counts)) if config.ablation_set == "global" else None,
        means=means if config.ablation_value == "mean" else None,
    )


def _nothing(layers: Sequence[Layer]) -> Surveyed:
    return Surveyed(
        tuple(torch.zeros(len(TYPES), layer.n_neurons, dtype=torch.int64) for layer in layers),
        tuple(torch.zeros(layer.n_neurons, dtype=torch.float64) for layer in layers),
        0,
    )


def _type_counts(active: Tensor) -> Tensor:
    """(types, d_m): number of examples in which each neuron has each type. active: (E, P, d_m)."""
    codes = type_codes(pack_tensor(active), active.shape[1])
    return torch.stack([(codes == code).sum(0) for code in range(len(TYPES))]).cpu()


def _majority(counts: Tensor) -> Tensor:
    """(d_m,): the type with the largest count; in a tie, the last in the order of TYPES."""
    return len(TYPES) - 1 - counts.flip(0).argmax(0)
