"""A pass over all examples before an ablation that needs to know them all: majority types and mean activations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from neurontui.compute.batch import Batch
from neurontui.compute.choices import capture_options
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.device_masks import type_codes
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.usable import capture_usable


@dataclass(frozen=True)
class Survey:
    """What an ablation knows of all examples; None where it does not ask."""

    types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,): code of each neuron's most frequent type; of equally frequent ones, the more active."""
    means: Mapping[int, Tensor] | None = None
    """Per layer (d_m,) float32: mean activation at the token of measurement, over examples and languages."""


def survey(config: RunConfig, loaded: LoadedModel, batches: Sequence[Batch]) -> Survey:
    """Run all prompts once where the ablation needs it; the same numbers in every sitting."""
    wants_types = config.ablation_set == "global"
    wants_means = config.ablation_value == "mean"
    if "ablation" not in config.measures or not (wants_types or wants_means):
        return Survey()
    options = replace(capture_options(config), any_token=False)
    counts = [torch.zeros(len(TYPES), each.n_neurons, dtype=torch.int64) for each in loaded.layers]
    sums = [torch.zeros(each.n_neurons, dtype=torch.float64) for each in loaded.layers]
    n_inputs = 0
    for batch in batches:
        _, captured, _ = capture_usable(loaded, batch, options, config.skip_bad)
        n_inputs += captured.n_tokens.numel()
        for i, activations in enumerate(captured.activations):
            counts[i] += _type_counts(activations > options.threshold)
            sums[i] += activations.sum((0, 1), dtype=torch.float64).cpu()
    return Survey(
        types=tuple(map(_majority, counts)) if wants_types else None,
        means=_means(loaded, sums, n_inputs) if wants_means else None,
    )


def _type_counts(active: Tensor) -> Tensor:
    """(types, d_m): in how many examples each neuron has each type. active: (E, P, d_m)."""
    codes = type_codes(pack_tensor(active), active.shape[1])
    return torch.stack([(codes == code).sum(0) for code in range(len(TYPES))]).cpu()


def _majority(counts: Tensor) -> Tensor:
    """(d_m,): the type with the largest count, the last in the order of TYPES where several have it."""
    return len(TYPES) - 1 - counts.flip(0).argmax(0)


def _means(loaded: LoadedModel, sums: Sequence[Tensor], n_inputs: int) -> dict[int, Tensor]:
    return {
        layer.layer: (total / n_inputs).float()
        for layer, total in zip(loaded.layers, sums, strict=True)
    }
