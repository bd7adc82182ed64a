"""Steering: languages of outputs and what is left of the answers, against NumPy on the raw outcomes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from tests.queries.comparing import check, interval
from tests.queries.reference import jackknife
from tests.queries.selected_stores import BLOCKS, LANGUAGES, E, Outcomes, write_outcomes

P = len(LANGUAGES)
SELECTED = {"kind": "selected", "rule": "lape", "set_language": "de", "fraction": 0.01}
CONDITIONS: list[dict[str, Any]] = [
    {"kind": "baseline"},
    {"kind": "prompt", "set_language": "de"},
    {**SELECTED, "value": "scale:2"},
    {**SELECTED, "value": "scale:2", "kind": "matched", "matched_to": 2},
    {**SELECTED, "value": "scale:10"},
    {**SELECTED, "value": "add:-1.5"},
    {**SELECTED, "value": "mean-of:fr"},
    {**SELECTED, "value": "0"},  # not steering
    {"kind": "random", "fraction": 0.01, "seed": 0, "value": "scale:2"},
    {"kind": "random", "fraction": 0.01, "seed": 1, "value": "scale:2"},
    {"kind": "random", "fraction": 0.05, "seed": 0, "value": "scale:2"},  # of another size
]
ARMS: dict[tuple[Any, ...], list[int]] = {
    ("de", None, "baseline", None, None): [0],
    ("fr", None, "baseline", None, None): [0],
    ("de", None, "prompt", None, None): [1],
    ("de", "lape", "set", "scale:2", 2.0): [2],
    ("de", "lape", "control", "scale:2", 2.0): [3],
    ("de", "lape", "set", "scale:10", 10.0): [4],
    ("de", "lape", "set", "add:-1.5", -1.5): [5],
    ("fr", "lape", "set", "mean-of:fr", None): [6],
    ("de", "lape", "random", "scale:2", 2.0): [8, 9],
}


def steered() -> Outcomes:
    rng, shape = np.random.default_rng(4), (len(CONDITIONS), E, P)
    chosen = np.array([*LANGUAGES, "und"])[rng.integers(0, P + 1, shape)]
    return Outcomes(CONDITIONS, rng.normal(-2, 1, shape), rng.random(shape) < 0.4, np.arange(len(CONDITIONS)), chosen)


@pytest.fixture(scope="module")
def run() -> Outcomes:
    return steered()


@pytest.fixture(scope="module")
def opened(run: Outcomes, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return open_results(write_outcomes(tmp_path_factory.mktemp("steering") / "r.duckdb", run))


def mean(values: Any, columns: list[int], factor: float = 100) -> Callable[[Any], float]:
    """Mean over conditions, kept examples and languages. values: (C', E, P)."""
    return lambda kept: float(factor * values[:, kept][:, :, columns].mean())


def test_every_number_is_that_of_numpy(opened: Results, run: Outcomes) -> None:
    assert run.output_language is not None
    expected = {}
    for key, members in ARMS.items():
        said, own = run.output_language[members], np.array(LANGUAGES)[None, None]
        change = 1.0 * run.correct[members] - run.correct[0]
        logprob = run.logprob[members] - run.logprob[0]
        for column in (*range(P), None):
            others = [i for i in range(P) if LANGUAGES[i] != key[0]]
            read = others if column is None else [column]
            expected[*key, None if column is None else LANGUAGES[column]] = {
                **interval(jackknife(BLOCKS, mean(said == key[0], read)), "switched", prefix="switched_"),
                **interval(jackknife(BLOCKS, mean(said == own, read)), "own", prefix="own_"),
                **interval(jackknife(BLOCKS, mean(change, read)), "change", prefix="change_"),
                **interval(jackknife(BLOCKS, mean(logprob, read, 1)), "logprob", prefix="logprob_"),
                "undetermined": mean(said == "und", read)(slice(None)),
                "accuracy": mean(run.correct[members], read)(slice(None)),
                "percent": float(np.mean(members)) / 5, "n": len(members) * E * len(read),
                "n_outputs": len(members) * E * len(read),
            }  # fmt: skip
    check(opened.query("steering"), ("toward", "rule", "arm", "value", "strength", "language"), expected)


def test_strengths_are_in_order(opened: Results) -> None:
    rows = [row for row in opened.query("steering").to_pylist() if row["language"] is None and row["toward"] == "de"]
    assert [(row["arm"], row["strength"]) for row in rows] == [
        ("baseline", None), ("prompt", None), ("set", -1.5), ("set", 2), ("control", 2), ("random", 2), ("set", 10)
    ]  # fmt: skip


def test_without_generated_answers_there_are_no_languages(tmp_path: Path, run: Outcomes) -> None:
    fed = replace(run, output_language=None)
    with open_results(write_outcomes(tmp_path / "r.duckdb", fed)) as results:
        rows = results.query("steering").to_pylist()
    assert len(rows) == len(ARMS) * (P + 1)
    assert {(row["switched"], row["own"], row["undetermined"], row["n_outputs"]) for row in rows} == {
        (None, None, None, 0)
    }
    assert all(row["accuracy"] is not None for row in rows)


def test_sets_that_are_switched_off_are_not_steering(results: Results) -> None:
    assert results.query("steering", run=1).num_rows == 0
