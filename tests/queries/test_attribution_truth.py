"""attribution-truth against NumPy: Spearman correlations with mean ranks of ties, and a jackknife over blocks."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from neurontui.queries import open_results
from tests.queries.raw_run import make_run, write_runs
from tests.queries.reference import student_t

LANGUAGES, LAYERS, NEURONS = ("en", "de"), (0, 2), 6
SCORES = ("gradient", "effective", "contribution")
N_CLUSTERS = 7


def made(seed: int = 0):
    """Rows (example, language, layer, neuron, contribution, effective, gradient, effect) of 14 examples, with ties."""
    rng = np.random.default_rng(seed)
    rows = []
    for example in range(2 * N_CLUSTERS):
        for language in LANGUAGES:
            for layer in LAYERS:
                for neuron in range(NEURONS):
                    effect = float(np.float32(round(rng.normal(), 1)))
                    effective = None if layer == 0 else float(np.float32(round(rng.normal() + effect / 2, 1)))
                    gradient = float(np.float32(effect * rng.uniform(0.5, 1.5))) * (-1 if effect == 0 else 1)
                    rows.append(
                        (example, language, layer, neuron, abs(round(rng.normal(), 1)), effective, gradient, effect)
                    )
    return rows


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    """A results file with these rows; two examples next to each other share a cluster."""
    path = tmp_path_factory.mktemp("truth") / "truth.duckdb"
    write_runs(path, make_run(seed=1, examples=2 * N_CLUSTERS, attribution=False))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE examples SET cluster = 'c' || (example // 2)")
        connection.executemany("INSERT INTO neuron_effects VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", made())
    with open_results(path) as opened:
        yield opened


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values have the mean of their ranks."""
    return np.array([(values < value).sum() + ((values == value).sum() + 1) / 2 for value in values])


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(mean_ranks(x), mean_ranks(y))[0, 1])


def expected(rows, score: str, *, sized: bool) -> tuple[float, float, float]:
    """Correlation and its interval; clusters are the blocks, because there are fewer than 20."""
    at = 4 + ("contribution", "effective", "gradient", "effect").index(score)
    data = np.array([(row[0] // 2, row[at], row[7]) for row in rows if row[at] is not None])
    if sized:
        data = np.abs(data)
    whole = spearman(data[:, 1], data[:, 2])
    without = [spearman(*data[data[:, 0] != block, 1:].T) for block in range(N_CLUSTERS)]
    half = student_t(N_CLUSTERS - 1) * np.sqrt((N_CLUSTERS - 1) * np.var(without))
    return whole, max(-1, whole - half), min(1, whole + half)


@pytest.mark.parametrize("languages", [["en"], ["en", "de"]])
def test_correlations_and_intervals(results, languages: list[str]) -> None:
    rows = [row for row in made() if row[1] in languages]
    table = results.query("attribution-truth", run=1, languages=languages).to_pylist()
    assert [(row["layer"], row["score"]) for row in table] == [
        (layer, score) for layer in (None, *LAYERS) for score in SCORES if (layer, score) != (0, "effective")
    ]
    for row in table:
        some = [r for r in rows if row["layer"] in (None, r[2])]
        own = [r for r in some if row["score"] != "effective" or r[5] is not None]
        for names, sized in ((("correlation", "low", "high"), False), (("size", "size_low", "size_high"), True)):
            assert [row[name] for name in names] == pytest.approx(expected(own, row["score"], sized=sized), abs=1e-6)
        assert row["n"] == len(own)
        assert row["n_zero"] == sum(r[7] == 0 for r in own) > 0
        assert (row["n_inputs"], row["n_clusters"]) == (len(languages) * 2 * N_CLUSTERS, N_CLUSTERS)


def test_a_zero_and_a_negative_zero_are_equal(tmp_path: Path) -> None:
    path = write_runs(tmp_path / "zero.duckdb", make_run(seed=1, examples=4, attribution=False))
    rows = [(1, e, "en", 0, n, None, None, value, value) for e in range(4) for n, value in enumerate((0.0, -0.0, 1.0))]
    with duckdb.connect(str(path)) as connection:
        connection.executemany("INSERT INTO neuron_effects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("UPDATE neuron_effects SET effect = 0 WHERE neuron = 1")
    with open_results(path) as opened:
        table = opened.query("attribution-truth").to_pylist()
    assert {(row["score"], round(row["correlation"], 12)) for row in table} == {("gradient", 1.0)}


def test_no_variance_and_one_cluster_have_no_correlation_and_no_interval(tmp_path: Path) -> None:
    path = write_runs(tmp_path / "flat.duckdb", make_run(seed=1, examples=4, attribution=False))
    rows = [(1, 0, "en", layer, n, 0.5, None, float(n), 0.25 * layer * n) for layer in (0, 1) for n in range(5)]
    with duckdb.connect(str(path)) as connection:
        connection.executemany("INSERT INTO neuron_effects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    with open_results(path) as opened:
        table = {(row["layer"], row["score"]): row for row in opened.query("attribution-truth").to_pylist()}
    assert table[0, "gradient"]["correlation"] is None
    assert table[1, "gradient"]["correlation"] == pytest.approx(1)
    assert table[1, "contribution"]["correlation"] is None
    assert {row[name] for row in table.values() for name in ("low", "high", "size_low", "size_high")} == {None}


def test_neurons_are_ranked_by_gradient_where_nothing_else_is_measured(tmp_path: Path) -> None:
    path = write_runs(tmp_path / "gradient.duckdb", make_run(seed=1, examples=4, attribution=False))
    with duckdb.connect(str(path)) as connection:
        rows = [(1, "en", 0, neuron, 4, -1.0 + neuron, 1.0) for neuron in range(3)]
        connection.executemany("INSERT INTO neuron_gradients VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    with open_results(path) as opened:
        top = opened.query("top-neurons", by="gradient").to_pylist()
        card = opened.query("neuron-card", layer=0, neuron=2).to_pylist()
    assert [(row["neuron"], row["gradient"], row["contribution"]) for row in top] == [
        (2, 0.25, None), (1, 0.0, None), (0, -0.25, None)
    ]  # fmt: skip
    assert card[0]["gradient"] == 0.25
