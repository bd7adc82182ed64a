"""Counts of active languages and of language pairs, for synthetic runs of more than 15. See synthetic_tables."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Masks = NDArray[np.unsignedinteger]
Numbers = NDArray[np.int64]


def many_language_tables(codes: Sequence[str], folds: Numbers, masks: Masks) -> dict[str, pa.Table]:
    """active_histogram and language_pairs. folds: (E,) of the examples; masks: (E, layers, neurons)."""
    histogram, pairs = [], []
    for fold in np.unique(folds):
        for layer, of_layer in enumerate(np.moveaxis(masks[folds == fold], 1, 0)):
            bits = _bits(of_layer.reshape(-1), len(codes))
            n_active = bits.sum(0, dtype=np.int32)
            histogram.append(_active(int(fold), layer, n_active, len(codes)))
            pairs.append(_pairs(codes, int(fold), layer, bits, n_active))
    return {
        "active_histogram": pa.concat_tables(histogram),
        "language_pairs": pa.concat_tables(pairs),
    }


def _bits(masks: Masks, n_languages: int) -> NDArray[np.float32]:
    """(P, pairs of neuron and example) 0 or 1."""
    one = masks.dtype.type(1)
    return np.stack([((masks >> masks.dtype.type(bit)) & one).astype(np.float32) for bit in range(n_languages)])


def _active(fold: int, layer: int, n_active: NDArray[np.int32], n_languages: int) -> pa.Table:
    counts = np.bincount(n_active, minlength=n_languages + 1)
    [found] = counts.nonzero()
    size = len(found)
    return pa.table(
        {
            "threshold": np.zeros(size),
            "scope": pa.array(["last"] * size),
            "fold": np.full(size, fold),
            "layer": np.full(size, layer),
            "n_active": found,
            "n": counts[found],
        }
    )


def _pairs(
    codes: Sequence[str],
    fold: int,
    layer: int,
    bits: NDArray[np.float32],
    n_active: NDArray[np.int32],
) -> pa.Table:
    partial = (n_active > 1) & (n_active < len(codes))
    n, n_partial, two = (
        # In pieces: float32 counts exactly up to 2^24.
        sum(
            (part @ part.T).astype(np.int64)
            for part in np.array_split(bits[:, chosen], 1 + bits.shape[1] // (1 << 23), axis=1)
        )
        for chosen in (np.ones_like(partial), partial, n_active == 2)
    )
    alone = bits[:, n_active == 1].sum(1, dtype=np.float64).astype(np.int64)
    only = np.where(np.eye(len(codes), dtype=bool), alone, two)
    a, b = np.triu_indices(len(codes))
    names = pa.array(codes)
    return pa.table(
        {
            "fold": np.full(len(a), fold),
            "layer": np.full(len(a), layer),
            "language": names.take(pa.array(a)),
            "other": names.take(pa.array(b)),
            "n": n[a, b],
            "n_partial": n_partial[a, b],
            "n_only": only[a, b],
        }
    )
