"""Neurons that are active with right answers and not with wrong ones, against NumPy and against what was planted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurontui.queries import Results, open_results
from tests.queries.answer_stores import make_answers, write_answers
from tests.queries.comparing import LANGUAGES, check, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import RawRun

ALL = 10_000


def weights_of(correct: NDArray[Any]) -> NDArray[Any]:
    """(E, P) from right (1), wrong (0) and unjudged (nan): how much each input counts, without language means."""
    right, wrong = correct == 1, correct == 0
    raw = right / right.sum(1, keepdims=True) - wrong / wrong.sum(1, keepdims=True)
    judged = right | wrong
    return np.where(judged, raw - (raw * judged).sum(0) / np.maximum(judged.sum(0), 1), 0.0)


def within_sd(active: NDArray[Any], judged: NDArray[Any]) -> NDArray[Any]:
    """(d,): standard deviation of activity (E, P, d) among the judged languages of an example."""
    sums = sum(((active[e, judged[e]] - active[e, judged[e]].mean(0)) ** 2).sum(0) for e in range(len(active)))
    return np.sqrt(sums / (judged.sum(1) - 1).sum())


def _expected(run: RawRun, codes: list[str]) -> dict[tuple[int, int], dict[str, float]]:
    places = [place for place, code in enumerate(run.languages) if code in codes]
    correct = run.correct[:, places]
    mixed = (correct == 1).any(1) & (correct == 0).any(1)
    correct = correct[mixed]
    right, wrong, weights = correct == 1, correct == 0, weights_of(correct)
    expected = {}
    for i, acts in enumerate(run.activations[:3]):
        active = (acts[mixed][:, places] > 0).astype(float)
        sd = within_sd(active, right | wrong)
        shares = [
            np.einsum("epd,ep->d", active, own / own.sum(1, keepdims=True)) / len(active) for own in (right, wrong)
        ]
        sums = np.einsum("epd,ep->d", active, weights)
        for k in np.flatnonzero(sd > 0):
            expected[i, int(k)] = {
                "active_right": 100 * shares[0][k], "active_wrong": 100 * shares[1][k],
                "difference": 100 * sums[k] / len(active),
                "z": sums[k] / sd[k] / np.sqrt((weights**2).sum()),
                "n_examples": len(active), "n_right": right.sum(), "n_wrong": wrong.sum(),
            }  # fmt: skip
    return expected


@pytest.mark.parametrize("codes", subsets(3, 2, 45), ids=",".join)
def test_neurons_by_correctness(results: Results, toy: Toy, codes: list[str]) -> None:
    expected = _expected(toy[1], codes)
    ask = {"run": 1, "languages": codes, "permutations": 9}
    check(results.query("neurons-by-correctness", **ask, limit=ALL), ("layer", "neuron"), expected)
    for active, sign in (("right", -1), ("wrong", 1)):
        rows = results.query("neurons-by-correctness", **ask, layer=1, active=active, limit=5)
        ranked = sorted((sign * round(row["z"], 4), key) for key, row in expected.items() if key[0] == 1)
        assert [(row["layer"], row["neuron"]) for row in rows.to_pylist()] == [key for _, key in ranked[:5]]


def test_planted_neurons_are_found_and_no_others(tmp_path: Path) -> None:
    answers = make_answers(7, planted=20)
    with open_results(write_answers(tmp_path / "r.duckdb", answers)) as results:
        rows = results.query("neurons-by-correctness", limit=ALL).to_pylist()
        again = results.query("neurons-by-correctness", limit=ALL).to_pylist()
        other = results.query("neurons-by-correctness", limit=ALL, seed=1).to_pylist()
    assert [row["p"] for row in rows] == [row["p"] for row in again] != [row["p"] for row in other]
    significant = {(row["layer"], row["neuron"]) for row in rows if row["p"] <= 0.05}
    assert significant == set(answers.planted)
    assert {(row["layer"], row["neuron"]) for row in rows[:20]} == significant
    assert all(row["active_right"] == 100 and row["active_wrong"] == 0 for row in rows[:20])


def test_the_test_is_right_where_nothing_follows_the_answer(tmp_path: Path) -> None:
    """Family-wise: in about 5 % of the runs, one of the 300 neurons or more is below 5 %."""
    n = 20
    with open_results(write_answers(tmp_path / "r.duckdb", *(make_answers(100 + i) for i in range(n)))) as results:
        lowest = [
            min(results.query("neurons-by-correctness", run=run, permutations=99, limit=ALL)["p"].to_pylist())
            for run in range(1, n + 1)
        ]
    assert sum(p <= 0.05 for p in lowest) <= 0.06 * n
    assert 0.3 < np.mean(lowest) < 0.7


def test_the_family_wise_p_value_counts_largest_statistics(tmp_path: Path) -> None:
    """The larger |z|, the smaller p, down to one in the number of permutations."""
    answers = make_answers(3, planted=1)
    with open_results(write_answers(tmp_path / "r.duckdb", answers)) as results:
        rows = results.query("neurons-by-correctness", permutations=19, limit=ALL).to_pylist()
    assert min(row["p"] for row in rows) == 1 / 20
    by_size = sorted(rows, key=lambda row: -abs(row["z"]))
    assert [row["p"] for row in by_size] == sorted(row["p"] for row in rows)


def _mixed(run: RawRun) -> list[int]:
    return [e for e in range(40) if (run.correct[e] == 1).any() and (run.correct[e] == 0).any()]


def test_neurons_of_an_example_by_correctness(results: Results, toy: Toy) -> None:
    run = toy[1]
    for example in _mixed(run)[:4]:
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
        table = results.query("example-matrix", run=1, example=example, order="right", limit=ALL)
        check(table, ("layer", "neuron"), expected)
        assert set(table["found"].to_pylist()) == {len(expected)}
        assert table["difference"].to_pylist() == sorted(table["difference"].to_pylist(), reverse=True)
    alike = next(e for e in range(40) if (run.correct[e] == 1).all())
    assert results.query("example-matrix", run=1, example=alike, order="right").num_rows == 0


@pytest.mark.parametrize("codes", [list(LANGUAGES), ["en", "ru", "zh"]], ids=",".join)
def test_the_matrix_of_an_example(results: Results, toy: Toy, codes: list[str]) -> None:
    """Contribution scores and activity are those of the raw arrays; rows are in the order that is named."""
    run, example = toy[1], 3
    places = [place for place, code in enumerate(run.languages) if code in codes]
    rows = results.query("example-matrix", run=1, example=example, languages=codes, limit=ALL).to_pylist()
    listed = results.query("example-top-neurons", run=1, example=example, languages=codes, limit=ALL).to_pylist()
    assert {(row["layer"], row["neuron"]) for row in rows} == {(row["layer"], row["neuron"]) for row in listed}
    scores = {(row["layer"], row["neuron"], row["language"]): row["contribution"] for row in listed}
    kinds = {(row["layer"], row["neuron"]): row["type"] for row in listed}
    for row in rows:
        layer, neuron = row["layer"], row["neuron"]
        own = [scores.get((layer, neuron, run.languages[place])) for place in places]
        assert row["contributions"] == pytest.approx(own)
        assert row["contribution"] == pytest.approx(max(score for score in own if score is not None))
        on = run.activations[layer][example, :, neuron] > 0
        assert row["languages"] == [run.languages[place] for place in places if on[place]]
        assert row["type"] == kinds[layer, neuron]
    largest = [row["contribution"] for row in rows]
    assert largest == sorted(largest, reverse=True)
    by_type = results.query("example-matrix", run=1, example=example, languages=codes, order="type", limit=9)
    order = ["all-shared", "partial-shared", "specific", "non-activated"]
    assert [(row["layer"], row["neuron"]) for row in by_type.to_pylist()] == [
        (row["layer"], row["neuron"]) for row in sorted(rows[:9], key=lambda row: order.index(row["type"]))
    ]


def test_the_matrix_of_listed_neurons(results: Results, toy: Toy) -> None:
    pairs = [(2, 5), (0, 3), (1, 4)]
    asked = [number for pair in pairs for number in pair]
    rows = results.query("example-matrix", run=1, example=3, neurons=asked).to_pylist()
    assert [(row["layer"], row["neuron"]) for row in rows] == pairs
    for row in rows:
        on = toy[1].activations[row["layer"]][3, :, row["neuron"]] > 0
        assert row["languages"] == [code for code, active in zip(LANGUAGES, on, strict=True) if active]
