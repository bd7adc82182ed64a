"""Overlap of sets equals plain Python, and its value by chance equals exact sums and a simulation."""

import random
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest

from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.overlap import chance_jaccard, overlaps
from tests.store.neuron_sets.sets import LAYERS, named


def test_what_two_sets_share() -> None:
    first = named("a", (0, 1, "en"), (0, 2, "en"), (1, 3, "zh"), (2, 5))
    second = named("b", (0, 1, "zh"), (0, 2, "en"), (1, 4, "th"), (2, 5, "en"))
    whole, english, chinese = overlaps(first, second, LAYERS)

    assert (whole.language, whole.n_first, whole.n_second, whole.n_shared) == (None, 4, 4, 3)
    assert whole.jaccard == pytest.approx(100 * 3 / 5)
    assert (english.language, english.n_first, english.n_second, english.n_shared) == ("en", 3, 2, 2)
    assert english.jaccard == pytest.approx(100 * 2 / 3)
    assert (chinese.language, chinese.n_first, chinese.n_second, chinese.n_shared, chinese.jaccard) == (
        "zh",
        2,
        1,
        0,
        0,
    )
    assert whole.chance == pytest.approx(float(_exact([(36, 4, 4)])))
    assert whole.chance_in_layers == pytest.approx(float(_exact([(12, 2, 2), (12, 1, 1), (12, 1, 1)])))


def test_without_languages_or_layers() -> None:
    [row] = overlaps(named("a", (0, 1, "en")), named("b", (0, 1)), ())
    assert (row.language, row.jaccard, row.chance, row.chance_in_layers) == (None, 100, None, None)


def _exact(strata: list[tuple[int, int, int]]) -> Fraction:
    """Over all numbers of shared neurons in all strata, with binomial coefficients."""
    total, mean = sum(a + b for _, a, b in strata), Fraction(0)
    for shared in product(*(range(min(a, b) + 1) for _, a, b in strata)):
        probability = Fraction(1)
        for (n, a, b), k in zip(strata, shared, strict=True):
            probability *= Fraction(comb(a, k) * comb(n - a, b - k), comb(n, b)) if b - k <= n - a else 0
        mean += 100 * probability * Fraction(sum(shared), total - sum(shared))
    return mean


@pytest.mark.parametrize(
    "strata",
    [[(10, 4, 3)], [(10, 7, 8)], [(10, 10, 10)], [(10, 0, 3)], [(12, 5, 3), (9, 0, 2), (7, 6, 6)], [(300, 40, 25)]],
)
def test_chance_is_the_mean_of_a_hypergeometric_distribution(strata: list[tuple[int, int, int]]) -> None:
    assert chance_jaccard(strata) == pytest.approx(float(_exact(strata)), rel=1e-9)


def test_chance_is_what_random_sets_share() -> None:
    strata, drawn = [(200, 60, 30), (50, 10, 40)], random.Random(0)
    jaccard = []
    for _ in range(4000):
        pairs = [(set(drawn.sample(range(n), a)), set(drawn.sample(range(n), b))) for n, a, b in strata]
        jaccard.append(100 * sum(len(x & y) for x, y in pairs) / sum(len(x | y) for x, y in pairs))
    error = float(np.std(jaccard)) / len(jaccard) ** 0.5
    assert chance_jaccard(strata) == pytest.approx(float(np.mean(jaccard)), abs=4 * error)


def test_large_sets() -> None:
    """Of half of the neurons, with 80 layers of 28,672: a third is shared, as the ratio of the mean numbers."""
    assert chance_jaccard([(2_293_760, 1_146_880, 1_146_880)]) == pytest.approx(100 / 3, rel=1e-5)
    assert chance_jaccard([(28_672, 14_336, 14_336)] * 80) == pytest.approx(100 / 3, rel=1e-5)
    layers = [Layer(0, "decoder", 0, 12)]
    assert overlaps(named("a", (0, 1)), named("b", (0, 2)), layers)[0].chance == pytest.approx(100 / 12)
