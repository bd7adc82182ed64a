"""Charts of contribution and effective scores against NumPy on the raw scores."""

import numpy as np
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.attribution import contribution, largest_effects, score_table, top_share
from tests.queries.comparing import close
from tests.queries.reference import Array, active, jackknife, ratio, types
from tests.tui.charts.raw import CODES, LETTERS, NAMES, RUN, by_letter, check, rows_of


def of_type(layer: int, name: str) -> Array:
    """(E, P, d): neurons of the type, for inputs in every language."""
    neuron_types = types(active(RUN, layer, CODES))[name][:, None, :]
    return np.broadcast_to(neuron_types, RUN.activations[layer].shape)


@pytest.mark.parametrize("language", ["", "de", "zh"])
def test_types_of_the_top_neurons(results: Results, language: str) -> None:
    chart = top_share(rows_of(results, "contribution-top-share"), rows_of(results, "layers"), language)
    assert [series.letter for series in chart.series] == ["A", "P", "S", "N"], "all-shared is at the bottom"
    read = [CODES.index(language)] if language else list(range(5))
    for name, letter in LETTERS.items():
        expected = []
        for layer in range(3):
            top, own = RUN.top(layer)[:, read], of_type(layer, name)[:, read]
            expected.append(jackknife(RUN.folds, ratio((top & own).sum((1, 2)), top.sum((1, 2)))))
        check(by_letter(chart)[letter], expected)
    assert np.sum([series.values for series in chart.series], axis=0) == pytest.approx([100, 100, 100])


@pytest.mark.parametrize("what", ["average", "total"])
def test_contribution_of_a_neuron_and_of_a_type(results: Results, what: str) -> None:
    chart = contribution(rows_of(results, "contribution-by-type"), rows_of(results, "layers"), "", what)
    for name, letter in LETTERS.items():
        expected = []
        for layer in range(3):
            own = of_type(layer, name)
            sums, n = (100 * RUN.shares(layer) * own).sum((1, 2)), own.sum((1, 2))
            under = n if what == "average" else np.full(len(n), 5)
            expected.append(jackknife(RUN.folds, lambda kept, x=sums, u=under: float(x[kept].sum() / u[kept].sum())))
        if what == "average" and any(np.isnan(value) for value, *_ in expected):
            continue
        check(by_letter(chart)[letter], expected)


def test_largest_effects_by_layer(results: Results) -> None:
    chart = largest_effects(rows_of(results, "effective-score-max-by-layer"), rows_of(results, "layers"), "")
    for name, letter in LETTERS.items():
        expected = [(float("nan"),), *((RUN.effects[layer][of_type(layer, name)].max(),) for layer in (1, 2))]
        check(by_letter(chart)[letter], expected)


def test_effective_scores_in_a_table(results: Results) -> None:
    rows = score_table(rows_of(results, "effective-score-by-type")).to_pylist()
    assert [(row["language"], row["type"]) for row in rows] == [(code, name) for code in CODES for name in NAMES]
    for row in rows:
        read, name = CODES.index(row["language"]), row["type"]
        scores = np.concatenate([RUN.effects[layer][:, read][of_type(layer, name)[:, read]] for layer in (1, 2)])
        assert close(row["largest"], scores.max())
        assert close(row["smallest"], scores.min())
        assert close(row["mean"], scores.mean())
        assert close(row["half"], (row["high"] - row["low"]) / 2)
