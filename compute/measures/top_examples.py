"""The inputs at which each neuron is most active.

Over a run of S passes a neuron's list changes about ln S times, so one only brings what enters the lists seen so far:
that keeps shards small. The merge ranks all of it again, so what came from where does not matter.
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
"""As many as the merge keeps: fewer would make a list depend on which batches a worker had met."""


@dataclass
class Strongest:
    """The strongest activations so far, for one worker."""

    top: int = TOP
    best: dict[int, Tensor] = field(default_factory=dict)
    """Per layer (top, d_m), descending; 0 where a neuron has been active less often: only A > 0 enters."""

    def tables(self, batch: Batch, capture: Capture, layers: Sequence[Layer]) -> dict[str, pa.Table]:
        """Shard table neuron_examples: the inputs of this batch that enter the lists, ranked within the batch."""
        found = [
            self._enter(batch, layer, activations)
            for layer, activations in zip(layers, capture.activations, strict=True)
        ]
        return {"neuron_examples": pa.concat_tables(found)}

    def _enter(self, batch: Batch, layer: Layer, activations: Tensor) -> pa.Table:
        """activations: (E, P, d_m). A maximum at a time: after a few batches hardly any neuron has a second one."""
        inputs = activations.flatten(0, 1).float()
        best = self.best.setdefault(layer.layer, inputs.new_zeros(self.top, inputs.shape[-1]))
        # Equal ones enter too: which of them stays must not depend on the order in which a worker meets batches.
        most = inputs.amax(0)
        neurons = ((most >= best[-1]) & (most > 0)).nonzero()[:, 0]
        inputs, floor, found = inputs[:, neurons], best[-1, neurons], []
        every = torch.arange(len(neurons), device=inputs.device)
        for _ in range(min(self.top, len(inputs)) if len(neurons) else 0):
            values, rows = inputs.max(0)
            enters = (values >= floor) & (values > 0)
            if not enters.any():
                break
            found.append(_Entry(neurons[enters], rows[enters], values[enters]))
            inputs[rows, every] = -torch.inf
        for entry in found:
            merged = torch.cat([best[:, entry.neurons], entry.values[None]])
            best[:, entry.neurons] = merged.sort(0, descending=True).values[: self.top]
        return _table(batch, layer, found)


@dataclass(frozen=True)
class _Entry:
    """What enters the lists at one rank: each a neuron's next strongest input in the batch."""

    neurons: Tensor
    rows: Tensor
    values: Tensor


def _table(batch: Batch, layer: Layer, found: Sequence[_Entry]) -> pa.Table:
    """Rank by rank, neuron by neuron."""
    sizes = [len(each.neurons) for each in found]
    row = _joined([each.rows for each in found])
    n_languages = len(batch.languages)
    return pa.table(
        {
            "layer": np.full(sum(sizes), layer.layer, np.int32),
            "neuron": _joined([each.neurons for each in found]).astype(np.int32),
            "rank": np.repeat(np.arange(1, len(sizes) + 1, dtype=np.int32), sizes),
            "example": np.array(batch.indices, np.int32)[row // n_languages],
            "language": pa.array(batch.languages, pa.string()).take(row % n_languages),
            "activation": _joined([each.values for each in found], np.float32),
        }
    )


def _joined(parts: Sequence[Tensor], dtype: type = np.int64) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *(each.cpu().numpy() for each in parts)])
