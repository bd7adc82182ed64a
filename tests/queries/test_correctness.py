"""Neurons that are active with right answers and not with wrong ones, in one example and over all, against NumPy."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurontui.queries import Results
from tests.queries.comparing import LANGUAGES, check, interval, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import RawRun
from tests.queries.reference import jackknife

ALL = 10_000
Strata = list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]
"""For each language: activity of the neurons by input, which answers are right, and which are wrong."""


def _shares(strata: Strata, kept: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """(d,) and (d,): shares of right and of wrong inputs in which a neuron is active, Mantel-Haenszel."""
    weights, right, wrong = [], [], []
    for on, good, bad in strata:
        n_right, n_wrong = (good & kept).sum(), (bad & kept).sum()
        if n_right and n_wrong:
            weights.append(n_right * n_wrong / (n_right + n_wrong))
            right.append(on[good & kept].mean(axis=0))
            wrong.append(on[bad & kept].mean(axis=0))
    return tuple(100 * np.average(shares, axis=0, weights=weights) for shares in (right, wrong))  # type: ignore[return-value]


def _expected(run: RawRun, codes: list[str]) -> dict[tuple[int, int], dict[str, float]]:
    places = [run.languages.index(code) for code in codes]
    answers = {place: run.correct[:, place] for place in places}
    judged = np.array([any(not np.isnan(answers[place][e]) for place in places) for e in range(40)])
    folds = tuple(fold for fold, any_answer in zip(run.folds, judged, strict=True) if any_answer)
    expected = {}
    for i, acts in enumerate(run.activations[:3]):
        strata = [(acts[judged, p] > 0, answers[p][judged] == 1, answers[p][judged] == 0) for p in places]
        both = [stratum for stratum in strata if stratum[1].any() and stratum[2].any()]
        right, wrong = _shares(strata, np.ones(judged.sum(), bool))
        for k in range(acts.shape[2]):
            one = [(on[:, k : k + 1], good, bad) for on, good, bad in strata]

            def difference(kept: NDArray[Any], one: Strata = one) -> float:
                first, second = _shares(one, kept)
                return float(first[0] - second[0])

            expected[i, k] = {
                **interval(jackknife(folds, difference), "difference"),
                "active_right": right[k], "active_wrong": wrong[k],
                "n_right": sum(good.sum() for _, good, _ in both), "n_wrong": sum(bad.sum() for _, _, bad in both),
            }  # fmt: skip
    return expected


@pytest.mark.parametrize("codes", subsets(3, 1, 45), ids=",".join)
def test_neurons_by_correctness(results: Results, toy: Toy, codes: list[str]) -> None:
    expected = _expected(toy[1], codes)
    check(results.query("neurons-by-correctness", run=1, languages=codes, limit=ALL), ("layer", "neuron"), expected)
    for active, sign in (("right", -1), ("wrong", 1)):
        rows = results.query("neurons-by-correctness", run=1, languages=codes, layer=1, active=active, limit=5)
        ranked = sorted((sign * round(row["difference"], 9), key) for key, row in expected.items() if key[0] == 1)
        assert [(row["layer"], row["neuron"]) for row in rows.to_pylist()] == [key for _, key in ranked[:5]]


def test_neurons_of_an_example_by_correctness(results: Results, toy: Toy) -> None:
    run = toy[1]
    mixed = [e for e in range(40) if (run.correct[e] == 1).any() and (run.correct[e] == 0).any()]
    for example in mixed[:4]:
        good, bad = run.correct[example] == 1, run.correct[example] == 0
        expected = {}
        for i, acts in enumerate(run.activations[:3]):
            on = acts[example] > 0
            for k in range(on.shape[1]):
                shares = 100 * on[good, k].mean(), 100 * on[bad, k].mean()
                if shares[0] > shares[1]:
                    expected[i, k] = {
                        "active_right": shares[0], "active_wrong": shares[1], "difference": shares[0] - shares[1],
                        "n_right": good.sum(), "n_wrong": bad.sum(),
                    }  # fmt: skip
        table = results.query("example-neurons-by-correctness", run=1, example=example, limit=ALL)
        check(table, ("layer", "neuron"), expected)
        assert set(table["found"].to_pylist()) == {len(expected)}
        row = table.to_pylist()[0]
        on = run.activations[row["layer"]][example, :, row["neuron"]] > 0
        assert row["languages"] == [LANGUAGES[p] for p in np.flatnonzero(on)]
    alike = next(e for e in range(40) if (run.correct[e] == 1).all())
    assert results.query("example-neurons-by-correctness", run=1, example=alike).num_rows == 0
