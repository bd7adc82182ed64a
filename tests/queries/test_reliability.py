"""Agreement of sharing and types between halves and between runs, against NumPy on the raw activations."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from tests.many import CODES
from tests.queries.comparing import LANGUAGES, close
from tests.queries.conftest import Toy
from tests.queries.raw_run import TYPES, RawRun, make_run, write_runs
from tests.queries.reference import Array, active, types

UNITS = ("shared", "phi", "lift", "jaccard")


def _values(run: RawRun, kept: Array, codes: list[str], layer: int | None) -> dict[str, dict[Any, float]]:
    """Measure -> item -> value, from the activity of the kept examples."""
    layers = range(len(run.activations)) if layer is None else [layer]
    values: dict[str, dict[Any, float]] = {name: {} for name in (*UNITS, *TYPES)}
    for a, b in itertools.combinations(codes, 2):
        x, y = ([run.activations[i][kept][:, run.languages.index(code)].ravel() > 0 for i in layers] for code in (a, b))
        both, n_x, n_y = (sum(int(v.sum()) for v in w) for w in (map(np.logical_and, x, y), x, y))
        centered = [[v - v.mean() for v in side] for side in (x, y)]
        xx, xy, yy = (
            sum(float(v @ w) for v, w in zip(centered[p], centered[q], strict=True))
            for p, q in ((0, 0), (0, 1), (1, 1))
        )
        expected = sum(len(v) * v.mean() * w.mean() for v, w in zip(x, y, strict=True))
        values["shared"][a, b], values["shared"][b, a] = 100 * both / n_x, 100 * both / n_y
        values["phi"][a, b] = xy / math.sqrt(xx * yy)
        values["lift"][a, b] = both / expected
        values["jaccard"][a, b] = 100 * both / (n_x + n_y - both)
    for i in range(len(run.activations)):
        for name, mask in types(active(run, i, codes)[kept]).items():
            values[name][i] = 100 * float(mask.mean())
    return values


def _ranks(values: Array) -> Array:
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def _correlation(x: Array, y: Array) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if len(x) > 2 and x.std() > 0 and y.std() > 0 else math.nan


def _expected(one: dict[Any, float], two: dict[Any, float]) -> dict[str, float]:
    items = [item for item in one if item in two]
    x, y = (np.array([round(side[item], 12) for item in items]) for side in (one, two))
    return {
        "n": len(items), "pearson": _correlation(x, y), "spearman": _correlation(_ranks(x), _ranks(y)),
        "difference": float(np.abs(x - y).mean()), "one": float(x.mean()), "two": float(y.mean()),
    }  # fmt: skip


def _compare(rows: list[dict[str, Any]], one: dict[str, Any], two: dict[str, Any], halves: bool) -> None:
    measures = [name for name in (*UNITS, *sorted(TYPES)) if one[name] and two[name]]
    assert [row["measure"] for row in rows] == measures
    for row in rows:
        name = row["measure"]
        expected = _expected(one[name], two[name])
        assert row["over"] == ("language pairs" if name in UNITS else "layers")
        for column, value in expected.items():
            assert close(row[column], value), (name, column, row[column], value)
        r = expected["pearson"]
        assert close(row["spearman_brown"], 2 * r / (1 + r) if halves else math.nan)


@pytest.mark.parametrize("codes", [LANGUAGES, LANGUAGES[:3], ("zh", "en"), ("de",)], ids=len)
@pytest.mark.parametrize("layer", [None, 1])
def test_halves_are_the_even_and_the_odd_folds(
    results: Results, toy: Toy, codes: tuple[str, ...], layer: int | None
) -> None:
    run, chosen = toy[1], [code for code in LANGUAGES if code in codes]
    odd = np.array(run.folds) % 2 == 1
    assert 0 < odd.sum() < len(odd)
    rows = results.query("sharing-reliability", run=1, languages=chosen, layer=layer).to_pylist()
    _compare(rows, _values(run, ~odd, chosen, layer), _values(run, odd, chosen, layer), halves=True)
    for row in rows:
        if row["n"] < 3:
            assert (row["spearman"], row["pearson"], row["spearman_brown"]) == (None, None, None)


@pytest.mark.parametrize("other", [2, 3])
def test_two_runs_are_compared_over_the_languages_of_both(results: Results, toy: Toy, other: int) -> None:
    """Run 2 has fewer languages in another order, and another task; run 3 has another model."""
    one, two = toy[1], toy[other]
    codes = [code for code in one.languages if code in two.languages]
    every = [np.ones(len(run.folds), bool) for run in (one, two)]
    rows = results.query("sharing-reliability", run=1, other=other).to_pylist()
    _compare(rows, _values(one, every[0], codes, None), _values(two, every[1], codes, None), halves=False)
    assert {row["note"] for row in rows} == {None if other == 2 else "the two runs have different models"}


def test_a_run_agrees_with_itself(results: Results) -> None:
    for row in results.query("sharing-reliability", run=1, other=1).to_pylist():
        assert close(row["pearson"], 1.0), row["measure"]
        assert close(row["spearman"], 1.0), row["measure"]
        assert close(row["difference"], 0.0)


def test_one_fold_has_no_halves(results: Results) -> None:
    assert results.query("sharing-reliability", run=4).num_rows == 0


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Results, RawRun, RawRun]]:
    """Two runs of twenty languages, the second in another order."""
    runs = [
        make_run(seed, f"many {seed}", codes, examples=12, sizes=(12, 9, 10), conditions=())
        for seed, codes in ((7, tuple(CODES)), (8, tuple(reversed(CODES))))
    ]
    path: Path = tmp_path_factory.mktemp("many") / "many.duckdb"
    with open_results(write_runs(path, *runs)) as opened:
        yield opened, runs[0], runs[1]


@pytest.mark.parametrize("codes", [CODES, ["en", "fr", "zh", "sw", "id"]], ids=len)
def test_many_languages(many: tuple[Results, RawRun, RawRun], codes: list[str]) -> None:
    """From counts of pairs; types only of all languages, because only these have counts by fold."""
    results, one, two = many
    chosen = [code for code in CODES if code in codes]
    odd, every = np.array(one.folds) % 2 == 1, np.ones(12, bool)
    sides = {None: (_values(one, ~odd, chosen, None), _values(one, odd, chosen, None)),
             2: (_values(one, every, chosen, None), _values(two, every, chosen, None))}  # fmt: skip
    for other, (first, second) in sides.items():
        if len(codes) < len(CODES):
            first |= {name: {} for name in TYPES}
        rows = results.query("sharing-reliability", run=1, other=other, languages=chosen).to_pylist()
        _compare(rows, first, second, halves=other is None)
