"""The inputs at which each neuron is most active.

Over a run of S passes a neuron's list changes about ln S times, so shards hold only inputs that enter the lists so far,
which keeps them small. The merge ranks all of them again, so the order of the batches does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.store.journal.manifest import Layer

TOP = 10
"""The number that the merge keeps; with fewer, a list would depend on the batches of a worker."""


@dataclass
class Strongest:
    """The strongest activations so far, of one worker."""

    top: int = TOP
    best: dict[int, Tensor] = field(default_factory=dict)
    """Per layer (top, d_m), descending; 0 if a neuron has been active less often, because only A > 0 enters."""

    def tables(self, batch: Batch, capture: Capture, layers: Sequence[Layer]) -> dict[str, pa.Table]:
        """Shard table neuron_examples: the inputs of this batch that enter the lists, ranked within the batch."""
        entered = [
            self._enter(batch, layer, activations)
            for layer, activations in zip(layers, capture.activations, strict=True)
        ]
        return {"neuron_examples": pa.concat_tables(entered)}

    def _enter(self, batch: Batch, layer: Layer, activations: Tensor) -> pa.Table:
        """activations: (E, P, d_m). One maximum at a time: after a few batches hardly any neuron has a second entry."""
        inputs = activations.flatten(0, 1).float()
        best = self.best.setdefault(layer.layer, inputs.new_zeros(self.top, inputs.shape[-1]))
        # Ties enter too: which one the merge keeps must not depend on the order of the batches.
        most = inputs.amax(0)
        neurons = ((most >= best[-1]) & (most > 0)).nonzero()[:, 0]
        inputs, floor, entries = inputs[:, neurons], best[-1, neurons], []
        every = torch.arange(len(neurons), device=inputs.device)
        for _ in range(min(self.top, len(inputs)) if len(neurons) else 0):
            values, rows = inputs.max(0)
            enters = (values >= floor) & (values > 0)
            if not enters.any():
                break
            entries.append(_Entry(neurons[enters], rows[enters], values[enters]))
            inputs[rows, every] = -torch.inf
        for entry in entries:
            merged = torch.cat([best[:, entry.neurons], entry.values[None]])
            best[:, entry.neurons] = merged.sort(0, descending=True).values[: self.top]
        return _table(batch, layer, entries)


@dataclass(frozen=True)
class _Entry:
    """Inputs that enter the lists at one rank: the next strongest input of each neuron."""

    neurons: Tensor
    rows: Tensor
    values: Tensor


def _table(batch: Batch, layer: Layer, entries: Sequence[_Entry]) -> pa.Table:
    """Rank by rank, neuron by neuron."""
    sizes = [len(entry.neurons) for entry in entries]
    row = _joined([entry.rows for entry in entries])
    n_languages = len(batch.languages)
    return pa.table(
        {
            "layer": np.full(sum(sizes), layer.layer, np.int32),
            "neuron": _joined([entry.neurons for entry in entries]).astype(np.int32),
            "rank": np.repeat(np.arange(1, len(sizes) + 1, dtype=np.int32), sizes),
            "example": np.array(batch.indices, np.int32)[row // n_languages],
            "language": pa.array(batch.languages, pa.string()).take(row % n_languages),
            "activation": _joined([entry.values for entry in entries], np.float32),
        }
    )


def _joined(parts: Sequence[Tensor], dtype: type = np.int64) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *(part.cpu().numpy() for part in parts)])
