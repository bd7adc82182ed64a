"""Sum scores over groups of neurons; groups (example, mask) are summed further into types and fold × mask.

All tensors are neuron-major, (E, d_m, P): the values of all languages of a neuron are adjacent and added together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

N_TOP, CS, RAW, ES, ES_SQUARED = range(5)
"""Columns of `Sums.sums`."""
CS_MAX, ES_MAX, ES_MIN = range(3)
"""Columns of `Sums.largest`; ES_MIN is stored negated."""


@dataclass(frozen=True)
class Scores:
    """Scores of all neurons of a layer, (E, d_m, P) each."""

    raw: Tensor
    cs: Tensor
    top: Tensor
    """bool: whether the neuron is in the top set."""
    strongest: Tensor
    """(E, P, k) neurons of the top set, largest contribution first."""
    es: Tensor | None
    known: Tensor
    """(E, P) bool: inputs with effective scores."""


@dataclass(frozen=True)
class Sums:
    """Sums over G groups of neurons in P languages."""

    n: Tensor
    """(G,) int64 neurons."""
    sums: Tensor
    """(G, 5, P) float64: n_top, cs, raw, es, es²."""
    largest: Tensor
    """(G, 3, P): cs, es, −es; −inf if a group has no such score."""

    def merge(self, into: Tensor, n_groups: int) -> "Sums":
        """Sums over larger groups. into: (G,) index of the larger group of each group."""
        return _summed(self.n, self.sums, self.largest, into, n_groups)

    def __add__(self, other: "Sums") -> "Sums":
        """Add sums over the same groups of other examples."""
        return Sums(self.n + other.n, self.sums + other.sums, torch.maximum(self.largest, other.largest))

    def beside(self, other: "Sums") -> "Sums":
        """These groups followed by other groups."""
        return Sums(
            torch.cat([self.n, other.n]),
            torch.cat([self.sums, other.sums]),
            torch.cat([self.largest, other.largest]),
        )


@dataclass(frozen=True)
class MaskSums:
    """Sums by fold and mask."""

    keys: Tensor
    """(K,) int64: the fold, then HISTOGRAM_LANGUAGES bits of mask."""
    sums: Sums

    def merged(self) -> "MaskSums":
        """Sums by distinct key, ascending."""
        keys, into = torch.unique(self.keys, return_inverse=True)
        return MaskSums(keys, self.sums.merge(into, len(keys)))

    def __add__(self, other: "MaskSums") -> "MaskSums":
        keys = torch.cat([self.keys, other.keys])
        return MaskSums(keys, self.sums.beside(other.sums)).merged()


@dataclass(frozen=True)
class Terms:
    """Terms of the sums and of the maxima, per neuron and example."""

    sums: Tensor
    """(E, d_m, 5, P) float64, as in `Sums`."""
    largest: Tensor
    """(E, d_m, 3, P), as in `Sums`."""

    @classmethod
    def of(cls, scores: Scores) -> "Terms":
        return cls(_terms(scores), _extremes(scores))

    def by_group(self, groups: Tensor, n_groups: int) -> Sums:
        """Sum over neurons. groups: (E, d_m) the group of each neuron in each example, 0 to n_groups − 1."""
        into = groups.reshape(-1)
        sums, largest = self.sums.flatten(0, 1), self.largest.flatten(0, 1)
        return _summed(torch.ones_like(into), sums, largest, into, n_groups)

    def by_neuron(self) -> Sums:
        """Sum each neuron over examples: its groups are the d_m neurons."""
        n_examples, n_neurons = self.sums.shape[:2]
        n = torch.full((n_neurons,), n_examples, device=self.sums.device)
        return Sums(n, self.sums.sum(0), self.largest.amax(0))


def _summed(n: Tensor, sums: Tensor, largest: Tensor, into: Tensor, n_groups: int) -> Sums:
    lowest = largest.new_full((n_groups, *largest.shape[1:]), -torch.inf)
    place = into[:, None, None].expand_as(largest)
    return Sums(
        n=n.new_zeros(n_groups).index_add_(0, into, n),
        sums=sums.new_zeros(n_groups, *sums.shape[1:]).index_add_(0, into, sums),
        largest=lowest.scatter_reduce_(0, place, largest, "amax"),
    )


def _terms(scores: Scores) -> Tensor:
    """(E, d_m, 5, P) float64: terms of the sums."""
    n_examples, n_neurons, n_languages = scores.cs.shape
    terms = scores.cs.new_zeros(n_examples, n_neurons, 5, n_languages, dtype=torch.float64)
    terms[:, :, N_TOP], terms[:, :, CS], terms[:, :, RAW] = scores.top, scores.cs, scores.raw
    if scores.es is not None:
        terms[:, :, ES] = scores.es
        torch.square(terms[:, :, ES], out=terms[:, :, ES_SQUARED])
    return terms


def _extremes(scores: Scores) -> Tensor:
    """(E, d_m, 3, P): terms of the maxima."""
    n_examples, n_neurons, n_languages = scores.cs.shape
    extremes = scores.cs.new_full((n_examples, n_neurons, 3, n_languages), -torch.inf)
    extremes[:, :, CS_MAX] = scores.cs
    if scores.es is not None:
        unknown = ~scores.known[:, None]
        extremes[:, :, ES_MAX] = scores.es.masked_fill(unknown, -torch.inf)
        extremes[:, :, ES_MIN] = scores.es.neg().masked_fill(unknown, -torch.inf)
    return extremes
