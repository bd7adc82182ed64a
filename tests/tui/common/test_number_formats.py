"""Numbers on the screens: what is not zero never looks like zero, and an interval never looks like none."""

import pytest

from neurontui.tui.common.number_formats import cell, percent, plus_minus, signed


@pytest.mark.parametrize("value", [0.04, 0.3, 0.004, 0.00004, -0.04, 6.4, 73.1])
def test_only_zero_is_written_as_zero(value: float) -> None:
    for text in (percent(value), cell(value), cell(value, "+"), signed(value)):
        assert text.strip("<>+-0.") or text.startswith(("<", ">")), text
    assert (percent(0.0), cell(0.0), signed(0.0)) == ("0", "0", "0")


def test_an_overlap_of_a_twentieth_stands_beside_its_share_of_the_average() -> None:
    assert (percent(0.043), percent(6.4)) == ("0.04", "6.4")


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (0.12, 0.04, "0.12 ±0.04"),
        (9.31, 0.12, "9.3 ±0.1"),
        (73.1, 0.004, "73.100 ±0.004"),
        (-0.001, 0.1, "0.0 ±0.1"),
        (5.0, 0.0, "5.0 ±0"),
        (0.04, None, "0.04"),
    ],
)
def test_an_interval_shows_at_least_one_digit(value: float, half: float | None, text: str) -> None:
    assert plus_minus(value, half) == text


def test_cells_of_a_table_stay_in_four_characters() -> None:
    assert [len(cell(value)) for value in (100.0, 99.9, 6.4, 0.04, 0.001)] == [3, 4, 3, 4, 4]
