"""Type ratios, persistence and sharing against NumPy on raw activations, for random languages and thresholds."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results
from tests.queries.comparing import LANGUAGES, check, close, interval, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import TYPES, RawRun
from tests.queries.reference import active, jackknife, ratio, type_ratio, types


@pytest.mark.parametrize("codes", subsets(8, 1, 1), ids=",".join)
@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_type_ratio_by_layer(results: Results, toy: Toy, codes: list[str], threshold: float) -> None:
    found = results.query("type-ratio-by-layer", run=1, languages=codes, threshold=threshold)
    expected = {
        (i, name): interval(type_ratio(toy[1], [i], codes, name, threshold)) for i in range(3) for name in TYPES
    }
    check(found, ("layer", "type"), expected)
    assert set(found["n_examples"].to_pylist()) == {40}
    assert [(r["layer"], r["stack"], r["position"], r["n_neurons"]) for r in found.to_pylist()[::4]] == [
        (0, "encoder", 0, 24), (1, "decoder", 0, 24), (2, "decoder", 1, 16)
    ]  # fmt: skip
    assert (found["note"].null_count == 0) == (len(codes) < 3)


@pytest.mark.parametrize("codes", subsets(4, 3, 2), ids=",".join)
def test_type_ratio_by_stack(results: Results, toy: Toy, codes: list[str]) -> None:
    found = results.query("type-ratio", run="toy · fact", languages=",".join(codes))
    expected = {
        (stack, name): interval(type_ratio(toy[1], layers, codes, name))
        for stack, layers in (("encoder", [0]), ("decoder", [1, 2]))
        for name in TYPES
    }
    check(found, ("stack", "type"), expected)


@pytest.mark.parametrize("codes", subsets(3, 1, 8), ids=",".join)
@pytest.mark.parametrize("by_layer", [True, False])
def test_type_ratio_by_threshold(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    found = results.query("type-ratio-by-threshold", run=1, languages=codes, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {
        (threshold, layer, name): interval(type_ratio(toy[1], which, codes, name, threshold))
        for threshold in (0.0, 0.5)
        for layer, which in layers.items()
        for name in TYPES
    }
    check(found, ("threshold", "layer", "type"), expected)


def test_one_fold_has_no_interval(results: Results, toy: Toy) -> None:
    found = results.query("type-ratio-by-layer", run=4)
    assert found["low"].null_count == found.num_rows == 12
    check(found.select(["layer", "type", "ratio"]), ("layer", "type"), {
        (i, name): {"ratio": type_ratio(toy[4], [i], list(LANGUAGES), name)[0]} for i in range(3) for name in TYPES
    })  # fmt: skip


@pytest.mark.parametrize("codes", subsets(3, 3, 3), ids=",".join)
@pytest.mark.parametrize("by_layer", [True, False])
def test_type_ratio_by_language_count(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    run = toy[1]
    found = results.query("type-ratio-by-language-count", run=1, languages=codes, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}
    for layer, which in layers.items():
        size = sum(run.activations[i].shape[2] for i in which)
        for k in range(3, len(codes) + 1):
            sets = [list(each) for each in itertools.combinations(codes, k)]
            for name in TYPES:
                counts = np.array([
                    sum(types(active(run, i, each))[name].sum(axis=1) for i in which) for each in sets
                ])  # fmt: skip

                def mean(kept: Any, counts: Any = counts, size: int = size) -> float:
                    return float((100 * counts[:, kept] / size).mean())

                whole = 100 * counts.mean(axis=1) / size
                independent = np.mean([
                    np.average([_independent(run, i, each, name) for i in which],
                               weights=[run.activations[i].shape[2] for i in which])
                    for each in sets
                ])  # fmt: skip
                expected[layer, k, name] = {
                    **interval(jackknife(run.folds, mean)),
                    "smallest": whole.min(), "largest": whole.max(), "independent": 100 * float(independent),
                }  # fmt: skip
    check(found, ("layer", "n_languages", "type"), expected)


def _independent(run: RawRun, layer: int, codes: list[str], name: str) -> float:
    """Share of a type if languages fired independently at their rates, by listing every outcome."""
    rates = active(run, layer, codes).mean(axis=(0, 2))[: len(codes)]
    total = 0.0
    for outcome in itertools.product((False, True), repeat=len(codes)):
        acts = np.array(outcome)[None, :, None]
        if types(acts)[name].all():
            total += float(np.prod(np.where(outcome, rates, 1 - rates)))
    return total


@pytest.mark.parametrize("codes", subsets(6, 1, 4), ids=",".join)
@pytest.mark.parametrize("by_layer", [True, False])
def test_type_persistence(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    run = toy[1]
    found = results.query("type-persistence", run=1, languages=codes, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}
    for layer, which in layers.items():
        size = sum(run.activations[i].shape[2] for i in which)
        for name in TYPES:
            average = type_ratio(run, which, codes, name)
            kept = same = math.nan
            if not math.isnan(average[0]):
                neuron_types = [types(active(run, i, codes))[name].all(axis=0) for i in which]
                constant = [(active(run, i, codes) == active(run, i, codes)[:1]).all(axis=(0, 1)) for i in which]
                kept = sum(int(each.sum()) for each in neuron_types)
                same = sum(int((a & b).sum()) for a, b in zip(neuron_types, constant, strict=True))
            expected[layer, name] = {
                **interval(average, "average"), "overlap": 100 * kept / size, "same_mask": 100 * same / size,
                "n_overlap": kept, "n_neurons": size,
                "of_average": math.nan if not average[0] else 100 * 100 * kept / size / average[0],
            }  # fmt: skip
    check(found, ("layer", "type"), expected)


def test_persistence_counts_something(results: Results) -> None:
    kept = {r["type"]: r["n_overlap"] for r in results.query("type-persistence", run=1).to_pylist()}
    assert kept["non-activated"] >= 3
    assert results.query("type-persistence", run=1)["overlap"].to_pylist() != [0, 0, 0, 0]


@pytest.mark.parametrize("codes", subsets(3, 3, 9), ids=",".join)
def test_persistence_at_size_is_the_mean_over_all_draws(results: Results, toy: Toy, codes: list[str]) -> None:
    found = results.query("persistence-at-size", run=4, languages=codes, sizes="1,2,9,10")
    run = toy[4]
    expected = {}
    for s in (1, 2, 9, 10):
        for name in TYPES:
            neuron_types = np.concatenate([types(active(run, i, codes))[name] for i in range(3)], axis=1)
            draws = [neuron_types[list(draw)].all(axis=0).mean() for draw in itertools.combinations(range(10), s)]
            expected[s, name] = {
                "overlap": 100 * float(np.mean(draws)),
                "n_neurons": 64,
                "n_examples": 10,
            }
    check(found, ("size", "type"), expected)


def test_persistence_at_size_defaults_end_at_all_examples(results: Results) -> None:
    assert sorted(set(results.query("persistence-at-size", run=1)["size"].to_pylist())) == [
        1,
        2,
        5,
        10,
        20,
        40,
    ]


@pytest.mark.parametrize("codes", subsets(4, 1, 5), ids=",".join)
@pytest.mark.parametrize("by_layer", [True, False])
def test_inactive_across_tokens(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    run = toy[1]
    found = results.query("inactive-across-tokens", run=1, languages=codes, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}

    def add(key: Any, pairs: list[tuple[Any, Any]]) -> None:
        over = sum(a.sum(axis=1) for a, _ in pairs)
        under = sum(b.sum(axis=1) for _, b in pairs)
        expected[key] = interval(jackknife(run.folds, ratio(over, under)))

    for layer, which in layers.items():
        for code in codes:
            p = run.languages.index(code)
            silent = [run.active_tokens[i][:, p] == 0 for i in which]
            inactive = [run.activations[i][:, p] <= 0 for i in which]
            non = [types(active(run, i, codes))["non-activated"] for i in which]
            add((layer, code, "all"), [(s, np.ones_like(s)) for s in silent])
            add(
                (layer, code, "inactive"),
                [(s & a, a) for s, a in zip(silent, inactive, strict=True)],
            )
            add(
                (layer, code, "non-activated"),
                [(s & a, a) for s, a in zip(silent, non, strict=True)],
            )
        places = [run.languages.index(code) for code in codes]
        never = [(run.active_tokens[i][:, places] == 0).all(axis=1) for i in which]
        add((layer, None, "all"), [(s, np.ones_like(s)) for s in never])
        add((layer, None, "non-activated"), [(s & a, a) for s, a in zip(never, non, strict=True)])
    check(found, ("layer", "language", "among"), expected)


@pytest.mark.parametrize("codes", subsets(4, 3, 6), ids=",".join)
@pytest.mark.parametrize("among", ["language", "type"])
def test_partial_sharing_with(results: Results, toy: Toy, codes: list[str], among: str) -> None:
    run = toy[1]
    with_whom = codes[-1]
    found = results.query("partial-sharing-with", run=1, languages=codes, language=with_whom, among=among)
    expected = {}
    for layer, other in itertools.product(range(3), [code for code in codes if code != with_whom]):
        partial = types(active(run, layer, codes))["partial-shared"]
        mine, theirs = (run.activations[layer][:, run.languages.index(code)] > 0 for code in (with_whom, other))
        under = partial & mine if among == "language" else partial
        both = (partial & mine & theirs).sum(axis=1)
        expected[layer, other] = interval(jackknife(run.folds, ratio(both, under.sum(axis=1))))
    check(found, ("layer", "other"), expected)


@pytest.mark.parametrize("codes", subsets(4, 2, 7), ids=",".join)
@pytest.mark.parametrize("among", ["specific", "neurons"])
@pytest.mark.parametrize("by_layer", [True, False])
def test_specific_by_language(results: Results, toy: Toy, codes: list[str], among: str, by_layer: bool) -> None:
    run = toy[1]
    found = results.query("specific-by-language", run=1, languages=codes, among=among, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}
    for (layer, which), code in itertools.product(layers.items(), codes):
        specific = [types(active(run, i, codes))["specific"] for i in which]
        mine = [run.activations[i][:, run.languages.index(code)] > 0 for i in which]
        over = sum((s & m).sum(axis=1) for s, m in zip(specific, mine, strict=True))
        under = sum((s if among == "specific" else np.ones_like(s)).sum(axis=1) for s in specific)
        expected[layer, code] = interval(jackknife(run.folds, ratio(np.array(over), np.array(under))))
    check(found, ("layer", "language"), expected)


@pytest.mark.parametrize("codes", subsets(3, 2, 10), ids=",".join)
@pytest.mark.parametrize("layer", [None, 1])
def test_sharing_matrix(results: Results, toy: Toy, codes: list[str], layer: int | None) -> None:
    run = toy[1]
    found = results.query("sharing-matrix", run=1, languages=codes, layer=layer)
    expected = {}
    for a, b in itertools.product(codes, codes):
        mine, theirs = (_activity(run, layer, code) for code in (a, b))
        expected[a, b] = interval(jackknife(run.folds, ratio((mine & theirs).sum(axis=1), mine.sum(axis=1))))
    check(found, ("language", "other"), expected)


def _activity(run: RawRun, layer: int | None, code: str) -> Any:
    """(E, all neurons of the layers in question)."""
    which = range(3) if layer is None else [layer]
    return np.concatenate([run.activations[i][:, run.languages.index(code)] > 0 for i in which], axis=1)


def _pair(run: RawRun, layer: int | None, a: str, b: str, kept: Any) -> dict[str, float]:
    """Lift, phi and Jaccard over the kept examples: centred in each layer."""
    both = either = expected = covariance = variance_a = variance_b = 0.0
    for i in range(3) if layer is None else [layer]:
        x, y = ((run.activations[i][kept][:, run.languages.index(code)] > 0).ravel().astype(float) for code in (a, b))
        both += (x * y).sum()
        either += np.maximum(x, y).sum()
        expected += len(x) * x.mean() * y.mean()
        covariance += ((x - x.mean()) * (y - y.mean())).sum()
        variance_a += ((x - x.mean()) ** 2).sum()
        variance_b += ((y - y.mean()) ** 2).sum()
    return {
        "lift": both / expected,
        "phi": covariance / math.sqrt(variance_a * variance_b),
        "jaccard": 100 * both / either,
    }


@pytest.mark.parametrize("codes", subsets(3, 2, 11), ids=",".join)
@pytest.mark.parametrize("layer", [None, 2])
def test_sharing_lift(results: Results, toy: Toy, codes: list[str], layer: int | None) -> None:
    run = toy[1]
    found = results.query("sharing-lift", run=1, languages=codes, layer=layer)
    expected = {}
    for a, b in itertools.combinations([code for code in LANGUAGES if code in codes], 2):
        values = {}
        for name in ("lift", "phi", "jaccard"):
            whole = jackknife(run.folds, lambda kept, a=a, b=b, name=name: _pair(run, layer, a, b, kept)[name])
            values.update(zip((name, f"{name}_low", f"{name}_high"), whole, strict=True))
        expected[a, b] = values
    check(found, ("language", "other"), expected)


FAMILY = {"en": "Germanic", "de": "Germanic", "fr": "Romance", "ru": "Slavic", "zh": "Sinitic"}


@pytest.mark.parametrize("measure", ["phi", "lift", "jaccard"])
@pytest.mark.parametrize("layer", [None, 1])
def test_sharing_by_family_is_a_mantel_test(results: Results, toy: Toy, measure: str, layer: int | None) -> None:
    run, codes = toy[1], list(LANGUAGES)
    found = results.query("sharing-by-family", run=1, measure=measure, layer=layer)
    rows = {r["relation"]: r for r in found.to_pylist()}
    assert list(rows) == ["family", "branch", "script"]
    pairs = list(itertools.combinations(range(5), 2))

    def sharing(i: int, j: int, kept: Any) -> float:
        return _pair(run, layer, codes[i], codes[j], kept)[measure]

    phi = {(i, j): sharing(i, j, slice(None)) for i, j in pairs}

    def difference(labels: list[str], values: dict[tuple[int, int], float]) -> float:
        same = [values[i, j] for i, j in pairs if labels[i] == labels[j]]
        other = [values[i, j] for i, j in pairs if labels[i] != labels[j]]
        return float(np.mean(same) - np.mean(other))

    labels = [FAMILY[code] for code in codes]
    observed = difference(labels, phi)

    def without(kept: Any) -> float:
        return difference(labels, {(i, j): sharing(i, j, kept) for i, j in pairs})

    expected = jackknife(run.folds, without)
    shuffles = [difference(list(each), phi) for each in itertools.permutations(labels)]
    exact = np.mean([each >= observed - 1e-12 for each in shuffles])
    branch = rows["branch"]
    assert (branch["n_related"], branch["n_other"]) == (1, 9)
    assert close(branch["difference"], expected[0])
    assert close(branch["low"], expected[1])
    assert close(branch["high"], expected[2])
    assert branch["p_value"] == pytest.approx(exact, abs=0.02)
    related = [float(labels[i] == labels[j]) for i, j in pairs]
    assert close(branch["correlation"], float(np.corrcoef([phi[p] for p in pairs], related)[0, 1]))
    assert rows["script"]["n_related"] == 3
