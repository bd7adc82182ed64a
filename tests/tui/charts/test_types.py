"""Charts of type ratios against NumPy on the raw activations."""

import itertools

import numpy as np
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.types import (
    by_count,
    by_threshold,
    by_type_and_layer,
    correctness,
    difference,
    inactive,
    inactive_by_language,
    inactive_in_all_layers,
    overlay,
    runs_by_layer,
    totals,
    type_chart,
)
from neurontui.tui.common.number_formats import percent
from tests.queries.raw_run import RawRun
from tests.queries.reference import Array, active, jackknife, ratio, type_ratio, types
from tests.tui.charts.raw import CODES, LETTERS, NAMES, OTHER, RUN, SIZES, by_letter, check, rows_of


def per_layer(run: RawRun, name: str) -> list[tuple[float, ...]]:
    return [type_ratio(run, [layer], CODES, name) for layer in range(3)]


@pytest.mark.parametrize("stacked", [False, True])
def test_type_ratios_by_layer(results: Results, stacked: bool) -> None:
    chart = type_chart(rows_of(results, "type-ratio-by-layer"), stacked=stacked)
    assert [series.letter for series in chart.series] == ["A", "P", "S", "N"], "all-shared is at the bottom"
    assert [series.role for series in chart.series] == NAMES
    assert (chart.labels, chart.breaks) == (("0", "0", "1"), (1,))
    for name, letter in LETTERS.items():
        check(by_letter(chart)[letter], per_layer(RUN, name))


def test_the_active_types_alone(results: Results) -> None:
    chart = type_chart(rows_of(results, "type-ratio-by-layer"), active_only=True)
    assert [series.letter for series in chart.series] == ["A", "P", "S"]


def test_two_runs_over_each_other(results: Results) -> None:
    tables = [results.query("type-ratio-by-layer", run=number) for number in (1, 2)]
    chart = overlay(*tables, "other")
    for name, letter in LETTERS.items():
        own, reference = by_letter(chart)[letter], by_letter(chart)[letter.lower()]
        check(own, per_layer(RUN, name))
        check(reference, per_layer(OTHER, name))
        assert (own.reference, own.role) == (False, name)
        assert (reference.reference, reference.role, reference.hue) == (True, "reference", name)
    assert chart.grey == "other"


def test_one_type_in_several_runs(results: Results) -> None:
    tables = {str(number): (f"run {number}", results.query("type-ratio-by-layer", run=number)) for number in (1, 2)}
    for name in NAMES:
        letters = by_letter(runs_by_layer(tables, name))
        check(letters["1"], per_layer(RUN, name))
        check(letters["2"], per_layer(OTHER, name))
        assert letters["1"].role == letters["2"].role == name, "another run is no other type"
        assert (letters["1"].dash, letters["1"].alpha) != (letters["2"].dash, letters["2"].alpha)


def test_the_difference_of_two_runs(results: Results) -> None:
    table, layers = rows_of(results, "compare-runs", other=2), rows_of(results, "layers")
    chart = difference(table, layers)
    assert chart.zero
    for name, letter in LETTERS.items():
        expected = [a[0] - b[0] for a, b in zip(per_layer(RUN, name), per_layer(OTHER, name), strict=True)]
        assert by_letter(chart)[letter].values == pytest.approx(expected)


def counts_of(size: int, name: str) -> Array:
    """(sets, E) neurons of the type, for every set of languages of this size."""
    sets = [list(codes) for codes in itertools.combinations(CODES, size)]
    return np.array([sum(types(active(RUN, i, codes))[name].sum(axis=1) for i in range(3)) for codes in sets])


def chance_of(size: int, name: str) -> float:
    """Percent of the type if languages were active independently, by listing every outcome."""
    shares = []
    for codes in itertools.combinations(CODES, size):
        for layer in range(3):
            rates = active(RUN, layer, list(codes)).mean(axis=(0, 2))
            outcomes = np.array(list(itertools.product((False, True), repeat=size)))
            likely = np.where(outcomes, rates, 1 - rates).prod(axis=1)
            shares.append((likely[types(outcomes[:, :, None])[name][:, 0]].sum(), SIZES[layer]))
    return float(100 * np.average([share for share, _ in shares], weights=[n for _, n in shares]))


def test_type_ratios_by_number_of_languages_observed_and_by_chance(results: Results) -> None:
    chart = by_count(rows_of(results, "type-ratio-by-language-count"))
    assert chart.xs == (3, 4, 5)
    for name, letter in LETTERS.items():
        own, chance = by_letter(chart)[letter], by_letter(chart)[letter.lower()]
        observed = [counts_of(size, name) for size in (3, 4, 5)]
        check(
            own, [jackknife(RUN.folds, lambda kept, n=n: float(100 * n[:, kept].mean() / sum(SIZES))) for n in observed]
        )
        check(chance, [(chance_of(size, name),) for size in (3, 4, 5)])
        assert (own.reference, chance.reference, chance.hue) == (False, True, name)


def test_type_ratios_by_threshold(results: Results) -> None:
    chart = by_threshold(rows_of(results, "type-ratio-by-threshold", by_layer=False))
    assert (chart.xs, chart.labels, chart.places) == ((0.0, 0.5), ("0", "0.5"), (0.0, 1.0))
    for name, letter in LETTERS.items():
        check(by_letter(chart)[letter], [type_ratio(RUN, [0, 1, 2], CODES, name, at) for at in (0.0, 0.5)])


def test_thresholds_as_lines_of_a_type(results: Results) -> None:
    table, layers = rows_of(results, "type-ratio-by-threshold"), rows_of(results, "layers")
    charts = by_type_and_layer(table, layers, "threshold", (0.0, 0.5))
    assert [chart.title[0] for chart in charts] == ["A", "P", "S", "N"]
    for name, chart in zip(NAMES, charts, strict=True):
        for at, letter in ((0.0, "0"), (0.5, "0.5")):
            check(by_letter(chart)[letter], [type_ratio(RUN, [layer], CODES, name, at) for layer in range(3)])
        assert by_letter(chart)["0"].alpha < by_letter(chart)["0.5"].alpha, "the higher, the stronger"


def silent(layer: int, code: str | None, among: str) -> tuple[float, ...]:
    """Percent inactive at every token, for inputs in one language or in every one."""
    tokens, last = RUN.active_tokens[layer], RUN.activations[layer] > 0
    never = (tokens == 0).all(axis=1) if code is None else tokens[:, CODES.index(code)] == 0
    under = {
        "all": np.ones_like(never),
        "inactive": ~last[:, CODES.index(code or "en")],
        "non-activated": ~last.any(axis=1),
    }[among]
    return jackknife(RUN.folds, ratio((never & under).sum(axis=1), under.sum(axis=1)))


def test_neurons_inactive_at_every_token(results: Results) -> None:
    table, layers = rows_of(results, "inactive-across-tokens"), rows_of(results, "layers")
    groups = {"all": "all", "last": "inactive", "non": "non-activated"}
    assert by_letter(inactive(table, layers, ""))["non"].role == "non-activated", "never the color of specific"
    for code in (*CODES, None):
        series = by_letter(inactive(table, layers, code or ""))
        for letter, among in groups.items():
            if code is not None or among != "inactive":
                check(series[letter], [silent(layer, code, among) for layer in range(3)])
    for among in groups.values():
        series = by_letter(inactive_by_language(table, layers, CODES, among))
        assert list(series)[:5] == CODES
        for code in CODES:
            check(series[code], [silent(layer, code, among) for layer in range(3)])
        if among != "inactive":
            check(series["all"], [silent(layer, None, among) for layer in range(3)])


def test_neurons_inactive_at_every_token_in_all_layers(results: Results) -> None:
    one, every = inactive_in_all_layers(rows_of(results, "inactive-across-tokens", by_layer=False))
    silent_in = [tokens == 0 for tokens in RUN.active_tokens]
    non = [~(activations > 0).any(axis=1) for activations in RUN.activations]
    n_inputs = len(CODES) * sum(layer.sum() for layer in non)
    in_one = sum((silent & layer[:, None]).sum() for silent, layer in zip(silent_in, non, strict=True)) / n_inputs
    in_all = sum((silent.all(axis=1) & layer).sum() for silent, layer in zip(silent_in, non, strict=True))
    assert one.value == f"{100 * in_one:.1f}"
    assert every.value == f"{100 * in_all / (n_inputs / len(CODES)):.1f}"
    assert one.value != every.value
    claims = {row["claim"]: row for row in rows_of(results, "claims").to_pylist()}
    assert f"{claims['few-silent']['estimate']:.1f}" == one.value, "the claim and its evidence agree"


def test_right_answers_against_wrong_ones(results: Results) -> None:
    chart = correctness(rows_of(results, "types-by-correctness"), rows_of(results, "layers"))
    right, wrong = np.nansum(RUN.correct, axis=1), (RUN.correct == 0).sum(axis=1)
    for name, letter in LETTERS.items():
        shares = [100 * types(active(RUN, layer, CODES))[name].mean(axis=1) for layer in range(3)]
        expected = [(x * right).sum() / right.sum() - (x * wrong).sum() / wrong.sum() for x in shares]
        assert by_letter(chart)[letter].values == pytest.approx(expected)


def test_over_all_layers_every_neuron_counts_alike(results: Results) -> None:
    readings = {reading.letter: reading for reading in totals(rows_of(results, "type-ratio-by-layer"))}
    for name, letter in LETTERS.items():
        every = np.concatenate([types(active(RUN, layer, CODES))[name] for layer in range(3)], axis=1)
        assert readings[letter].value == percent(100 * every.mean())
