"""Histograms of each neuron's activation A at the token of measurement, one per language.

The bins are powers of two on both sides of 0, so that they follow from sign and exponent of a float. Only the token of
measurement is counted: its activations are in memory anyway, while all tokens would be many times as many values.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.batch import Capture
from neurontui.compute.config import RunConfig
from neurontui.store.journal.manifest import Layer

BINS = 32
"""Bins 0 to 15 are A ≤ 0, from the most negative; 16 to 31 are A > 0."""
SMALLEST = -9
"""|A| below 2 to this power is in one of the two bins at 0; each further bin is twice as wide, the last is open."""
AT_MOST = 1 << 25
"""Counts (neurons × languages × bins) that a run keeps in memory by default; 134 MB."""
_EXPONENT_BITS, _EXPONENT_MASK, _EXPONENT_BIAS = 23, 0xFF, 127


def n_counts(layers: Sequence[Layer], n_languages: int) -> int:
    """Counts of a run: the most rows of neuron_density."""
    return BINS * n_languages * sum(layer.n_neurons for layer in layers)


def has_density(config: RunConfig, layers: Sequence[Layer], n_languages: int) -> bool:
    """Whether a run counts: as requested, by default up to AT_MOST."""
    return n_counts(layers, n_languages) <= AT_MOST if config.density is None else config.density


def bins_of(activations: Tensor) -> Tensor:
    """The bin of each activation, int32, of any shape and float type."""
    values = activations.float().contiguous()
    exponent = (values.view(torch.int32) >> _EXPONENT_BITS) & _EXPONENT_MASK
    step = (exponent - (_EXPONENT_BIAS + SMALLEST - 1)).clamp(0, BINS // 2 - 1)
    return torch.where(values > 0, BINS // 2 + step, BINS // 2 - 1 - step)


class Density:
    """Counts over all parts of one batch."""

    def __init__(self, languages: Sequence[str], layers: Sequence[Layer]) -> None:
        self._languages, self._layers = languages, layers
        self._counts: list[Tensor] = []
        """Per layer (P, d_m, BINS) int64."""

    @torch.inference_mode()
    def add(self, capture: Capture) -> None:
        """Count a part."""
        counts = [_counted(activations) for activations in capture.activations]
        before = self._counts or [torch.zeros_like(layer) for layer in counts]
        self._counts = [a + b for a, b in zip(before, counts, strict=True)]

    def tables(self) -> dict[str, pa.Table]:
        """Shard table neuron_density, without bins that are empty."""
        parts = [self._rows(layer, counts) for layer, counts in zip(self._layers, self._counts, strict=True)]
        return {"neuron_density": pa.concat_tables(parts)} if parts else {}

    def _rows(self, layer: Layer, counts: Tensor) -> pa.Table:
        counted = counts.cpu().numpy()
        bit, neuron, number = np.nonzero(counted)
        return pa.table(
            {
                "layer": np.full(len(bit), layer.layer, np.int32),
                "neuron": neuron.astype(np.int32),
                "language": pa.DictionaryArray.from_arrays(bit.astype(np.int8), list(self._languages)),
                "bin": number.astype(np.int32),
                "n": counted[bit, neuron, number],
            }
        )


def _counted(activations: Tensor) -> Tensor:
    """(E, P, d_m) -> (P, d_m, BINS)."""
    _, n_languages, width = activations.shape
    places = torch.arange(n_languages * width, device=activations.device).view(n_languages, width)
    flat = (places * BINS + bins_of(activations)).flatten()
    return torch.bincount(flat, minlength=n_languages * width * BINS).view(n_languages, width, BINS)
