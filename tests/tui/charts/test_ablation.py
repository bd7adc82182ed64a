"""Ablation charts against NumPy on the raw outcomes of every input."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.tui.charts.builders.ablation import dose_chart
from tests.queries.raw_run import RawRun, make_run, write_runs

RUN = make_run(5)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    path: Path = write_runs(tmp_path_factory.mktemp("ablation") / "raw.duckdb", RUN)
    with open_results(path) as opened:
        yield opened


def reached(run: RawRun, *conditions: int) -> float:
    """Percent of all neurons switched off, mean over inputs and seeds."""
    neurons = sum(layer.shape[-1] for layer in run.activations)
    return float(np.mean([100 * run.conditions[i].n_ablated / neurons for i in conditions]))


def change(run: RawRun, *conditions: int) -> float:
    """Percentage points of accuracy lost or gained."""
    base = run.conditions[0].correct
    return float(100 * np.nanmean([run.conditions[i].correct - base for i in conditions]))


ARMS = {"A": ((9,), (4,)), "a": ((10,), (7, 8)), "R": ((5, 6),)}
"""Letter -> conditions of each dose: 5 % asked for and all neurons of the type; two seeds of 25 % at random."""


def test_a_dose_is_drawn_at_the_share_that_was_reached(results: Results) -> None:
    chart = dose_chart(results.query("ablation-dose", run=1))
    assert {series.letter for series in chart.series} == ARMS.keys()
    for series in chart.series:
        drawn = {x: value for x, value in zip(chart.xs, series.values, strict=True) if value is not None}
        expected = {reached(RUN, *arm): change(RUN, *arm) for arm in ARMS[series.letter]}
        assert sorted(drawn) == pytest.approx(sorted(expected))
        assert [drawn[x] for x in sorted(drawn)] == pytest.approx([expected[x] for x in sorted(expected)])
    assert [float(label) for label in chart.labels] == pytest.approx(chart.xs, rel=1e-2)
