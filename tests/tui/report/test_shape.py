"""Numbers as words: significant digits, intervals to the same place, gaps."""

import pytest

from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.common.significant import decimals, figures, with_interval
from neurontui.tui.report.shape import chart_table


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"), (0.0, "0"), (76.73, "76.7"), (9.85, "9.85"), (0.0061, "0.00610"),
        (1234.5, "1,234"), (-2.0, "−2.00"),
        (1.2e-7, "1.20e-7".replace("-", "−")), (3.4e9, "3.40e9"), (-5e-12, "−5.00e−12"),
    ],
)  # fmt: skip
def test_significant_digits(value: float | None, words: str) -> None:
    assert figures(value) == words


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (9.85, 9.54, 10.16, "9.85 ± 0.31"),
        (-0.75, -1.957, 0.457, "−0.75 ± 1.21"),
        (50.0, 49.999, 50.001, "50.000 ± 0.001"),
        (50.0, None, None, "50.0"),
        (None, 1.0, 2.0, "–"),
        (0.0, 0.0, 0.0, "0.00 ± 0.00"),
    ],
)
def test_intervals_stand_to_the_same_place(
    value: float | None, low: float | None, high: float | None, words: str
) -> None:
    assert with_interval(value, low, high) == words


def test_a_share_to_two_decimals() -> None:
    assert with_interval(9.8512, 9.5, 10.2, 2) == "9.85 ± 0.35"
    assert decimals(-1234.56) == "−1,234.6"


def test_lines_that_end_early_leave_gaps() -> None:
    long = Series("long", "l", "first", (1.0, None))
    short = Series("short", "s", "second", (2.0,), (1.5,), (2.5,))
    table = chart_table(Chart("", ("0", "1"), (long, short)))
    assert table.header == ("layer", "long", "short")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["0", "1.00", "2.00 ± 0.50"],
        ["1", "–", "–"],
    ]
