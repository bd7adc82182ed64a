"""Charts of sharing between languages against NumPy on the raw activations."""

import itertools
import math

import numpy as np
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.sharing import (
    bar_lines,
    language_bars,
    language_chart,
    languages_chart,
    lift_matrix,
    over_layers,
    pair,
    sharing_matrix,
)
from neurontui.tui.charts.model import Matrix
from neurontui.tui.common.number_formats import plus_minus
from tests.queries.comparing import close
from tests.queries.reference import Array, active, jackknife, ratio, types
from tests.tui.charts.raw import CODES, RUN, by_letter, check, rows_of

SHUFFLED = ["zh", "en", "ru", "de", "fr"]


def on(code: str, layers: tuple[int, ...] = (0, 1, 2)) -> Array:
    """(E, neurons of the layers): active in the language."""
    return np.concatenate([RUN.activations[i][:, CODES.index(code)] > 0 for i in layers], axis=1)


def check_matrix(matrix: Matrix, names: list[str], expected: dict[tuple[str, str], float]) -> None:
    assert (list(matrix.rows), list(matrix.columns)) == (names, names)
    for (row, one), (column, other) in itertools.product(enumerate(names), repeat=2):
        if one != other:
            assert close(matrix.values[row][column], expected[one, other]), (one, other)
    assert {(row, column) for row, column, _ in matrix.cells()} == set(itertools.permutations(range(len(names)), 2))


@pytest.mark.parametrize("names", [CODES, SHUFFLED], ids=",".join)
def test_the_matrix_gives_the_share_of_the_rows_neurons(results: Results, names: list[str]) -> None:
    expected = {(a, b): 100 * (on(a) & on(b)).sum() / on(a).sum() for a, b in itertools.product(CODES, CODES)}
    assert any(abs(expected[a, b] - expected[b, a]) > 1 for a, b in itertools.combinations(CODES, 2))
    table = rows_of(results, "sharing-matrix")
    check_matrix(sharing_matrix(table, names), names, expected)
    cell = pair(table, "de", "zh")
    assert cell is not None
    assert close(cell["ratio"], expected["de", "zh"])


def against_chance(a: str, b: str) -> dict[str, float]:
    """Lift, phi and Jaccard, centered in each layer."""
    both = either = expected = covariance = variances = 0.0
    spread = []
    for layer in range(3):
        x, y = (on(code, (layer,)).astype(float).ravel() for code in (a, b))
        both, either = both + (x * y).sum(), either + np.maximum(x, y).sum()
        expected += x.size * x.mean() * y.mean()
        covariance += x.size * np.cov(x, y, bias=True)[0, 1]
        spread.append((x.size * x.var(), x.size * y.var()))
    variances = math.prod(np.sum(spread, axis=0))
    return {"lift": both / expected, "phi": covariance / math.sqrt(variances), "jaccard": 100 * both / either}


@pytest.mark.parametrize("measure", ["lift", "phi", "jaccard"])
@pytest.mark.parametrize("names", [CODES, SHUFFLED], ids=",".join)
def test_sharing_against_chance(results: Results, names: list[str], measure: str) -> None:
    matrix = lift_matrix(rows_of(results, "sharing-lift"), names, measure)
    pairs = itertools.permutations(CODES, 2)
    check_matrix(matrix, names, {(a, b): against_chance(a, b)[measure] for a, b in pairs})
    assert matrix.unit == {"lift": "×", "phi": "φ", "jaccard": "%"}[measure]


def specific(code: str, layers: tuple[int, ...]) -> tuple[float, ...]:
    every = np.concatenate([types(active(RUN, i, CODES))["specific"] for i in layers], axis=1)
    return jackknife(RUN.folds, ratio((every & on(code, layers)).sum(axis=1), every.sum(axis=1)))


def partial(code: str, base: str, layers: tuple[int, ...]) -> tuple[float, ...]:
    every = np.concatenate([types(active(RUN, i, CODES))["partial-shared"] for i in layers], axis=1) & on(base, layers)
    return jackknife(RUN.folds, ratio((every & on(code, layers)).sum(axis=1), every.sum(axis=1)))


def test_languages_over_layers(results: Results) -> None:
    layers = rows_of(results, "layers")
    table = rows_of(results, "specific-by-language")
    matrix = over_layers("specific", table, "language", SHUFFLED, layers)
    assert list(matrix.rows) == SHUFFLED
    for row, code in enumerate(SHUFFLED):
        assert matrix.values[row] == pytest.approx([specific(code, (layer,))[0] for layer in range(3)])
    chart = by_letter(languages_chart("specific", table, CODES, layers))
    assert list(chart) == CODES
    for code in CODES:
        check(chart[code], [specific(code, (layer,)) for layer in range(3)])


def test_one_language_and_the_rest_dimmed(results: Results) -> None:
    layers, table = rows_of(results, "layers"), rows_of(results, "partial-sharing-with", language="fr")
    chart = language_chart("partial", table, "zh", layers, others=True)
    assert chart is not None
    series = by_letter(chart)
    assert series.keys() == {"en", "de", "ru", "zh"}
    assert len({one.ink for one in series.values()}) == 4, "every curve has a color of its own"
    for code, one in series.items():
        check(one, [partial(code, "fr", (layer,)) for layer in range(3)])
        assert one.reference == (code != "zh")
    assert language_chart("partial", table, "fr", layers) is None


def test_bars_of_languages_largest_first(results: Results) -> None:
    rows = rows_of(results, "partial-sharing-with", language="fr", by_layer=False).to_pylist()
    bars = language_bars("with fr", rows, "other")
    expected = {code: partial(code, "fr", (0, 1, 2)) for code in CODES if code != "fr"}
    assert [bar.name for bar in bars.bars] == sorted(expected, key=lambda code: -expected[code][0])
    lines = bar_lines(bars, 60)[1:]
    for bar, line in zip(bars.bars, lines, strict=True):
        value, low, high = expected[bar.name]
        assert close(bar.value, value)
        assert close(bar.low, low)
        assert close(bar.high, high)
        words = "".join(part.text for part in line)
        assert plus_minus(value, (high - low) / 2) in words
