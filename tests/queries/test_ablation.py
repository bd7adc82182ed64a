"""Accuracies, paired changes and controls against NumPy on the raw outcomes."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from neurontui.queries import Results, open_results
from tests.queries.comparing import check, interval, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import Condition, RawRun, make_run, write_runs
from tests.queries.reference import jackknife

ARMS = {0: [0], 1: [1], 2: [2], 3: [3], 4: [4], 5: [5, 6], 7: [7, 8], 9: [9], 10: [10]}
"""First condition of each row -> conditions that differ in their seed."""


def outcome(condition: Condition, measure: str) -> Any:
    """(E, P) what the measure counts; nan where it is not defined."""
    if measure == "generation":
        return condition.correct
    if measure == "first":
        return 1 / condition.first_rank
    return condition.rank_correct if measure == "rank" else 1 - condition.valid


def mean_of(values: list[Any], read: list[int], factor: float = 100) -> Callable[[Any], float]:
    """Mean over the kept examples, these languages and all arrays, of what is not nan."""
    return lambda kept: float(factor * np.nanmean(np.array([v[kept][:, read] for v in values])))


def places(run: RawRun, codes: list[str], code: str | None) -> list[int]:
    return [run.languages.index(each) for each in ([code] if code else codes)]


@pytest.mark.parametrize("codes", subsets(3, 1, 21), ids=",".join)
@pytest.mark.parametrize("measure", ["generation", "rank", "first", "invalid"])
def test_ablation_accuracy(results: Results, toy: Toy, codes: list[str], measure: str) -> None:
    run = toy[1]
    base = outcome(run.conditions[0], measure)
    found = results.query("ablation-accuracy", run=1, languages=codes, measure=measure)
    expected = {}
    for first, members in ARMS.items():
        arm = [run.conditions[i] for i in members]
        for code in [*codes, None]:
            read = places(run, codes, code)
            hits = [outcome(each, measure) for each in arm]
            changes = [each - base for each in hits]
            logprobs = [each.logprob - run.conditions[0].logprob for each in arm]
            picked = np.array(changes)[:, :, read]
            expected[first, code] = {
                **interval(jackknife(run.blocks, mean_of(hits, read)), "accuracy"),
                **interval(jackknife(run.blocks, mean_of(changes, read)), "change", prefix="change_"),
                **interval(jackknife(run.blocks, mean_of(logprobs, read, 1)), "logprob", prefix="logprob_"),
                "n_lost": (picked < 0).sum(), "n_gained": (picked > 0).sum(),
                "n": (~np.isnan(np.array(hits)[:, :, read])).sum(), "n_seeds": len(arm),
                "percent": float(np.mean([run.percent(each, read) for each in arm])),
            }  # fmt: skip
    check(found, ("condition", "language"), expected)


def test_seeds_are_one_row_with_one_name(results: Results) -> None:
    labels = {r["condition"]: r["label"] for r in results.query("ablation-accuracy", run=1).to_pylist()}
    assert labels[5] == "w/o random 25 %"
    assert labels[4] == "w/o all-shared"


@pytest.mark.parametrize("codes", subsets(3, 1, 22), ids=",".join)
def test_ablation_controls(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    found = results.query("ablation-controls", run=1, languages=codes)
    expected = {}
    for own, controls in ((4, [7, 8]), (9, [10])):
        type_, others = run.conditions[own], [run.conditions[i] for i in controls]
        for code in [*codes, None]:
            read = places(run, codes, code)
            differences = [each.correct - type_.correct for each in others]
            logprobs = [each.logprob - type_.logprob for each in others]
            expected[own, code] = {
                **interval(jackknife(run.blocks, mean_of(differences, read)), "difference"),
                **interval(jackknife(run.blocks, mean_of(logprobs, read, 1)), "logprob", prefix="logprob_"),
                "accuracy": mean_of([type_.correct], read)(slice(None)),
                "control": mean_of([each.correct for each in others], read)(slice(None)),
                "percent": run.percent(type_, read), "n_seeds": len(others),
                "control_percent": float(np.mean([run.percent(each, read) for each in others])),
            }  # fmt: skip
    check(found, ("condition", "language"), expected)


@pytest.mark.parametrize("codes", subsets(3, 1, 23), ids=",".join)
def test_ablation_dose(results: Results, toy: Toy, codes: list[str]) -> None:
    run, read = toy[1], places(toy[1], codes, None)
    found = results.query("ablation-dose", run=1, languages=codes)
    names = {
        1: ("non-activated", "type", math.nan),
        2: ("specific", "type", math.nan),
        3: ("partial-shared", "type", math.nan),
        4: ("all-shared", "type", math.nan),
        5: (None, "random", 0.25),
        7: ("all-shared", "control", math.nan),
        9: ("all-shared", "type", 0.05),
        10: ("all-shared", "control", 0.05),
    }
    expected = {}
    for first, (name, arm, fraction) in names.items():
        members = [run.conditions[i] for i in ARMS[first]]
        changes = [each.correct - run.conditions[0].correct for each in members]
        logprobs = [each.logprob - run.conditions[0].logprob for each in members]
        key = (name, arm, None if math.isnan(fraction) else fraction)
        expected[key] = {
            **interval(jackknife(run.blocks, mean_of(changes, read)), "change"),
            **interval(jackknife(run.blocks, mean_of(logprobs, read, 1)), "logprob", prefix="logprob_"),
            "accuracy": mean_of([each.correct for each in members], read)(slice(None)),
            "percent": float(np.mean([run.percent(each, read) for each in members])),
        }  # fmt: skip
    check(found, ("type", "arm", "fraction"), expected)


def test_paired_intervals_are_narrower_than_the_accuracies(results: Results) -> None:
    """Outcomes of one input go together, and the interval of the change makes use of it."""
    rows = results.query("ablation-accuracy", run=1).to_pylist()
    row = next(r for r in rows if r["condition"] == 2 and r["language"] is None)
    assert row["change_high"] - row["change_low"] < row["high"] - row["low"]


def test_a_few_ablated_examples_are_blocks_of_their_own(tmp_path: Path) -> None:
    """Six sources lie in two of the run's folds; as blocks of their own they give a usable interval."""
    run = make_run(8, examples=40, ablated=12)
    with open_results(write_runs(tmp_path / "few.duckdb", run)) as results:
        rows = results.query("ablation-accuracy").to_pylist()
    read = list(range(5))
    for first in (3, 4):
        row = next(r for r in rows if (r["condition"], r["language"]) == (first, None))
        change = (run.conditions[first].correct - run.conditions[0].correct)[:12]
        values = jackknife(run.blocks, mean_of([change], read))
        assert [row["change"], row["change_low"], row["change_high"]] == pytest.approx(values, rel=1e-5)


def test_published_numbers_stand_beside_a_run_of_the_task(results: Results) -> None:
    rows = results.query("published-ablation", run=2).to_pylist()
    assert {r["source"] for r in rows} == {"Table 2", "Table 4"}
    assert not any(r["same_model"] for r in rows)
    value = {(r["source"], r["kind"], r["type"], r["percent"], r["language"]): r["accuracy"] for r in rows}
    assert value["Table 2", "type", "all-shared", 9.85, "de"] == 3.5
    assert value["Table 4", "random", None, 55, "zh"] == 25.0
    assert results.query("published-ablation", run=1).num_rows == 0


def test_published_scores_for_knowledge_editing(tmp_path: Path) -> None:
    run = make_run(8, task="ke-en-all", model="bigscience/BLOOMZ-7b1", examples=2, ablated=2)
    with open_results(write_runs(tmp_path / "ke.duckdb", run)) as results:
        rows = results.query("published-effective-scores").to_pylist()
        assert results.query("published-ablation").num_rows == 81
    assert len(rows) == 48
    assert all(r["same_model"] for r in rows)
    found = {(r["source"], r["language"], r["type"]): r for r in rows}
    assert found["Table 1", "en", "all-shared"]["variance"] == 0.36
    assert found["Table 3", "zh", "partial-shared"]["smallest"] == -0.20


def _with_judge(toy: Toy, folder: Path, judge: str | None) -> Path:
    """The toy file with this judge recorded for run 1 (None: as in files of earlier versions), and other verdicts.

    In every fifth example, generated answers are right where those under teacher forcing are not, and vice versa.
    """
    path = folder / "judged.duckdb"
    shutil.copyfile(toy.path, path)
    with duckdb.connect(str(path)) as connection:
        recorded = "{}" if judge is None else json.dumps({"ablation_judge": judge})
        connection.execute("UPDATE runs SET settings = ? WHERE run = 1", [recorded])
        connection.execute("UPDATE examples SET correct = NOT correct WHERE run = 1 AND example % 5 = 0")
    return path


@pytest.mark.parametrize("codes", subsets(3, 1, 23), ids=",".join)
def test_ablation_judge(toy: Toy, tmp_path: Path, codes: list[str]) -> None:
    run, expected = toy[1], {}
    forced, generated = run.conditions[0].correct, run.correct.copy()
    generated[::5] = 1 - generated[::5]
    for code in [*codes, None]:
        read = places(run, codes, code)
        difference = (generated - forced)[:, read]
        n = int((~np.isnan(difference)).sum())
        expected[(code,)] = {
            "n": n, "n_only_generated": (difference == 1).sum(), "n_only_forced": (difference == -1).sum(),
            "agreement": 100 * (difference == 0).sum() / n,
        }  # fmt: skip
    with open_results(_with_judge(toy, tmp_path, "teacher-forced")) as opened:
        found = opened.query("ablation-judge", run=1, languages=codes)
        assert opened.query("ablation-judge", run=4).num_rows == 0
    check(found, ("language",), expected)
    whole = found.to_pylist()[0]
    assert whole["language"] is None
    assert f"agree on {whole['agreement']:.1f} % of {whole['n']:,} prompts" in whole["note"]
    assert whole["note"].endswith("generates answers")  # they agree by chance only


@pytest.mark.parametrize("judge", [None, "generated"])
def test_generated_answers_are_not_compared_with_themselves(toy: Toy, tmp_path: Path, judge: str | None) -> None:
    with open_results(_with_judge(toy, tmp_path, judge)) as opened:
        rows = opened.query("ablation-judge", run=1).to_pylist()
    assert {(row["judge"], row["agreement"], row["note"]) for row in rows} == {("generated", None, None)}
