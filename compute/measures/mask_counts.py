"""Counts of masks by fold, computed on the device of the masks and summed over the parts of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """C counts of each occurring (fold, mask)."""

    keys: NDArray[np.int64]
    """(K,) ascending: the fold, then the P bits of the mask."""
    counts: Counts
    """(K, C)."""

    def __add__(self, other: "Tally") -> "Tally":
        keys, into = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        counts = np.zeros((len(keys), self.counts.shape[1]), np.int64)
        counts[into[: len(self.keys)]] += self.counts
        counts[into[len(self.keys) :]] += other.counts
        return Tally(keys, counts)

    def folds(self, n_languages: int) -> NDArray[np.int32]:
        """(K,) the fold of each key."""
        return (self.keys >> n_languages).astype(np.int32)

    def masks(self, n_languages: int) -> NDArray[np.uint64]:
        """(K,) the mask of each key."""
        return (self.keys & ((1 << n_languages) - 1)).astype(np.uint64)


class Bins:
    """Counts packed masks of some examples by fold and mask."""

    def __init__(self, folds: Sequence[int], n_languages: int) -> None:
        self._folds, of_example = np.unique(np.array(folds, np.int64), return_inverse=True)
        self._of_example = torch.from_numpy(of_example)
        self._n_languages = n_languages

    def of(self, packed: Tensor) -> Tensor:
        """The bin of each mask, (E, d_m) int64, from packed masks (E, d_m)."""
        fold = self._of_example.to(packed.device)[:, None] << self._n_languages
        return fold + packed

    def tally(self, bins: Tensor, also: Sequence[Tensor] = ()) -> Tally:
        """Counts of each bin in `bins`, and in each of `also`, which are subsets of it; any shapes."""
        size = len(self._folds) << self._n_languages
        counted = torch.stack([torch.bincount(some.reshape(-1), minlength=size) for some in (bins, *also)], dim=1)
        counts: Counts = counted.cpu().numpy()
        occurring = counts[:, 0].nonzero()[0]
        fold, mask = occurring >> self._n_languages, occurring & ((1 << self._n_languages) - 1)
        return Tally((self._folds[fold] << self._n_languages) | mask, counts[occurring])
