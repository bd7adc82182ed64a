"""Activity becomes rows: masks of every neuron, and histograms from which any language subset's types follow.

Counts are made where the activations are; only masks and counts leave the device.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.many_languages import ManyLanguageCounts
from neurontui.compute.measures.masks import Masks, pack_tensor, to_numpy
from neurontui.store.manifest import Layer

HISTOGRAM_LANGUAGES = 15
"""With more languages there are too many different masks to list; counts of active languages and of pairs stand for it."""


def types_tables(
    batch: Batch, capture: Capture, layers: Sequence[Layer], thresholds: Sequence[float]
) -> dict[str, pa.Table]:
    """Shard tables of one batch; the first threshold defines activity, all go into the histogram.

    activations, layers; neuron_tokens_active where tokens were counted; mask_histogram up to HISTOGRAM_LANGUAGES
    languages, and with token counts its scope `any` (at the first threshold) and mask_joint; beyond that
    active_histogram and language_pairs.
    """
    last = [pack_tensor(each > thresholds[0]) for each in capture.activations]
    tables = {
        "activations": _activations(batch, layers, [to_numpy(each) for each in last]),
        "layers": _near_zero(capture, layers),
    }
    if capture.active_tokens is not None:
        tables["neuron_tokens_active"] = _tokens(batch, capture, capture.active_tokens, layers)
    if len(batch.languages) <= HISTOGRAM_LANGUAGES:
        tables |= _histograms(batch, capture, layers, thresholds, last)
    else:
        counts = ManyLanguageCounts(batch.languages, layers, thresholds)
        counts.add(batch, capture)
        tables |= counts.tables()
    return tables


def _activations(batch: Batch, layers: Sequence[Layer], masks: Sequence[Masks]) -> pa.Table:
    """One row a neuron and example, example by example, layer by layer: the order in which they compress."""
    sizes = [each.n_neurons for each in layers]
    layer = np.repeat(_int32(each.layer for each in layers), sizes)
    neuron = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])
    return pa.table(
        {
            "example": np.repeat(_int32(batch.indices), len(layer)),
            "layer": np.tile(layer, len(batch.indices)),
            "neuron": np.tile(neuron, len(batch.indices)),
            "mask": np.concatenate(masks, axis=1).reshape(-1),
        }
    )


def _near_zero(capture: Capture, layers: Sequence[Layer]) -> pa.Table:
    return pa.table(
        {
            "layer": _int32(each.layer for each in layers),
            "n_near_zero": np.array(capture.near_zero, dtype=np.int64),
        }
    )


def _tokens(
    batch: Batch, capture: Capture, active_tokens: Sequence[Tensor], layers: Sequence[Layer]
) -> pa.Table:
    """Tokens seen and tokens active, a language and neuron, summed over the examples of the batch."""
    active = np.concatenate(
        [each.sum(0, dtype=torch.int32).cpu().numpy() for each in active_tokens], axis=1
    )
    sizes = [each.n_neurons for each in layers]
    seen = np.stack([tokens_seen(capture, layers, each).sum(0).numpy() for each in layers], axis=1)
    n_languages, n_neurons = active.shape
    return pa.table(
        {
            "language": _repeat(batch.languages, n_neurons),
            "layer": np.tile(np.repeat(_int32(each.layer for each in layers), sizes), n_languages),
            "neuron": np.tile(
                np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]), n_languages
            ),
            "n_tokens": np.repeat(seen, sizes, axis=1).reshape(-1),
            "n_active": active.astype(np.int64).reshape(-1),
        }
    )


def tokens_seen(capture: Capture, layers: Sequence[Layer], layer: Layer) -> Tensor:
    """(E, P) int64: tokens of each input that a layer runs over; the decoder behind an encoder runs over one."""
    behind_encoder = layer.stack == "decoder" and any(each.stack == "encoder" for each in layers)
    return torch.ones_like(capture.n_tokens) if behind_encoder else capture.n_tokens


def _histograms(
    batch: Batch,
    capture: Capture,
    layers: Sequence[Layer],
    thresholds: Sequence[float],
    last: Sequence[Tensor],
) -> dict[str, pa.Table]:
    folds, of_example = np.unique(batch.folds, return_inverse=True)
    bins = _Bins(_int32(folds), torch.from_numpy(of_example), len(batch.languages))
    parts: list[_Part] = []
    joints: list[pa.Table] = []
    for index, layer in enumerate(layers):
        at_last = bins.of(last[index])
        counts = bins.count(at_last)
        parts.append(_Part(thresholds[0], "last", layer.layer, counts))
        for threshold in thresholds[1:]:
            packed = pack_tensor(capture.activations[index] > threshold)
            parts.append(_Part(threshold, "last", layer.layer, bins.count(bins.of(packed))))
        if capture.active_tokens is not None:
            ever = capture.active_tokens[index] > 0
            packed = pack_tensor(ever)
            parts.append(_Part(thresholds[0], "any", layer.layer, bins.count(bins.of(packed))))
            silent = [bins.count(at_last[~ever[:, bit]]) for bit in range(len(batch.languages))]
            joints.append(_joint(batch, bins, layer, counts, silent))
    tables = {"mask_histogram": pa.concat_tables(_histogram(bins, parts))}
    return tables | ({"mask_joint": pa.concat_tables(joints)} if joints else {})


@dataclass(frozen=True)
class _Bins:
    """Counts masks by fold."""

    folds: NDArray[np.int32]
    of_example: Tensor
    """(E,) index into `folds`."""
    n_languages: int

    def of(self, packed: Tensor) -> Tensor:
        """The bin of each mask, (E, d_m) int64: its fold, then its bits."""
        fold = self.of_example.to(packed.device)[:, None] << self.n_languages
        return fold + packed

    def count(self, bins: Tensor) -> NDArray[np.int64]:
        """(folds, 2^P): how often each bin occurs; any shape."""
        chosen = bins.reshape(-1)
        size = len(self.folds) << self.n_languages
        counts = torch.bincount(chosen, minlength=size).view(len(self.folds), -1)
        return counts.cpu().numpy()


@dataclass(frozen=True)
class _Part:
    threshold: float
    scope: str
    layer: int
    counts: NDArray[np.int64]


def _histogram(bins: _Bins, parts: Sequence[_Part]) -> Iterator[pa.Table]:
    for part in parts:
        fold, mask = part.counts.nonzero()
        yield pa.table(
            {
                "threshold": np.full(len(mask), part.threshold),
                "scope": _repeat([part.scope], len(mask)),
                "fold": bins.folds[fold],
                "layer": np.full(len(mask), part.layer, np.int32),
                "mask": mask.astype(np.uint64),
                "n": part.counts[fold, mask],
            }
        )


def _joint(
    batch: Batch,
    bins: _Bins,
    layer: Layer,
    counts: NDArray[np.int64],
    silent: Sequence[NDArray[np.int64]],
) -> pa.Table:
    """How many of each mask at the last token are inactive at every token, a language."""
    fold, mask = counts.nonzero()
    n_languages, n_rows = len(batch.languages), len(mask)
    return pa.table(
        {
            "language": _repeat(batch.languages, n_rows),
            "fold": np.tile(bins.folds[fold], n_languages),
            "layer": np.full(n_languages * n_rows, layer.layer, np.int32),
            "last_mask": np.tile(mask.astype(np.uint64), n_languages),
            "n": np.tile(counts[fold, mask], n_languages),
            "n_silent": np.concatenate([each[fold, mask] for each in silent]),
        }
    )


def _int32(values: object) -> NDArray[np.int32]:
    return np.array(list(values), dtype=np.int32)  # type: ignore[call-overload]


def _repeat(texts: Sequence[str], times: int) -> pa.Array:
    """Each text so many times, one after the other."""
    return pa.array(texts, pa.string()).take(np.repeat(np.arange(len(texts)), times))
