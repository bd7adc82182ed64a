"""What every test of a builder shares: a raw run, its results file, and a series compared with NumPy."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from neurontui.queries import Results
from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.common.number_formats import plus_minus
from tests.queries.comparing import close
from tests.queries.raw_run import make_run

RUN = make_run(5)
OTHER = make_run(6, "other · fact", model="other")
CODES = list(RUN.languages)
LETTERS = {"all-shared": "A", "partial-shared": "P", "specific": "S", "non-activated": "N"}
NAMES = list(LETTERS)
SIZES = [layer.shape[-1] for layer in RUN.activations]


def rows_of(results: Results, query: str, **parameters: Any) -> pa.Table:
    """The rows of a query for the first run."""
    return results.query(query, run=1, **parameters)


def by_letter(chart: Chart) -> dict[str, Series]:
    """Every series of a chart by its letter."""
    letters = {series.letter: series for series in chart.series}
    assert len(letters) == len(chart.series)
    return letters


def check(series: Series, expected: Sequence[Sequence[float]]) -> None:
    """The series has these values, and where there are three numbers a position, these intervals."""
    assert len(series.values) == len(expected)
    for index, numbers in enumerate(expected):
        assert close(series.values[index], numbers[0]), (series.letter, index, series.values[index], numbers)
        if len(numbers) == 1:
            assert not series.low
            assert not series.high
        else:
            assert close(series.low[index], numbers[1]), (series.letter, index, series.low[index], numbers)
            assert close(series.high[index], numbers[2]), (series.letter, index, series.high[index], numbers)
            assert close(series.half[index], (numbers[2] - numbers[1]) / 2), (series.letter, index)
            assert series.text(index) == plus_minus(numbers[0], (numbers[2] - numbers[1]) / 2)
