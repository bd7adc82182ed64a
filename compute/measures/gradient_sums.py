"""Sum gradient attributions of each neuron by language: a row per neuron and language in every batch of the journal."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.measures.gradients import Gradients
from neurontui.store.journal.manifest import Layer


class GradientSums:
    """Sums over the inputs of a batch, in float64."""

    def __init__(self, languages: Sequence[str], layers: Sequence[Layer]) -> None:
        self._languages, self._layers = tuple(languages), tuple(layers)
        self._n = [0] * len(self._languages)
        self._sums: list[Tensor] = []
        """Per layer (2, P, d_m): sums and sums of squares."""

    def add(self, found: Gradients) -> None:
        """Add the inputs of one pass; row r of a batch is in language r mod P."""
        bits = [row % len(self._languages) for row in found.rows]
        if not self._sums:
            self._sums = [self._zeros(layer) for layer in found.layers]
        for sums, layer in zip(self._sums, found.layers, strict=True):
            index, values = torch.tensor(bits, device=layer.device), layer.double()
            sums[0].index_add_(0, index, values)
            sums[1].index_add_(0, index, values.square_())
        for bit in bits:
            self._n[bit] += 1

    def tables(self) -> dict[str, pa.Table]:
        """Shard table neuron_gradients, without languages that have no answer; no table without any."""
        if not self._sums:
            return {}
        tables = [
            self._table(layer.layer, sums.cpu().numpy(), bit)
            for layer, sums in zip(self._layers, self._sums, strict=True)
            for bit, n in enumerate(self._n)
            if n
        ]
        return {"neuron_gradients": pa.concat_tables(tables)}

    def _zeros(self, layer: Tensor) -> Tensor:
        return layer.new_zeros(2, len(self._languages), layer.shape[-1], dtype=torch.float64)

    def _table(self, layer: int, sums: np.ndarray, bit: int) -> pa.Table:
        n_neurons = sums.shape[-1]
        return pa.table(
            {
                "language": pa.array([self._languages[bit]] * n_neurons),
                "layer": np.full(n_neurons, layer, np.int32),
                "neuron": np.arange(n_neurons, dtype=np.int32),
                "n": np.full(n_neurons, self._n[bit], np.int32),
                "g_sum": sums[0, bit],
                "g_sumsq": sums[1, bit],
            }
        )
