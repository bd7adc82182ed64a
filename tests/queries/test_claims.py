"""The claims follow the data: planted effects are found, absent ones are not, and an untrained model proves nothing."""

import itertools
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.store.schema import tables_of_a_run
from tests.queries.comparing import LANGUAGES, close
from tests.queries.conftest import Toy
from tests.queries.planted import Effects, write_planted
from tests.queries.raw_run import TYPES, RawRun
from tests.queries.reference import active, jackknife, types

PLANTED = Effects(
    inactive=0.8,
    task=1,
    family=1,
    contribution=1,
    score=1,
    upper=1,
    encoder=1,
    ablation=0.25,
    harmless=0.08,
)
REVERSED = Effects(
    inactive=-0.8,
    task=-1,
    family=-1,
    contribution=-1,
    score=-1,
    upper=-0.6,
    encoder=-1,
    ablation=-0.25,
    harmless=-0.3,
)
OF_DIRECTION = (
    "non-activated-prevail",
    "all-shared-contribute-most",
    "all-shared-highest-average",
    "all-shared-extremes",
    "upper-layers-matter",
    "all-shared-ablation-worst",
    "all-shared-beyond-control",
    "random-harmless",
    "encoder-shares-more",
)
"""Claims that the planted effects make true, their reversal false, and their absence neither."""


@pytest.fixture(scope="module")
def planted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the planted effects; to be copied, not changed."""
    return write_planted(tmp_path_factory.mktemp("planted") / "planted.duckdb", 1, PLANTED)


@pytest.fixture
def planted(planted_once: Path, tmp_path: Path) -> Path:
    """A store with the planted effects, for one test."""
    return Path(shutil.copy(planted_once, tmp_path / "planted.duckdb"))


def verdicts(path: Path, seed: int, effects: Effects) -> dict[str, str]:
    """Claim -> verdict, for a planted store."""
    with open_results(write_planted(path / f"{seed}.duckdb", seed, effects)) as results:
        found = results.query("claims", run=1).to_pylist()
    return {row["claim"]: row["verdict"] for row in found}


def false_claims(found: dict[str, str]) -> list[str]:
    """Claims made of a store in which no effect was planted."""
    made = [claim for claim in OF_DIRECTION if found[claim] != "undecided"]
    made += ["task-matters"] * (found["task-matters"] == "supported")
    return made + ["relatives-share-no-more"] * (found["relatives-share-no-more"] == "contradicted")


def test_planted_effects_are_found(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 1, PLANTED)
    assert {claim: found[claim] for claim in OF_DIRECTION} == dict.fromkeys(OF_DIRECTION, "supported")
    assert found["task-matters"] == "supported"
    assert found["relatives-share-no-more"] == "contradicted"
    assert found["types-vary"] == found["non-activated-vary"] == "supported"
    assert found["few-silent"] == "contradicted"


def test_reversed_effects_are_reported_so(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 2, REVERSED)
    assert {claim: found[claim] for claim in OF_DIRECTION} == dict.fromkeys(OF_DIRECTION, "contradicted")
    assert found["task-matters"] == "supported"
    assert found["relatives-share-no-more"] == "supported"


@pytest.mark.parametrize("seed", [3, 4])
def test_absent_effects_are_not_claimed(tmp_path: Path, seed: int) -> None:
    assert false_claims(verdicts(tmp_path, seed, Effects())) == []


@pytest.mark.parametrize("effects", [PLANTED, REVERSED], ids=["planted", "reversed"])
def test_a_model_at_chance_proves_nothing(tmp_path: Path, effects: Effects) -> None:
    untrained = Effects(**{**vars(effects), "competence": 0.0})
    assert set(verdicts(tmp_path, 5, untrained).values()) == {"undecided"}


def test_a_model_that_only_ranks_is_judged_by_rank(tmp_path: Path) -> None:
    """No right answer is generated, as by a base model; the verdicts are those of the most likely choice."""
    base = Effects(**{**vars(PLANTED), "generated": False, "ranked": 0.5})
    with open_results(write_planted(tmp_path / "base.duckdb", 1, base)) as results:
        rows = {row["claim"]: row for row in results.query("claims", run=1).to_pylist()}
    assert {claim: rows[claim]["verdict"] for claim in OF_DIRECTION} == dict.fromkeys(OF_DIRECTION, "supported")
    finding = rows["non-activated-prevail"]["finding"]
    assert (
        "It is decided by rank: the accuracy of the model is 0.0 %, and that of a constant answer is 33.3 %" in finding
    )
    assert "the mean reciprocal rank of the answers is 0.80" in finding
    assert "and that of a constant order is 0.611." in finding
    assert rows["all-shared-ablation-worst"]["finding"].endswith("Accuracy is that of the most likely choice.")


def test_a_constant_order_of_candidates_proves_nothing(tmp_path: Path) -> None:
    """Always the same order: two thirds of the answers are its first, so ranks are far above a random order."""
    path = write_planted(tmp_path / "constant.duckdb", 1, Effects(**{**vars(PLANTED), "generated": False}))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE examples SET answer = if(example % 6 < 4, 'true', 'false')")
        connection.execute("UPDATE examples SET rank = if(answer = 'true', 1, 2)")
    with open_results(path) as results:
        rows = results.query("claims", run=1).to_pylist()
    assert {row["verdict"] for row in rows} == {"undecided"}
    assert "answers is 0.833, and that of a constant order is 0.833." in rows[0]["finding"]


@pytest.mark.faults
def test_at_most_one_of_twenty_stores_without_effects_gives_a_false_claim(tmp_path: Path) -> None:
    wrong = {seed: false_claims(verdicts(tmp_path, seed, Effects())) for seed in range(100, 300)}
    wrong = {seed: claims for seed, claims in wrong.items() if claims}
    print(f"\n{len(wrong)} of 200 stores with a false claim: {wrong}")
    assert len(wrong) <= 10


@pytest.mark.faults
def test_no_model_at_chance_proves_anything(tmp_path: Path) -> None:
    for seed in range(300, 350):
        assert set(verdicts(tmp_path, seed, Effects(competence=0.0)).values()) == {"undecided"}


def test_a_run_that_lacks_a_measure_says_what_it_takes(results: Results) -> None:
    rows = {row["claim"]: row for row in results.query("claims", run=4).to_pylist()}
    assert {row["verdict"] for row in rows.values()} == {"undecided"}
    assert rows["all-shared-extremes"]["finding"].startswith("Not measured: requires effective scores.")
    assert rows["task-matters"]["finding"].startswith("Not measured: requires a run of the same model")
    assert rows["non-activated-prevail"]["finding"].startswith("Too few clusters of examples")
    assert rows["types-vary"]["finding"].endswith(
        "No answers were judged, so it is unknown whether the model solves the task."
    )


def test_two_languages_are_too_few(results: Results) -> None:
    rows = results.query("claims", run=1, languages="en,de").to_pylist()
    assert len(rows) == 16
    decided = [row["claim"] for row in rows if row["estimate"] is not None]
    assert set(decided) <= {
        "few-silent", "upper-layers-matter", "all-shared-extremes",
        "all-shared-ablation-worst", "all-shared-beyond-control", "random-harmless",
    }  # fmt: skip


def every_type(run: RawRun, layer: int) -> dict[str, Any]:
    return types(active(run, layer, list(LANGUAGES)))


def test_numbers_and_intervals_against_numpy(results: Results, toy: Toy) -> None:
    run = toy[1]
    rows = {row["claim"]: row for row in results.query("claims", run=1, other=2).to_pylist()}

    def expect(claim: str, estimates: dict[str, Any], transform: Any = lambda x: x, folds: Any = run.folds) -> None:
        values = {name: [transform(x) for x in jackknife(folds, f, 0.998)] for name, f in estimates.items()}
        null = transform(0.0)
        failing = [name for name, value in values.items() if value[2] < null and claim != "random-harmless"]
        closest = min(failing or values, key=lambda name: values[name][0])
        assert rows[claim]["versus"] == closest
        for column, value in zip(("estimate", "low", "high"), values[closest], strict=True):
            assert close(rows[claim][column], value), (claim, column, rows[claim][column], value)

    counts = {name: sum(every_type(run, i)[name].sum(1) for i in range(3)) / 64 for name in TYPES}
    expect("non-activated-prevail", {
        name: lambda kept, name=name: 100 * float((counts["non-activated"] - counts[name])[kept].mean())
        for name in TYPES[1:]
    })  # fmt: skip
    three = [
        sum(types(active(run, i, list(each)))["partial-shared"].sum(1) for i in range(3)) / 64
        for each in itertools.combinations(LANGUAGES, 3)
    ]
    expect("more-languages-share", {
        "three languages": lambda kept: 100 * float((counts["partial-shared"] - np.mean(three, axis=0))[kept].mean())
    })  # fmt: skip
    shared = [every_type(run, i)["all-shared"].mean(1) for i in range(3)]
    decoder = (24 * shared[1] + 16 * shared[2]) / 40
    expect(
        "encoder-shares-more",
        {"decoder": lambda kept: 100 * float((shared[0] - decoder)[kept].mean())},
    )

    top = {t: sum((run.top(i) & every_type(run, i)[t][:, None]).sum((1, 2)) for i in range(3)) for t in TYPES}
    whole = sum(np.array(each) for each in top.values())
    for claim, mine, others in (
        ("all-shared-contribute-most", "all-shared", TYPES[:3]), ("partial-shared-second", "partial-shared", TYPES[:2])
    ):  # fmt: skip
        expect(
            claim,
            {
                t: lambda kept, t=t, mine=mine: 100 * float((top[mine] - top[t])[kept].sum() / whole[kept].sum())
                for t in others
            },
        )
    cs = {t: sum((run.shares(i) * every_type(run, i)[t][:, None]).sum((1, 2)) for i in range(3)) for t in TYPES}
    n = {t: 5 * sum(every_type(run, i)[t].sum(1) for i in range(3)) for t in TYPES}

    def log_ratio(kept: Any, t: str) -> float:
        return float(
            np.log(cs["all-shared"][kept].sum() / n["all-shared"][kept].sum() / (cs[t][kept].sum() / n[t][kept].sum()))
        )

    expect(
        "all-shared-highest-average",
        {t: lambda kept, t=t: log_ratio(kept, t) for t in TYPES[:3]},
        np.exp,
    )

    def extreme(t: str, sign: int) -> Any:
        """(E, P): largest score of the type over layers 1 and 2, or minus the smallest; nan without such a neuron."""
        chosen = [np.where(every_type(run, i)[t][:, None], sign * run.effects[i], -np.inf).max(2) for i in (1, 2)]
        best = np.max(chosen, axis=0)
        return np.where(np.isinf(best), np.nan, best)

    expect(
        "all-shared-extremes",
        {
            f"{t}, {word}": lambda kept, t=t, sign=sign: float(
                np.nanmean((extreme("all-shared", sign) - extreme(t, sign))[kept])
            )
            for t in TYPES[:3]
            for word, sign in (("largest", 1), ("smallest", -1))
        },
    )
    numbers = re.findall(r"\d[\d.]*(?:e[+-]\d+)?", rows["all-shared-highest-average"]["finding"])
    assert len(numbers) == 3
    assert all(float(f"{float(number):.3g}") == float(number) for number in numbers), "no more than three digits"

    maxima = [run.effects[i].max(2).mean(1) for i in (1, 2)]
    expect(
        "upper-layers-matter",
        {"lower half": lambda kept: float((maxima[1] - maxima[0])[kept].mean())},
    )

    hits = [c.correct for c in run.conditions]

    def left(i: int) -> Any:
        return lambda kept: 100 * float(np.nanmean((hits[i] - hits[4])[kept]))

    def control(kept: Any) -> float:
        own, paired = (run.conditions[i].logprob for i in (9, 10))
        return float((paired - own)[kept].mean())

    def lost(kept: Any) -> float:
        pair = np.array([hits[5], hits[6]])[:, kept]
        return 100 * float(1 - np.nansum(pair) / (2 * np.nansum(hits[0][kept])))

    others = {t: left(i) for i, t in enumerate(TYPES[:3], 1)}
    expect("all-shared-ablation-worst", others, folds=run.blocks)
    paired = f"the paired control ({run.percent(run.conditions[10]):.1f} % of all neurons)"
    expect("all-shared-beyond-control", {paired: control}, folds=run.blocks)
    expect("random-harmless", {"25 % at random": lost}, folds=run.blocks)
    kept_types = sum(sum(each.all(0).sum() for each in every_type(run, i).values()) for i in range(3))
    assert close(rows["types-vary"]["estimate"], 100 * kept_types / 64)
    always = sum(every_type(run, i)["non-activated"].all(0).sum() for i in range(3)) / 64
    assert close(rows["non-activated-vary"]["estimate"], 100 * always / counts["non-activated"].mean())


def test_the_task_is_judged_on_the_languages_of_both_runs(results: Results, toy: Toy) -> None:
    rows = {row["claim"]: row for row in results.query("claims", run=1).to_pylist()}
    assert rows["task-matters"]["versus"] == "toy · xnli"
    codes = ["en", "de", "ru", "zh"]
    found = {}
    for run in (toy[1], toy[2]):
        counts = sum(types(active(run, i, codes))["all-shared"].sum(1) for i in range(3)) / 64
        found[run.name] = jackknife(run.folds, lambda kept, c=counts: 100 * float(c[kept].mean()), 0.998)
    a, b = found.values()
    half = float(np.hypot(a[2] - a[0], b[2] - b[0]))
    assert close(rows["task-matters"]["estimate"], a[0] - b[0])
    assert rows["task-matters"]["high"] == pytest.approx(a[0] - b[0] + half, rel=0.02)  # the fewer folds decide


def test_of_equal_comparisons_always_the_same_is_shown(planted: Path) -> None:
    with duckdb.connect(str(planted)) as connection:
        connection.execute("UPDATE ablation_examples SET correct = false, rank_correct = false")
    with open_results(planted) as results:
        for _ in range(5):
            rows = {row["claim"]: row for row in results.query("claims", run=1).to_pylist()}
            worst = rows["all-shared-ablation-worst"]
            assert (worst["versus"], worst["estimate"]) == ("non-activated", 0.0), "the first by name"


def task_claim(path: Path, run: int, **parameters: int) -> dict[str, Any]:
    """The row of `task-matters`."""
    with open_results(path) as results:
        rows = results.query("claims", run=run, **parameters).to_pylist()
    return next(row for row in rows if row["claim"] == "task-matters")


def test_the_other_task_does_not_depend_on_the_order_of_the_runs(planted: Path) -> None:
    with duckdb.connect(str(planted)) as connection:
        for table in tables_of_a_run():
            connection.execute(f"CREATE TEMP TABLE more AS FROM {table} WHERE run = 2")
            connection.execute("UPDATE more SET run = 3")
            if table == "runs":
                connection.execute("UPDATE more SET key = 'key3', name = 'planted · more', n_examples = n_examples + 1")
            connection.execute(f"INSERT INTO {table} FROM more")
            connection.execute("DROP TABLE more")
    first = task_claim(planted, 1)
    assert first["versus"] == "planted · more", "the largest"
    with duckdb.connect(str(planted)) as connection:
        for table in tables_of_a_run():
            connection.execute(f"UPDATE {table} SET run = 4 - run")
    assert task_claim(planted, 3) == first


def test_values_that_earlier_versions_did_not_store_are_the_usual_ones(planted: Path) -> None:
    with duckdb.connect(str(planted)) as connection:
        connection.execute('UPDATE runs SET settings = \'{"token": "last", "chat": false}\' WHERE run = 1')
    assert task_claim(planted, 1)["versus"] == "planted · xnli"


@pytest.mark.parametrize(
    "different",
    [
        'settings = \'{"activation": "product"}\'',
        'settings = \'{"token": "subject"}\'',
        "settings = '{\"chat\": true}'",
        'settings = \'{"model_digest": "other"}\'',
        "revision = 'other'",
        "dtype = 'bfloat16'",
        "threshold = 0.5",
        "n_shots = 2",
    ],
)
def test_a_task_is_compared_only_with_one_that_was_measured_alike(planted: Path, different: str) -> None:
    with duckdb.connect(str(planted)) as connection:
        connection.execute(f"UPDATE runs SET {different} WHERE run = 2")
    row = task_claim(planted, 1)
    assert row["verdict"] == "undecided"
    assert row["finding"].startswith(
        "Not measured: requires a run of the same model on another task in the file, measured"
    )
