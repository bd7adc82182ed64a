"""Contribution and effective scores against NumPy on the raw scores, for random languages."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results
from tests.queries.comparing import LANGUAGES, check, interval, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import TYPES, RawRun
from tests.queries.reference import active, jackknife, ratio, types

NOTHING = (math.nan,) * 3
LAYERS: dict[bool, dict[int | None, list[int]]] = {
    True: {0: [0], 1: [1], 2: [2]},
    False: {None: [0, 1, 2]},
}


def of_type(run: RawRun, layer: int, codes: list[str], name: str) -> Any:
    """(E, 1, d): neurons of the type, to be used for inputs of any language; None where it is undefined."""
    neuron_types = types(active(run, layer, codes))
    return neuron_types[name][:, None, :] if name in neuron_types else None


def places(run: RawRun, codes: list[str]) -> list[int]:
    return [run.languages.index(code) for code in codes]


@pytest.mark.parametrize("codes", subsets(5, 1, 11), ids=",".join)
@pytest.mark.parametrize("by_layer", [True, False])
def test_contribution_top_share(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    run = toy[1]
    found = results.query("contribution-top-share", run=1, languages=codes, by_layer=by_layer)
    expected = {}
    inputs = {code: [code] for code in codes} | {None: codes}
    for (layer, which), (code, read), name in itertools.product(LAYERS[by_layer].items(), inputs.items(), TYPES):
        values: tuple[float, ...] = NOTHING
        if of_type(run, 0, codes, name) is not None:
            top = [run.top(i)[:, places(run, read)] for i in which]
            over = sum((t & of_type(run, i, codes, name)).sum((1, 2)) for i, t in zip(which, top, strict=True))
            values = jackknife(run.folds, ratio(np.array(over), np.array(sum(t.sum((1, 2)) for t in top))))
        expected[code, layer, name] = interval(values)
    check(found, ("language", "layer", "type"), expected)


def test_one_input_language(results: Results) -> None:
    found = results.query("contribution-top-share", run=1, language="de")
    assert set(found["language"].to_pylist()) == {"de", None}
    by_key = {(r["language"], r["layer"], r["type"]): r["ratio"] for r in found.to_pylist()}
    assert by_key["de", 1, "specific"] == by_key[None, 1, "specific"]


@pytest.mark.parametrize("codes", subsets(4, 1, 12), ids=",".join)
@pytest.mark.parametrize("measure", ["share", "raw"])
@pytest.mark.parametrize("by_layer", [True, False])
def test_contribution_by_type(results: Results, toy: Toy, codes: list[str], measure: str, by_layer: bool) -> None:
    run = toy[1]
    found = results.query("contribution-by-type", run=1, languages=codes, measure=measure, by_layer=by_layer)
    expected = {}
    for (layer, which), name in itertools.product(LAYERS[by_layer].items(), TYPES):
        if of_type(run, 0, codes, name) is None:
            average = total = NOTHING
        else:
            scores = [100 * run.shares(i) if measure == "share" else run.contributions[i] for i in which]
            scores = [each[:, places(run, codes)] for each in scores]
            chosen = [
                np.broadcast_to(of_type(run, i, codes, name), s.shape) for i, s in zip(which, scores, strict=True)
            ]
            x = np.array(sum((s * c).sum((1, 2)) for s, c in zip(scores, chosen, strict=True)))
            n = np.array(sum(c.sum((1, 2)) for c in chosen))

            def mean(kept: Any, x: Any = x, n: Any = n) -> float:
                return float(x[kept].sum() / n[kept].sum())

            def sums(kept: Any, x: Any = x, n: int = len(codes) * len(which)) -> float:
                return float(np.mean(x[kept] / n))

            average, total = jackknife(run.folds, mean), jackknife(run.folds, sums)
        expected[layer, name] = {
            **interval(average, "average", prefix="average_"), **interval(total, "total", prefix="total_")
        }  # fmt: skip
    check(found, ("layer", "type"), expected)


def test_total_contributions_are_the_whole_layer(results: Results) -> None:
    rows = results.query("contribution-by-type", run=1).to_pylist()
    for layer in range(3):
        assert sum(r["total"] for r in rows if r["layer"] == layer) == pytest.approx(100)


@pytest.mark.parametrize("codes", subsets(4, 1, 13), ids=",".join)
def test_effective_scores_over_values(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    found = results.query("effective-score-by-type", run=1, languages=codes)
    expected = {}
    for code, name in itertools.product(codes, TYPES):
        if of_type(run, 1, codes, name) is None:
            continue
        picked = [(run.effects[i][:, run.languages.index(code)], of_type(run, i, codes, name)[:, 0]) for i in (1, 2)]
        values = np.concatenate([scores[chosen] for scores, chosen in picked])
        x = np.array(sum((scores * chosen).sum(1) for scores, chosen in picked))
        n = np.array(sum(chosen.sum(1) for _, chosen in picked))
        mean = jackknife(run.folds, lambda kept, x=x, n=n: float(x[kept].sum() / n[kept].sum()))
        expected[code, name] = {
            **interval(mean, "mean"),
            "largest": values.max(),
            "smallest": values.min(),
            "variance": values.var(),
            "n": len(values),
        }
    check(found, ("language", "type"), expected)


@pytest.mark.parametrize("codes", subsets(3, 1, 14), ids=",".join)
def test_effective_scores_over_neuron_means(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    found = results.query("effective-score-by-type", run=1, languages=codes, variant="neuron-means")
    expected = {}
    for code, name in itertools.product(codes, TYPES):
        means = []
        for i in (1, 2):
            neuron_types = types(active(run, i, codes))
            often = np.array(
                [
                    neuron_types[t].sum(0) if t in neuron_types else np.zeros(neuron_types["all-shared"].shape[1])
                    for t in TYPES
                ]
            )
            mine = often.argmax(0) == TYPES.index(name)
            means += list(run.effects[i][:, run.languages.index(code)].mean(0)[mine])
        if means:
            expected[code, name] = {
                "largest": max(means), "smallest": min(means), "mean": float(np.mean(means)), "low": math.nan,
                "variance": float(np.var(means)), "n": len(means),
            }  # fmt: skip
    check(found, ("language", "type"), expected)


@pytest.mark.parametrize("codes", subsets(3, 1, 15), ids=",".join)
def test_effective_scores_over_layer_maxima(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    found = results.query("effective-score-by-type", run=1, languages=codes, variant="layer-maxima")
    expected = {}
    for code, name in itertools.product(codes, TYPES):
        if of_type(run, 1, codes, name) is None:
            continue
        p = run.languages.index(code)
        maxima = [run.effects[i][:, p][of_type(run, i, codes, name)[:, 0]].max() for i in (1, 2)]
        expected[code, name] = {
            "largest": max(maxima), "smallest": min(maxima), "mean": float(np.mean(maxima)),
            "variance": float(np.var(maxima)), "n": 2, "high": math.nan,
        }  # fmt: skip
    check(found, ("language", "type"), expected)


@pytest.mark.parametrize("codes", subsets(4, 1, 16), ids=",".join)
@pytest.mark.parametrize("language", [None, "first"])
def test_effective_score_max_by_layer(results: Results, toy: Toy, codes: list[str], language: str | None) -> None:
    run = toy[1]
    code = codes[0] if language else None
    found = results.query("effective-score-max-by-layer", run=1, languages=codes, language=code)
    read = places(run, [code] if code else codes)
    expected = {}
    for i, name in itertools.product((1, 2), TYPES):
        chosen = of_type(run, i, codes, name)
        if chosen is not None:
            scores = run.effects[i][:, read][np.broadcast_to(chosen, (40, len(read), chosen.shape[2]))]
            expected[i, name] = {
                "largest": scores.max(),
                "smallest": scores.min(),
                "n": len(scores),
            }
    check(found, ("layer", "type"), expected)


@pytest.mark.parametrize("by", ["contribution", "top", "effect", "gradient"])
@pytest.mark.parametrize("codes", subsets(2, 1, 17), ids=",".join)
def test_top_neurons(results: Results, toy: Toy, codes: list[str], by: str) -> None:
    run, read = toy[1], places(toy[1], codes)
    found = results.query("top-neurons", run=1, languages=codes, by=by, limit=7)
    candidates = []
    for i, A in enumerate(run.activations):
        for k in range(A.shape[2]):
            shares = [types(active(run, i, list(LANGUAGES)))[t][:, k].mean() for t in TYPES]
            effect = run.effects[i][:, read, k].mean()
            candidates.append({
                "layer": i, "neuron": k, "contribution": 100 * run.shares(i)[:, read, k].mean(),
                "top": 100 * run.top(i)[:, read, k].mean(), "effect": effect,
                "effect_min": run.effects[i][:, read, k].min(), "effect_max": run.effects[i][:, read, k].max(),
                "type_share": 100 * max(shares), "gradient": run.gradients(i)[:, read, k].mean(),
            })  # fmt: skip
    candidates = [c for c in candidates if not math.isnan(c[by])]
    candidates.sort(key=lambda c: (-c[by], c["layer"], c["neuron"]))
    check(found, ("rank",), {i: candidates[i - 1] for i in range(1, 8)})


@pytest.mark.parametrize("codes", subsets(4, 2, 18), ids=",".join)
def test_lape_neurons(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    found = results.query("lape-neurons", run=1, languages=codes, share=20, percentile=60, language_percentile=60)
    read = places(run, codes)
    chance = (
        np.concatenate([t[:, read].sum(0) for t in run.active_tokens], axis=1) / run.n_tokens[:, read].sum(0)[:, None]
    )
    index = [(i, k) for i, A in enumerate(run.activations) for k in range(A.shape[2])]
    bar = np.sort(chance.ravel())[round(0.6 * chance.size) - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = chance / chance.sum(0)
        entropy = -np.where(x > 0, x * np.log(x), 0).sum(0)
    ranked = sorted(
        (float(entropy[j]), *index[j], j)
        for j in range(len(index))
        if chance[:, j].sum() > 0 and chance[:, j].max() > bar
    )[: round(0.2 * len(index))]
    expected = {
        (i, k): {
            "entropy": h,
            "probability": 100 * chance[:, j].max(),
            "bar": 100 * bar,
            "n_selected": len(ranked),
        }
        for h, i, k, j in ranked
    }
    check(found, ("layer", "neuron"), expected)
    for row, (_, _, _, j) in zip(found.to_pylist(), ranked, strict=True):
        assert set(row["languages"]) == {code for code, c in zip(codes, chance[:, j], strict=True) if c > bar}
        best = [chance[codes.index(code), j] for code in row["languages"]]
        assert best == sorted(best, reverse=True)


@pytest.mark.parametrize("name", [
    "contribution-top-share", "contribution-by-type", "effective-score-by-type", "effective-score-max-by-layer",
    "top-neurons", "attribution-truth", "example-top-neurons", "neuron-examples", "ablation-accuracy",
    "ablation-controls", "ablation-dose",
])  # fmt: skip
def test_a_run_without_the_measure_has_no_rows(results: Results, name: str) -> None:
    known = {"layer": 1, "neuron": 2, "example": 3}
    needed = {p.name: known[p.name] for p in results.named(name).parameters if p.required}
    if name != "neuron-examples":
        assert results.query(name, run=4, **needed).num_rows == 0
    assert results.query(name, run=1, **needed).num_rows > 0
