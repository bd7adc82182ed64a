"""Replacement of the mask histogram above HISTOGRAM_LANGUAGES languages: counts of active languages and of pairs.

Their size grows with P² instead of 2^P. They give the types over all languages, Fig. 7 and the sharing matrix.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.store.journal.manifest import Layer

Counts = NDArray[np.int64]
Part = tuple[float, str, int]
"""Threshold, scope and layer of a histogram."""


class ManyLanguageCounts:
    """Counts over all parts of one batch, by fold of the examples."""

    def __init__(self, languages: Sequence[str], layers: Sequence[Layer], thresholds: Sequence[float]) -> None:
        """The first threshold defines activity; the histogram has all thresholds."""
        self._languages, self._layers, self._thresholds = languages, layers, thresholds
        self._active: dict[Part, dict[int, Counts]] = {}
        self._pairs: dict[int, dict[int, Counts]] = {}

    @torch.inference_mode()
    def add(self, batch: Batch, capture: Capture) -> None:
        """Count a part."""
        folds = np.asarray(batch.folds)
        for index, layer in enumerate(self._layers):
            for threshold in self._thresholds:
                active = capture.activations[index] > threshold
                self._add_active((threshold, "last", layer.layer), folds, active.sum(1))
            if capture.active_tokens is not None:
                ever = capture.active_tokens[index] > 0
                self._add_active((self._thresholds[0], "any", layer.layer), folds, ever.sum(1))
            pairs = pair_counts(capture.activations[index] > self._thresholds[0])
            _add(self._pairs.setdefault(layer.layer, {}), folds, pairs)

    def tables(self) -> dict[str, pa.Table]:
        """Shard tables active_histogram and language_pairs."""
        return {
            "active_histogram": pa.concat_tables(self._histogram()),
            "language_pairs": pa.concat_tables(self._pair_rows()),
        }

    def _add_active(self, part: Part, folds: Counts, n_active: Tensor) -> None:
        """n_active: (E, d_m) number of languages in which each neuron is active."""
        n_kinds = len(self._languages) + 1
        example = torch.arange(len(folds), device=n_active.device)[:, None]
        counts = torch.bincount((example * n_kinds + n_active).reshape(-1), minlength=len(folds) * n_kinds)
        of_examples = counts.view(len(folds), n_kinds).cpu().numpy()
        _add(self._active.setdefault(part, {}), folds, of_examples)

    def _histogram(self) -> Iterator[pa.Table]:
        for (threshold, scope, layer), by_fold in self._active.items():
            for fold, counts in by_fold.items():
                [n_active] = counts.nonzero()
                size = len(n_active)
                yield pa.table(
                    {
                        "threshold": np.full(size, threshold),
                        "scope": pa.array([scope] * size, pa.string()),
                        "fold": np.full(size, fold, np.int32),
                        "layer": np.full(size, layer, np.int32),
                        "n_active": n_active.astype(np.int32),
                        "n": counts[n_active],
                    }
                )

    def _pair_rows(self) -> Iterator[pa.Table]:
        """One row per pair, the language of the lower bit first."""
        first, second = np.triu_indices(len(self._languages))
        names = pa.array(self._languages, pa.string())
        for layer, by_fold in self._pairs.items():
            for fold, counts in by_fold.items():
                n, n_partial, n_only = counts[:, first, second]
                yield pa.table(
                    {
                        "fold": np.full(len(first), fold, np.int32),
                        "layer": np.full(len(first), layer, np.int32),
                        "language": names.take(first),
                        "other": names.take(second),
                        "n": n,
                        "n_partial": n_partial,
                        "n_only": n_only,
                    }
                )


def pair_counts(active: Tensor) -> Counts:
    """(E, 3, P, P): neurons active in both languages, the partial-shared among them, and those active in no third.

    active: (E, P, d_m) bool. On the diagonal the third count is the number of specific neurons.
    """
    n_languages, n_active = active.shape[1], active.sum(1, keepdim=True)
    partial = (n_active > 1) & (n_active < n_languages)
    chosen = [active, active & partial, active & (n_active == 2)]
    # Sums of products of 0 and 1 are exact in float32 up to 2^24 neurons per layer.
    both = torch.stack([(x := kind.float()) @ x.transpose(1, 2) for kind in chosen], dim=1)
    alone = (active & (n_active == 1)).sum(-1)
    counts: Counts = both.to(torch.int64).cpu().numpy()
    bits = np.arange(n_languages)
    counts[:, 2, bits, bits] = alone.cpu().numpy()
    return counts


def _add(by_fold: dict[int, Counts], folds: Counts, of_examples: Counts) -> None:
    """Add (E, …) to the sums of the examples' folds."""
    for fold in np.unique(folds):
        by_fold[int(fold)] = by_fold.get(int(fold), 0) + of_examples[folds == fold].sum(0)
