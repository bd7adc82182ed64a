"""A pass over all examples before an ablation that needs to know them all: majority types and mean activations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.device_masks import type_codes
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.measures.skip_invalid import NothingValidError, capture_valid
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.run_options import capture_options
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class Survey:
    """What an ablation knows of all examples; None where it does not ask."""

    types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,): code of each neuron's most frequent type; of equally frequent ones, the more active."""
    means: Mapping[int, Tensor] | None = None
    """Per layer (d_m,) float32: mean activation at the token of measurement, over examples and languages."""


@dataclass(frozen=True)
class Surveyed:
    """What some examples say to it; adds up."""

    counts: tuple[Tensor, ...]
    """Per layer (types, d_m) int64: in how many examples each neuron has each type."""
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
    """Whether the ablation of a run asks for anything about all examples."""
    asks = config.ablation_set == "global" or config.ablation_value == "mean"
    return "ablation" in config.measures and asks


def survey(config: RunConfig, loaded: LoadedModel, batch: Batch) -> Surveyed:
    """Run the prompts of a batch once, a part at a time; the same numbers in every sitting."""
    options = replace(capture_options(config), any_token=False)
    found = _nothing(loaded.layers)
    for part in batch.parts(config.examples_at_once):
        try:
            _, captured, _ = capture_valid(loaded, part, options, config.skip_bad)
        except NothingValidError:
            continue
        found += Surveyed(
            tuple(_type_counts(each > options.threshold) for each in captured.activations),
            tuple(each.sum((0, 1), dtype=torch.float64).cpu() for each in captured.activations),
            captured.n_tokens.numel(),
        )
    return found


def conclude(config: RunConfig, layers: Sequence[Layer], found: Iterable[Surveyed]) -> Survey:
    """What all batches, in their order, say together; raises MeasureError where they hold nothing that can be measured."""
    total = sum(found, start=_nothing(layers))
    if not total.n_inputs:
        raise MeasureError("No example can be measured.")
    means = {layer.layer: (each / total.n_inputs).float() for layer, each in zip(layers, total.sums, strict=True)}
    return Survey(
        types=tuple(map(_majority, total.counts)) if config.ablation_set == "global" else None,
        means=means if config.ablation_value == "mean" else None,
    )


def _nothing(layers: Sequence[Layer]) -> Surveyed:
    return Surveyed(
        tuple(torch.zeros(len(TYPES), each.n_neurons, dtype=torch.int64) for each in layers),
        tuple(torch.zeros(each.n_neurons, dtype=torch.float64) for each in layers),
        0,
    )


def _type_counts(active: Tensor) -> Tensor:
    """(types, d_m): in how many examples each neuron has each type. active: (E, P, d_m)."""
    codes = type_codes(pack_tensor(active), active.shape[1])
    return torch.stack([(codes == code).sum(0) for code in range(len(TYPES))]).cpu()


def _majority(counts: Tensor) -> Tensor:
    """(d_m,): the type with the largest count, the last in the order of TYPES where several have it."""
    return len(TYPES) - 1 - counts.flip(0).argmax(0)
