"""What the rules select, against NumPy written from their definitions."""

from typing import get_args, get_type_hints

import numpy as np
import pytest
import torch

from neurontui.compute.ablation.selection.average_precision import average_precision, require_room
from neurontui.compute.ablation.selection.options import SelectionOptions, group_of
from neurontui.compute.ablation.selection.rules import RULES
from neurontui.compute.ablation.selection.sets import select_sets
from neurontui.compute.ablation.selection.statistics import ACTIVATIONS, QUANTITIES, Kept, Sums
from neurontui.compute.config import RunConfig
from neurontui.compute.setting import bare_type
from neurontui.store.errors import UsageError
from neurontui.store.journal.manifest import Layer

LANGUAGES = ("en", "de", "fr", "tr", "zh")
SIZES = (120, 80)
LAYERS = tuple(Layer(i, "decoder", i, size) for i, size in enumerate(SIZES))


def sums_of(totals: np.ndarray, n: int) -> Sums:
    """Sums with these totals (P, N) over n inputs of each language."""
    layers = np.split(totals, [SIZES[0]], axis=1)
    inputs = torch.full((len(totals),), n)
    return Sums((inputs, inputs), tuple(torch.from_numpy(layer).double() for layer in layers))


def selected(rule: str, sums: Sums, share: float, ablated: tuple[int, ...] | None = None) -> dict[str, set[int]]:
    """Language -> neurons, numbered through the layers; selected and tested on the same inputs."""
    options = SelectionOptions((rule,), LANGUAGES, share, in_sample=True)
    sets = select_sets(options, {(0, RULES[rule].quantity): sums}, LAYERS, ablated)
    return {
        code: set(torch.cat([sets.of(rule, code, i, [3])[0] for i in (0, 1)]).nonzero()[:, 0].tolist())
        for code in LANGUAGES
    }


def counts(seed: int, n: int) -> np.ndarray:
    """(P, N) activations out of n; a few neurons prefer one or two languages."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.3, 0.7, sum(SIZES)) * np.ones((len(LANGUAGES), 1))
    for bit in range(len(LANGUAGES)):
        p[bit, rng.choice(sum(SIZES), 12, replace=False)] = 0.97
    return rng.binomial(n, p)


def lape_of_the_paper(active: np.ndarray, n: int, size: int) -> dict[str, list[int]]:
    """Section 2.2 of Tang et al. 2024 on counts, neuron by neuron, with a set of fixed size for each language."""
    p = active / n
    bar = np.sort(p.ravel())[round(0.95 * p.size) - 1]
    languages = {}
    for j, code in enumerate(LANGUAGES):
        ranked = []
        for i in range(p.shape[1]):
            share = p[:, i] / p[:, i].sum() if p[:, i].any() else p[:, i]
            entropy = -sum(x * np.log(x) for x in share if x > 0)
            if p[j, i] > bar or (bar == p.max() == p[j, i]):
                ranked.append((round(entropy, 12) + 0.0, -p[j, i], i))
        languages[code] = [i for _, _, i in sorted(ranked)[:size]]
    return languages


@pytest.mark.parametrize(("seed", "n", "share"), [(1, 9, 0.02), (2, 40, 0.01), (3, 1000, 0.05), (4, 3, 0.03)])
def test_lape_is_that_of_its_paper(seed: int, n: int, share: float) -> None:
    active = counts(seed, n)
    expected = lape_of_the_paper(active, n, round(share * 200))
    assert selected("lape", sums_of(active, n), share) == {code: set(ids) for code, ids in expected.items()}
    assert any(len(ids) == round(share * 200) for ids in expected.values())


def test_lape_where_most_neurons_are_always_active() -> None:
    """More than 5 % of all probabilities are 1, so none exceeds the percentile; those that are equal to it count."""
    active = counts(5, 8)
    active[:, :30] = 8
    expected = lape_of_the_paper(active, 8, 4)
    found = selected("lape", sums_of(active, 8), 0.02)
    assert found == {code: set(ids) for code, ids in expected.items()}
    assert all(len(ids) == 4 for ids in found.values())


def test_no_neuron_is_selected_that_is_never_active() -> None:
    assert set().union(*selected("lape", sums_of(np.zeros((5, 200)), 7), 0.05).values()) == set()


@pytest.mark.parametrize("rule", ["contribution", "effective-score"])
def test_largest_means(rule: str) -> None:
    totals = np.random.default_rng(6).normal(0.2, 1, (5, 200))
    found = selected(rule, sums_of(totals, 7), 0.05)
    for bit, code in enumerate(LANGUAGES):
        assert found[code] == set(np.argsort(-totals[bit])[:10].tolist())
    few = np.where(totals > 2, totals, -1)  # only neurons above 0
    assert {len(ids) for ids in selected(rule, sums_of(few, 7), 0.5).values()} == set((few > 0).sum(1).tolist())


def test_sets_are_in_the_ablated_layers_only() -> None:
    totals = np.random.default_rng(7).random((5, 200))
    for ids in selected("contribution", sums_of(totals, 7), 0.05, ablated=(1,)).values():
        assert len(ids) == 4  # 5 % of 80
        assert min(ids) >= 120


def test_every_rule_is_an_option_and_has_its_quantity() -> None:
    annotated = get_type_hints(RunConfig, include_extras=True)["ablation_sets"]
    assert set(get_args(get_args(bare_type(annotated))[0])) == set(RULES)
    assert {rule.quantity for rule in RULES.values()} <= {*QUANTITIES, ACTIVATIONS}


def test_clusters_are_in_five_groups_of_four_folds() -> None:
    assert [group_of(fold) for fold in range(20)] == [fold // 4 for fold in range(20)]


def precision_by_definition(scores: np.ndarray, own: np.ndarray) -> float:
    """Σ (recall after − recall before) × precision after, over the distinct scores from the largest down."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        above = scores >= threshold
        recall, precision = own[above].sum() / own.sum(), own[above].mean()
        total, before = total + (recall - before) * precision, recall
    return total


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_average_precision_is_that_of_its_definition(digits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With many equal activations, some, and none; in slices of a few neurons."""
    monkeypatch.setattr("neurontui.compute.ablation.selection.average_precision._VALUES_AT_ONCE", 300)
    rng = np.random.default_rng(digits)
    values = rng.normal(0, 1, (7, 5, 30)).round(digits)
    values[:, 2, :10] += 1
    values = values.astype("float32")  # in double precision, 1 + 0.1 and 1.1 would differ
    found = average_precision(torch.from_numpy(values))
    for bit in range(5):
        own = np.broadcast_to(np.arange(5) == bit, (7, 5)).ravel()
        expected = [precision_by_definition(values[:, :, i].ravel(), own) for i in range(30)]
        np.testing.assert_allclose(found[bit].numpy(), expected, rtol=1e-9)


def test_the_best_detectors_are_selected_and_constant_neurons_never() -> None:
    values = np.random.default_rng(8).normal(0, 1, (9, 5, 200)).astype("float32")
    values[:, 1, 50:60] += 9  # detectors of German
    values[:, :, 60:] = 0.5
    layers = tuple(torch.from_numpy(layer) for layer in np.split(values, [SIZES[0]], axis=2))
    options = SelectionOptions(("average-precision",), LANGUAGES, 0.05, in_sample=True)
    sets = select_sets(options, {(0, ACTIVATIONS): Kept(layers)}, LAYERS, None)
    assert sets.of("average-precision", "de", 0, [0])[0].nonzero()[:, 0].tolist() == list(range(50, 60))
    for code in LANGUAGES:
        assert not sets.of("average-precision", code, 0, [0])[0, 60:].any()
        assert not sets.of("average-precision", code, 1, [0]).any()


def test_activations_that_do_not_fit_are_refused() -> None:
    require_room(1000, 5, LAYERS, 4)
    with pytest.raises(UsageError, match=r"all inputs, 7.5 GiB here, and at most 4 GiB are allowed; use --limit"):
        require_room(2_000_000, 5, LAYERS, 4)
