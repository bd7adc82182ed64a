"""Charts of persistence against NumPy on the raw activations."""

import math

import numpy as np
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.persistence import overlap_bars, persistence_lines, size_chart
from neurontui.tui.common.number_formats import percent, plus_minus
from tests.queries.comparing import close
from tests.queries.reference import Array, active, type_ratio, types
from tests.tui.charts.raw import CODES, LETTERS, NAMES, RUN, by_letter, check, rows_of


def of_type(name: str) -> Array:
    """(E, all neurons)."""
    return np.concatenate([types(active(RUN, layer, CODES))[name] for layer in range(3)], axis=1)


def test_average_and_overlap_side_by_side(results: Results) -> None:
    bars = overlap_bars(rows_of(results, "type-persistence")).bars
    assert [bar.name for bar in bars] == ["average", "overlap"] * 4
    assert [bar.role for bar in bars] == [name for name in NAMES for _ in range(2)]
    for name, average, overlap in zip(NAMES, bars[::2], bars[1::2], strict=True):
        value, low, high = type_ratio(RUN, [0, 1, 2], CODES, name)
        assert average.group == overlap.group == f"{LETTERS[name]}  {name}"
        assert close(average.value, value)
        assert close(average.low, low)
        assert close(average.high, high)
        assert close(overlap.value, 100 * of_type(name).all(axis=0).mean())
        assert overlap.low is None


def test_the_table_in_words(results: Results) -> None:
    lines = persistence_lines(rows_of(results, "type-persistence"), None, 100)[2:-1]
    for name, line in zip(NAMES, lines, strict=True):
        words = "".join(part.text for part in line)
        value, low, high = type_ratio(RUN, [0, 1, 2], CODES, name)
        overlap = 100 * of_type(name).all(axis=0).mean()
        assert plus_minus(value, (high - low) / 2) in words
        assert f"{percent(overlap):>7} " in words
        assert f"{percent(100 * overlap / value):>8}" in words


def test_overlap_shrinks_as_examples_grow(results: Results) -> None:
    chart = size_chart(rows_of(results, "persistence-at-size", sizes="1,2,10,40"))
    assert chart.xs == (1, 2, 10, 40)
    assert chart.places == pytest.approx([math.log(size) / math.log(40) for size in (1, 2, 10, 40)])
    for name, letter in LETTERS.items():
        examples = of_type(name).sum(axis=0)
        draws = [[(math.comb(int(n), size) / math.comb(40, size)) for n in examples] for size in (1, 2, 10, 40)]
        check(by_letter(chart)[letter], [(100 * float(np.mean(draw)),) for draw in draws])
