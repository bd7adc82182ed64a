"""Matched controls: as many, as heavy, disjoint, and from the pool; against a search by hand where it is small."""

import math
from collections import Counter
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.compute.ablation.matching import (
    LIKE,
    Ranked,
    equal_doses,
    matched_control,
    pairs_of_like,
)
from neurontui.compute.ablation.random_numbers import fractions, random_keys, smallest


def draw(seed: int, rows: int = 6, d: int = 200, share: tuple[float, float] = (0.1, 0.4)):
    """Heavy-tailed scores, a kind that is heavier than the rest, and a pool."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, d, generator=generator).mul(1.2).exp()
    chance = torch.rand(rows, d, generator=generator)
    kind, pool = chance < share[0], (chance >= share[0]) & (chance < sum(share))
    scores = torch.where(kind, scores * 1.5, scores)
    return scores / scores.sum(-1, keepdim=True), kind, pool


@given(st.integers(0, 10_000), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
@settings(max_examples=60, deadline=None)
def test_a_control_is_as_many_from_the_pool(seed: int, kind_share: float, pool_share: float) -> None:
    scores, kind, pool = draw(seed, share=(kind_share, pool_share))
    control = matched_control(Ranked.sort(scores), kind, pool)
    assert not (control & ~pool).any()
    assert torch.equal(control.sum(-1), torch.minimum(kind.sum(-1), pool.sum(-1)))


def test_a_control_is_as_heavy_where_the_pool_can_be() -> None:
    errors = []
    for seed in range(60):
        scores, kind, pool = draw(seed)
        mass = (scores * kind).sum(-1)
        found = (scores * matched_control(Ranked.sort(scores), kind, pool)).sum(-1)
        for row in range(len(scores)):
            n = int(kind[row].sum())
            offered = scores[row][pool[row]].sort(descending=True).values
            heaviest, lightest = offered[:n].sum(), offered[len(offered) - n :].sum()
            reachable = mass[row].clamp(lightest, heaviest)
            errors.append(float((found[row] - reachable).abs() / reachable))
    errors.sort()
    assert errors[len(errors) // 2] < 0.001
    assert errors[int(0.95 * len(errors))] < 0.01
    assert errors[-1] < 0.25


def test_a_small_pool_is_taken_whole() -> None:
    scores, kind, pool = draw(1, share=(0.5, 0.1))
    assert torch.equal(matched_control(Ranked.sort(scores), kind, pool), pool)


def test_against_every_subset() -> None:
    """The best subset is not always among those in order, but no control is far worse than it."""
    scores, kind, pool = draw(3, rows=20, d=24, share=(0.2, 0.4))
    control = matched_control(Ranked.sort(scores), kind, pool)
    misses = []
    for row in range(20):
        n, mass = int(kind[row].sum()), float(scores[row][kind[row]].sum())
        offered = scores[row][pool[row]].tolist()
        if n and len(offered) >= n:
            best = min(abs(sum(each) - mass) for each in combinations(offered, n))
            misses.append(abs(float(scores[row][control[row]].sum()) - mass) - best)
    assert len(misses) > 10
    assert sum(misses) / len(misses) < 0.05


@given(st.integers(0, 10_000), st.floats(0.0, 0.6), st.floats(0.0, 0.4), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_doses_are_equal_and_alike(seed: int, kind_share: float, pool_share: float, n: int) -> None:
    scores, kind, pool = draw(seed, share=(kind_share, pool_share))
    chance = torch.rand(scores.shape, generator=torch.Generator().manual_seed(seed)).double()
    pairs = pairs_of_like(scores, kind, pool, chance)
    own, control = equal_doses(pairs, n, chance)
    assert not (own & ~kind).any()
    assert not (control & ~pool).any()
    for row in range(len(scores)):
        steps = [
            Counter(math.floor(-math.log(x) / math.log(LIKE)) for x in scores[row][each[row]].tolist())
            for each in (kind, pool)
        ]
        alike = sum((steps[0] & steps[1]).values())
        assert abs(int(pairs.real[row].sum()) - alike) <= 1  # a score may lie on the edge of a step
        assert int(own[row].sum()) == int(control[row].sum()) == min(n, int(pairs.real[row].sum()))
        masses = [float(scores[row][each[row]].sum()) for each in (own, control)]
        assert max(masses) <= LIKE * min(masses) * 1.0001


def test_doses_grow_into_each_other_and_weigh_the_same() -> None:
    scores, kind, pool = draw(11, rows=50, d=1000, share=(0.2, 0.2))
    chance = torch.rand(scores.shape, generator=torch.Generator().manual_seed(2)).double()
    pairs = pairs_of_like(scores, kind, pool, chance)
    small, large = equal_doses(pairs, 20, chance), equal_doses(pairs, 60, chance)
    for few, many in zip(small, large, strict=True):
        assert not (few & ~many).any()
    own, control = ((scores * each).sum(-1) for each in large)
    assert float((own.sum() / control.sum() - 1).abs()) < 0.03


def test_chance_is_uniform_repeatable_and_nested() -> None:
    keys = random_keys(7, ["a", "b"], 3, 4096, torch.device("cpu"))
    again = random_keys(7, ["b", "c", "a"], 3, 4096, torch.device("cpu"))
    assert torch.equal(keys[0], again[2])
    assert torch.equal(keys[1], again[0])
    others = [
        random_keys(8, ["a"], 3, 4096, torch.device("cpu"))[0],
        random_keys(7, ["a"], 4, 4096, torch.device("cpu"))[0],
        keys[1],
    ]
    numbers = fractions(keys)
    assert float(numbers.min()) >= 0
    assert float(numbers.max()) < 1
    assert numbers.mean(-1).tolist() == pytest.approx([0.5, 0.5], abs=0.02)
    assert numbers.var(-1).tolist() == pytest.approx([1 / 12, 1 / 12], abs=0.005)
    for other in others:
        both = torch.stack([numbers[0], fractions(other)])
        assert abs(float(torch.corrcoef(both)[0, 1])) < 0.06
    few, many = smallest(keys, 200), smallest(keys, 1000)
    assert few.sum(-1).tolist() == [200, 200]
    assert not (few & ~many).any()


def test_keys_are_those_of_splitmix64() -> None:
    """The same arithmetic in Python's unbounded integers."""
    import hashlib

    word = (1 << 64) - 1
    state = int.from_bytes(hashlib.blake2b(b"1 0 e", digest_size=8).digest(), "little")
    wanted = []
    for _ in range(5):
        state = (state + 0x9E3779B97F4A7C15) & word
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & word
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & word
        wanted.append(z ^ (z >> 31))
    found = random_keys(1, ["e"], 0, 5, torch.device("cpu"))[0].tolist()
    assert [each & word for each in found] == wanted
