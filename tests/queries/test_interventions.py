"""Values of an intervention compared, and patches by layer, against NumPy on the raw outcomes."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from neurontui.queries import Results, open_results
from tests.queries.comparing import check, interval
from tests.queries.raw_run import TYPES, Condition, RawRun, make_run, write_runs
from tests.queries.reference import jackknife
from tests.queries.test_ablation import places

VALUES = ("0", "mean", "scale:2")
SETS = {
    "w/o non-activated": (1, 7, 13), "w/o specific": (2, 8, 14), "w/o partial-shared": (3, 9, 15),
    "w/o all-shared": (4, 10, 16), "w/o random 25 %": (5, 11, 17),
}  # fmt: skip
"""Label of a set -> its first condition under each value; the random set has two seeds."""
CHOSEN = [["en", "de", "fr", "ru", "zh"], ["zh", "de"]]


def outcome(rng: np.random.Generator, base: Condition, shift: float) -> dict[str, Any]:
    """A condition that changes the log-probability by about `shift`."""
    shape = base.logprob.shape
    return {
        "n_ablated": np.full(shape, 5), "correct": base.correct, "rank_correct": base.rank_correct,
        "valid": base.valid, "first_rank": base.first_rank, "target": "weight",
        "logprob": base.logprob + shift + rng.normal(0, 1, shape),
    }  # fmt: skip


def conditions_of(base: Condition) -> Iterator[Condition]:
    rng = np.random.default_rng(3)
    yield base
    shifts = {"0": (-0.01, -1, -2, -4, -3), "mean": (0.01, -0.5, -2.5, -3, -3.5), "scale:2": (0.4, 1, -2, -1, 0.02)}
    for value in VALUES:
        for name, shift in zip(TYPES, shifts[value], strict=False):
            yield Condition("type", f"w/o {name}", name, **outcome(rng, base, shift), value=value)
        for seed in range(2):
            label = f"w/o random 25 %, seed {seed}"
            yield Condition("random", label, None, 0.25, seed, **outcome(rng, base, shifts[value][4]), value=value)
    for source in ("fr", "en"):
        for layers in ((0,), (2,), None):
            yield Condition("layer", "patched", **outcome(rng, base, -1), layers=layers, value=f"patch:{source}")


@pytest.fixture(scope="module")
def run() -> RawRun:
    made = make_run(6)
    return replace(made, conditions=tuple(conditions_of(made.conditions[0])))


@pytest.fixture(scope="module")
def results(run: RawRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(write_runs(tmp_path_factory.mktemp("values") / "values.duckdb", run)) as opened:
        yield opened


def mean_change(run: RawRun, conditions: tuple[int, ...], read: list[int], kept: Any) -> float:
    changes = [run.conditions[i].logprob - run.conditions[0].logprob for i in conditions]
    return float(np.mean([change[kept][:, read] for change in changes]))


def members(first: int) -> tuple[int, ...]:
    return (first, first + 1) if first in SETS["w/o random 25 %"] else (first,)


def spearman(a: list[float], b: list[float]) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


@pytest.mark.parametrize("codes", CHOSEN, ids=",".join)
def test_intervention_agreement(results: Results, run: RawRun, codes: list[str]) -> None:
    read = places(run, codes, None)
    expected: dict[Any, dict[str, float]] = {}
    for value, other in combinations(range(3), 2):
        key, same, certain = (VALUES[value], VALUES[other]), [], []
        for label, firsts in SETS.items():
            one, two = (
                jackknife(run.blocks, lambda kept, i=firsts[v]: mean_change(run, members(i), read, kept))
                for v in (value, other)
            )
            same.append(one[0] * two[0] > 0)
            certain.append(all(low * high > 0 for _, low, high in (one, two)))
            expected[label, *key] = {
                **interval(one, "change"), **interval(two, "other_change", prefix="other_"),
                "same_sign": 100 * same[-1], "correlation": math.nan, "correlation_low": math.nan,
                "correlation_high": math.nan, "same_low": math.nan, "n_sets": 1,
                "n": len(members(firsts[0])) * len(run.blocks) * len(codes),
            }  # fmt: skip

        def correlation(kept: Any, value: int = value, other: int = other) -> float:
            changes = [
                [mean_change(run, members(firsts[v]), read, kept) for firsts in SETS.values()] for v in (value, other)
            ]
            return spearman(*changes)

        whole, low, high = jackknife(run.blocks, correlation)
        expected[None, *key] = {
            "correlation": whole, "correlation_low": max(low, -1), "correlation_high": min(high, 1),
            "same_sign": 100 * np.mean(same), "same_low": 100 * np.mean(np.array(same) & certain),
            "same_high": 100 - 100 * np.mean(~np.array(same) & certain), "n_sets": 5, "change": math.nan,
        }  # fmt: skip
    check(results.query("intervention-agreement", languages=codes), ("label", "value", "other"), expected)
    pairs = [(row["value"], row["other"]) for row in results.query("intervention-agreement").to_pylist()]
    assert list(dict.fromkeys(pairs)) == list(combinations(VALUES, 2))


def test_signs_and_order_are_not_always_the_same(results: Results) -> None:
    """Otherwise the comparison above could not fail."""
    rows = [row for row in results.query("intervention-agreement").to_pylist() if row["label"] is None]
    assert {row["same_sign"] for row in rows} != {100}
    assert any(row["same_low"] < row["same_sign"] for row in rows)
    assert len({row["correlation"] for row in rows}) > 1


@pytest.mark.parametrize("codes", CHOSEN, ids=",".join)
def test_patching(results: Results, run: RawRun, codes: list[str]) -> None:
    expected: dict[Any, dict[str, float]] = {}
    for condition, patch in list(enumerate(run.conditions))[-6:]:
        source, layer = patch.value.removeprefix("patch:"), patch.layers and patch.layers[0]
        for code in [*codes, None]:
            read = places(run, [c for c in codes if c != source], code) if code != source else places(run, codes, code)
            values = jackknife(run.blocks, lambda kept, i=condition, at=read: mean_change(run, (i,), at, kept))
            expected[layer, source, code] = {**interval(values, "change"), "n": len(run.blocks) * len(read)}
    check(results.query("patching", languages=codes), ("layer", "source", "language"), expected)


def test_other_queries_keep_values_apart(results: Results) -> None:
    accuracy = results.query("ablation-accuracy").to_pylist()
    assert {row["value"] for row in accuracy} == {*VALUES, "patch:fr", "patch:en"}
    doses = results.query("ablation-dose").to_pylist()
    assert [row["value"] for row in doses] == [value for value in VALUES for _ in SETS]


def test_claims_are_about_values_that_remove_neurons(results: Results, run: RawRun, tmp_path: Path) -> None:
    """Those of several values are those of the first one; doubled weights are no ablation."""

    def estimates(conditions: tuple[Condition, ...]) -> dict[str, Any]:
        path = write_runs(tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb", replace(run, conditions=conditions))
        with open_results(path) as opened:
            rows = opened.query("claims").to_pylist()
        return {row["claim"]: row["estimate"] for row in rows if "abla" in row["claim"] or "random" in row["claim"]}

    all_values, zero, doubled = (
        estimates(run.conditions), estimates(run.conditions[:7]), estimates((run.conditions[0], *run.conditions[13:])),
    )  # fmt: skip
    assert zero == pytest.approx(all_values, nan_ok=True)
    assert any(value is not None for value in zero.values())
    assert all(value is None for value in doubled.values())


def test_a_mean_of_earlier_versions_is_called_so(run: RawRun, tmp_path: Path) -> None:
    older = tuple(replace(each, value="mean" if i else "0", target=None) for i, each in enumerate(run.conditions[:7]))
    with open_results(write_runs(tmp_path / "older.duckdb", replace(run, conditions=older))) as opened:
        rows = opened.query("ablation-accuracy").to_pylist()
        assert opened.query("intervention-agreement").num_rows == 0
        assert opened.query("patching").num_rows == 0
        viewed = opened.sql("SELECT DISTINCT kind = 'baseline' AS base, value FROM ablation").to_pylist()
    words = "mean of all languages (earlier version)"
    assert sorted((row["base"], row["value"]) for row in viewed) == [(False, words), (True, "0")]
    for row in rows:
        assert (row["value"] == words) == (row["kind"] != "baseline")
        assert (words in row["label"]) == (row["kind"] != "baseline")


def test_the_setting_of_an_earlier_mean_is_called_so(run: RawRun, tmp_path: Path) -> None:
    path = write_runs(tmp_path / "settings.duckdb", run)
    for setting, shown in (('"mean"', "mean of all languages (earlier version)"), ('["mean"]', '["mean"]')):
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE runs SET settings = ?", [f'{{"ablation_value": {setting}}}'])
        with open_results(path) as opened:
            rows = opened.query("run-settings").to_pylist()
        assert [row["value"] for row in rows if row["name"] == "ablation_value"] == [shown]
