"""How much two sets share, and how much random sets of their sizes would share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.neuron_set import NeuronSet
from neurontui.store.neuron_sets.operations import require_same_layers

_NEGLIGIBLE = 1e-18
"""Probabilities below this do not change a mean in double precision."""


@dataclass(frozen=True)
class Overlap:
    """What two sets share, for one language or, if it is None, over all languages. Jaccard indices are in percent."""

    first: str
    second: str
    language: str | None
    n_first: int
    n_second: int
    n_shared: int
    jaccard: float
    chance: float | None
    """Mean Jaccard index of random sets of these sizes among all neurons of the model; None if it is unknown."""
    chance_in_layers: float | None
    """The same for random sets with these sizes in each layer."""


def overlaps(first: NeuronSet, second: NeuronSet, layers: Sequence[Layer]) -> list[Overlap]:
    """Over all languages and, if both sets have languages, in each that they have in common.

    layers: those of the model; empty if unknown. Raises UsageError for sets of models with different layers.
    """
    require_same_layers(first, second)
    common = [code for code in first.languages if code in second.languages]
    return [_overlap(first, second, language, layers) for language in (None, *common)]


def _overlap(first: NeuronSet, second: NeuronSet, language: str | None, layers: Sequence[Layer]) -> Overlap:
    ours, theirs = first.places(language), second.places(language)
    n_shared = len(ours & theirs)
    chance = chance_in_layers = None
    if layers:
        n_neurons = sum(layer.n_neurons for layer in layers)
        chance = chance_jaccard([(n_neurons, len(ours), len(theirs))])
        sizes, others = (Counter(layer for layer, _ in places) for places in (ours, theirs))
        chance_in_layers = chance_jaccard(
            [(layer.n_neurons, sizes[layer.layer], others[layer.layer]) for layer in layers]
        )
    jaccard = 100 * n_shared / len(ours | theirs) if ours or theirs else 0.0
    return Overlap(
        first.name, second.name, language, len(ours), len(theirs), n_shared, jaccard, chance, chance_in_layers
    )


def chance_jaccard(strata: Sequence[tuple[int, int, int]]) -> float:
    """Mean Jaccard index, in percent, of two random sets with a and b of the n neurons of each stratum (n, a, b).

    The number of shared neurons of a stratum is hypergeometric: P(k) = C(a, k) C(n - a, b - k) / C(n, b). The total is
    a convolution, and the mean is that of k / (sum of a + sum of b - k).
    """
    low, probabilities = 0, np.ones(1)
    for n, a, b in strata:
        start, of_stratum = _hypergeometric(n, a, b)
        low, probabilities = _trimmed(low + start, np.convolve(probabilities, of_stratum))
    shared = low + np.arange(len(probabilities))
    total = sum(a + b for _, a, b in strata)
    if total == 0:
        return 0.0
    return float(100 * (probabilities * shared / (total - shared)).sum() / probabilities.sum())


def _hypergeometric(n: int, a: int, b: int) -> tuple[int, NDArray[np.float64]]:
    """The smallest number of shared neurons with a probability that matters, and the probabilities from there."""
    low, high = max(0, a + b - n), min(a, b)
    k = np.arange(low, high, dtype=np.float64)
    # From P(k + 1) / P(k), in logarithms, because binomial coefficients overflow.
    steps = np.log((a - k) * (b - k)) - np.log((k + 1) * (n - a - b + k + 1))
    logarithms = np.concatenate([[0.0], np.cumsum(steps)])
    probabilities = np.exp(logarithms - logarithms.max())
    return _trimmed(low, probabilities / probabilities.sum())


def _trimmed(low: int, probabilities: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]]:
    kept = np.flatnonzero(probabilities > _NEGLIGIBLE)
    return low + int(kept[0]), probabilities[kept[0] : kept[-1] + 1]
