"""What some ablations need to know of a whole run before its first batch: mean activations, and each neuron's usual type."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.batch import Batch
from neurontui.compute.measures.device_masks import type_codes
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.models.capture import CaptureOptions, capture
from neurontui.compute.models.loaded import LoadedModel


@dataclass(frozen=True)
class FirstPass:
    """Summaries over all examples of a run."""

    means: dict[int, Tensor]
    """Per layer (d_m,) float32: mean activation at the token of measurement, over examples and languages."""
    types: tuple[Tensor, ...]
    """Per layer (d_m,) int64: the type code that a neuron has in most examples, the lower one where two are even."""


def first_pass(
    loaded: LoadedModel,
    batches: Iterable[Batch],
    options: CaptureOptions,
    done: Callable[[Batch], None] = lambda _batch: None,
) -> FirstPass:
    """Run all prompts once and keep sums only; costs one forward over the run. done: called behind each batch."""
    sums = [_Sums.empty(each.n_neurons) for each in loaded.layers]
    for batch in batches:
        found = capture(loaded, batch, options)
        for layer, activations in zip(sums, found.activations, strict=True):
            layer.add(activations, options.threshold)
        done(batch)
    means = {ffn.layer.layer: each.mean() for ffn, each in zip(loaded.ffns, sums, strict=True)}
    return FirstPass(means, tuple(each.counts.argmax(0) for each in sums))


@dataclass
class _Sums:
    """Sums of one layer, on the CPU."""

    total: Tensor
    """(d_m,) float64."""
    n_inputs: int
    counts: Tensor
    """(4, d_m) int64 examples of each type."""

    @classmethod
    def empty(cls, n_neurons: int) -> "_Sums":
        counts = torch.zeros(len(TYPES), n_neurons, dtype=torch.int64)
        return cls(torch.zeros(n_neurons, dtype=torch.float64), 0, counts)

    def add(self, activations: Tensor, threshold: float) -> None:
        """activations: (E, P, d_m)."""
        self.total += activations.sum((0, 1), dtype=torch.float64).cpu()
        self.n_inputs += activations.shape[0] * activations.shape[1]
        types = type_codes(pack_tensor(activations > threshold), activations.shape[1])
        for code in range(len(TYPES)):
            self.counts[code] += (types == code).sum(0).cpu()

    def mean(self) -> Tensor:
        return (self.total / max(self.n_inputs, 1)).float()
