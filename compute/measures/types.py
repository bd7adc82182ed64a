"""Shard tables of activity: masks of every neuron, and histograms that give the types for any subset of languages.

Counts are computed on the device of the activations; only masks and counts leave it.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.many_languages import ManyLanguageCounts
from neurontui.compute.measures.mask_counts import Bins, Tally
from neurontui.compute.measures.masks import pack_tensor, to_numpy
from neurontui.store.journal.manifest import Layer

HISTOGRAM_LANGUAGES = 15
"""With more languages, mask histograms are replaced by counts of active languages and language pairs."""

Part = tuple[float, str, int]
"""Threshold, scope and layer of a histogram."""


def mask_rows(indices: Sequence[int], layers: Sequence[Layer], masks: Sequence[Tensor]) -> pa.Table:
    """Shard table activations; masks: per layer (E, d_m), packed, from `off_device`.

    One row per neuron and example, layer by layer, example by example: this order compresses well, and the merge finds
    all rows of a layer together.
    """
    n_examples, sizes = len(indices), [layer.n_neurons for layer in layers]
    examples = [np.repeat(_int32(indices), size) for size in sizes]
    return pa.table(
        {
            "example": np.concatenate(examples),
            "layer": np.repeat(_int32(layer.layer for layer in layers), np.multiply(sizes, n_examples)),
            "neuron": np.concatenate([np.tile(_neurons([size]), n_examples) for size in sizes]),
            "mask": np.concatenate([to_numpy(mask).reshape(-1) for mask in masks]),
        }
    )


class TypeCounts:
    """Counts over all parts of one batch: tokens, masks by fold, and activations near the threshold."""

    def __init__(self, languages: Sequence[str], layers: Sequence[Layer], thresholds: Sequence[float]) -> None:
        """The first threshold defines activity; the histogram has all thresholds."""
        self._languages, self._layers, self._thresholds = languages, layers, thresholds
        self._near_zero = np.zeros(len(layers), np.int64)
        self._seen = np.zeros((len(languages), len(layers)), np.int64)
        self._active: list[Tensor] = []
        self._histogram: dict[Part, Tally] = {}
        self._silent: dict[int, Tally] = {}
        self._many: ManyLanguageCounts | None = None
        if len(languages) > HISTOGRAM_LANGUAGES:
            self._many = ManyLanguageCounts(languages, layers, thresholds)

    @torch.inference_mode()
    def add(self, batch: Batch, capture: Capture, masks: Sequence[Tensor]) -> None:
        """Count a part. masks: per layer (E, d_m), from `pack_tensor`, at the first threshold."""
        self._near_zero += capture.near_zero
        if capture.active_tokens is not None:
            self._count_tokens(capture, capture.active_tokens)
        if self._many is not None:
            self._many.add(batch, capture)
        else:
            bins = Bins(batch.folds, len(self._languages))
            for index in range(len(self._layers)):
                self._count_masks(bins, capture, masks[index], index)

    def tables(self) -> dict[str, pa.Table]:
        """Shard tables of the batch.

        layers; neuron_tokens_active if tokens were counted. Up to HISTOGRAM_LANGUAGES languages mask_histogram, and
        with token counts its scope `any` (at the first threshold) and mask_joint; with more languages
        active_histogram and language_pairs.
        """
        layers = _int32(layer.layer for layer in self._layers)
        tables = {"layers": pa.table({"layer": layers, "n_near_zero": self._near_zero})}
        if self._active:
            tables["neuron_tokens_active"] = self._tokens()
        if self._histogram:
            tables["mask_histogram"] = pa.concat_tables(
                [self._counted(part, tally) for part, tally in self._histogram.items()]
            )
        if self._silent:
            tables["mask_joint"] = pa.concat_tables(
                [self._joint(layer, tally) for layer, tally in self._silent.items()]
            )
        return tables if self._many is None else tables | self._many.tables()

    def _count_tokens(self, capture: Capture, active_tokens: Sequence[Tensor]) -> None:
        self._seen += np.stack(
            [tokens_seen(capture, self._layers, layer).sum(0).numpy() for layer in self._layers],
            axis=1,
        )
        active = [counts.sum(0, dtype=torch.int32) for counts in active_tokens]
        before = self._active or [torch.zeros_like(counts) for counts in active]
        self._active = [a + b for a, b in zip(before, active, strict=True)]

    def _count_masks(self, bins: Bins, capture: Capture, masks: Tensor, index: int) -> None:
        layer, at_last = self._layers[index].layer, bins.of(masks)
        first, *others = self._thresholds
        silent: list[Tensor] = []
        if capture.active_tokens is not None:
            ever = capture.active_tokens[index] > 0
            self._put((first, "any", layer), bins.tally(bins.of(pack_tensor(ever))))
            silent = [at_last[~ever[:, bit]] for bit in range(len(self._languages))]
        tally = bins.tally(at_last, silent)
        self._put((first, "last", layer), Tally(tally.keys, tally.counts[:, :1]))
        if silent:
            before = self._silent.get(layer)
            self._silent[layer] = tally if before is None else before + tally
        for threshold in others:
            packed = pack_tensor(capture.activations[index] > threshold)
            self._put((threshold, "last", layer), bins.tally(bins.of(packed)))

    def _put(self, part: Part, tally: Tally) -> None:
        before = self._histogram.get(part)
        self._histogram[part] = tally if before is None else before + tally

    def _tokens(self) -> pa.Table:
        """Tokens seen and tokens active, per language and neuron."""
        active = np.concatenate([counts.cpu().numpy() for counts in self._active], axis=1)
        sizes = [layer.n_neurons for layer in self._layers]
        n_languages, n_neurons = active.shape
        layer = np.repeat(_int32(of_layer.layer for of_layer in self._layers), sizes)
        return pa.table(
            {
                "language": repeated(self._languages, n_neurons),
                "layer": np.tile(layer, n_languages),
                "neuron": np.tile(_neurons(sizes), n_languages),
                "n_tokens": np.repeat(self._seen, sizes, axis=1).reshape(-1),
                "n_active": active.astype(np.int64).reshape(-1),
            }
        )

    def _counted(self, part: Part, tally: Tally) -> pa.Table:
        threshold, scope, layer = part
        n_rows, n_languages = len(tally.keys), len(self._languages)
        return pa.table(
            {
                "threshold": np.full(n_rows, threshold),
                "scope": repeated([scope], n_rows),
                "fold": tally.folds(n_languages),
                "layer": np.full(n_rows, layer, np.int32),
                "mask": tally.masks(n_languages),
                "n": tally.counts[:, 0],
            }
        )

    def _joint(self, layer: int, tally: Tally) -> pa.Table:
        """For each mask at the last token and each language, how many neurons are inactive at every token."""
        n_rows, n_languages = len(tally.keys), len(self._languages)
        return pa.table(
            {
                "language": repeated(self._languages, n_rows),
                "fold": np.tile(tally.folds(n_languages), n_languages),
                "layer": np.full(n_languages * n_rows, layer, np.int32),
                "last_mask": np.tile(tally.masks(n_languages), n_languages),
                "n": np.tile(tally.counts[:, 0], n_languages),
                "n_silent": tally.counts[:, 1:].T.reshape(-1),
            }
        )


def tokens_seen(capture: Capture, layers: Sequence[Layer], layer: Layer) -> Tensor:
    """(E, P) int64: tokens of each input that a layer processes; the decoder after an encoder processes one."""
    behind_encoder = layer.stack == "decoder" and any(other.stack == "encoder" for other in layers)
    return torch.ones_like(capture.n_tokens) if behind_encoder else capture.n_tokens


def repeated(texts: Sequence[str], times: int) -> pa.DictionaryArray:
    """Each text repeated `times` times, one after the other."""
    codes = np.repeat(np.arange(len(texts), dtype=np.int8), times)
    return pa.DictionaryArray.from_arrays(codes, list(texts))


def _neurons(sizes: Sequence[int]) -> NDArray[np.int32]:
    return np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])


def _int32(values: object) -> NDArray[np.int32]:
    return np.array(list(values), dtype=np.int32)  # type: ignore[call-overload]
