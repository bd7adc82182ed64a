"""Charts of interventions against NumPy on the raw outcomes: matrix, values, patches, steering, exact effects."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from neurontui.queries import Results, open_results
from neurontui.tui.charts.builders.controls import control_table
from neurontui.tui.charts.builders.interventions import (
    agreement_cell,
    agreement_lines,
    agreement_matrix,
    patching_chart,
    patching_totals,
)
from neurontui.tui.charts.builders.off_target import SPECIFICITY, off_target_lines, off_target_matrix, selections
from neurontui.tui.charts.builders.steering import steering_chart, steering_sizes, undetermined_line, ways
from neurontui.tui.charts.builders.truth import truth_about, truth_chart, truth_totals
from tests.queries.comparing import close
from tests.queries.raw_run import RawRun, make_run, write_runs
from tests.queries.selected_stores import LANGUAGES, Outcomes, selected_run, write_outcomes
from tests.queries.test_attribution_truth import made
from tests.queries.test_interventions import SETS, VALUES, conditions_of, members
from tests.queries.test_steering import steered

P = len(LANGUAGES)
HARM = np.diag([-0.8, -0.6, 0, 0.7])


def plain(lines: object) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def planted() -> Outcomes:
    """Sets that change their own language; the control of the third is half as large."""
    run = selected_run(2, HARM)
    return replace(run, n_ablated=np.where(np.arange(2 * P + 1) == 6, 6, run.n_ablated))


@pytest.fixture(scope="module")
def selected(planted: Outcomes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(write_outcomes(tmp_path_factory.mktemp("matrix") / "r.duckdb", planted)) as opened:
        yield opened


@pytest.mark.parametrize("arm", ["difference", "change", "control"])
def test_cells_of_the_matrix(selected: Results, planted: Outcomes, arm: str) -> None:
    table = selected.query("off-target")
    matrix = off_target_matrix(table, *selections(table)[0], LANGUAGES[::-1], arm)
    assert matrix.columns == (*LANGUAGES[::-1], SPECIFICITY)
    for row in range(P):
        base, own, control = (planted.logprob[i] for i in (0, 2 * row + 1, 2 * row + 2))
        changes = {"difference": own - control, "change": own - base, "control": control - base}[arm].mean(0)
        others = np.delete(changes, row).mean()
        assert np.allclose(matrix.values[row], [*changes[::-1], changes[row] - others])


def test_marks_are_those_of_corrected_tests(selected: Results) -> None:
    table = selected.query("off-target")
    matrix = off_target_matrix(table, *selections(table)[0], LANGUAGES)
    signs = np.sign(HARM)
    assert [marks[:P] for marks in matrix.marks] == ["".join("▼ ▲"[int(s) + 1] for s in row) for row in signs]
    rows = [{**row, "p_value": None, "p_holm": None, "low": None, "high": None} for row in table.to_pylist()]
    bare = off_target_matrix(table.from_pylist(rows), *selections(table)[0], LANGUAGES)
    assert set("".join(bare.marks)) == {"?"}


def test_sizes_are_beside_each_other_and_unequal_ones_are_not_matched(selected: Results) -> None:
    table = selected.query("off-target")
    rule, value = selections(table)[0]
    names = off_target_matrix(table, rule, value, LANGUAGES).rows
    assert names[0] == "en 2.0|2.0 %"
    assert names[2] == "fr 2.4|1.2 not matched"
    assert "Not matched: set 2.4 %, control 1.2 %" in plain(off_target_lines(table, rule, value, (2, "de")))
    words = plain(off_target_lines(table, rule, value, (0, "en")))
    assert "sizes: set 2.0 %, control 2.0 % of all neurons" in words
    assert "p < 0.001 (Holm) · n = 120" in words
    assert "not significant" in plain(off_target_lines(table, rule, value, (0, "de")))
    assert "own language minus the mean" in plain(off_target_lines(table, rule, value, (0, SPECIFICITY)))
    assert off_target_lines(table, rule, value, (9, "en")) == []


@pytest.fixture(scope="module")
def raw() -> RawRun:
    run = make_run(6)
    return replace(run, conditions=tuple(conditions_of(run.conditions[0])))


@pytest.fixture(scope="module")
def valued(raw: RawRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(write_runs(tmp_path_factory.mktemp("valued") / "r.duckdb", raw)) as opened:
        yield opened


def test_values_of_the_same_sets(valued: Results, raw: RawRun) -> None:
    table, accuracy = valued.query("intervention-agreement"), valued.query("ablation-accuracy").to_pylist()
    matrix = agreement_matrix(table, accuracy)
    assert matrix.columns == VALUES
    names = {"N": "w/o non-activated", "S": "w/o specific", "P": "w/o partial-shared", "A": "w/o all-shared"}
    sizes = {row["label"]: row["percent"] for row in accuracy if row["language"] is None}
    for row, name in enumerate(matrix.rows):
        label = names.get(name[0], "w/o random 25 %")
        assert name.endswith(f"{sizes[label]:.1f} %")
        for column, first in enumerate(SETS[label]):
            changes = [raw.conditions[i].logprob - raw.conditions[0].logprob for i in members(first)]
            assert close(matrix.values[row][column], float(np.mean(changes)))
    assert len(matrix.rows) == len(SETS)
    lines = agreement_lines(table)
    assert len(lines) == 3
    whole = next(row for row in table.to_pylist() if row["label"] is None)
    assert f"of 5 sets, ρ {whole['correlation']:+.2f}" in plain(lines)
    assert "value mean" in plain(agreement_cell(table, accuracy, 0, "mean"))
    assert agreement_cell(table, accuracy, 99, "mean") == []


def test_a_control_is_behind_its_set_and_says_if_it_does_not_match(valued: Results) -> None:
    accuracy = valued.query("ablation-accuracy").to_pylist()
    owner = next(row for row in accuracy if row["label"] == "w/o all-shared" and row["language"] is None)
    for row in accuracy:
        if row["label"] == "w/o non-activated":
            row |= {"matched_to": owner["condition"], "percent": owner["percent"] / 2}
    rows = agreement_matrix(valued.query("intervention-agreement"), accuracy).rows
    place = next(i for i, name in enumerate(rows) if name.startswith("A "))
    assert rows[place + 1] == f"  not matched {owner['percent'] / 2:.1f} %"


@pytest.mark.parametrize("language", ["", "de"])
def test_patches_by_layer(valued: Results, raw: RawRun, language: str) -> None:
    table = valued.query("patching")
    chart = patching_chart(table, valued.query("layers"), language)
    totals = {reading.letter: reading.value for reading in patching_totals(table, language)}
    for i, condition in enumerate(raw.conditions):
        if condition.kind != "layer":
            continue
        source = condition.value.removeprefix("patch:")
        read = [j for j, code in enumerate(raw.languages) if (code == language if language else code != source)]
        change = float((condition.logprob - raw.conditions[0].logprob)[:, read].mean())
        series = next(one for one in chart.series if one.letter == source)
        if condition.layers is None:
            assert totals[source].startswith(f"{change:+.2f}")
        else:
            assert close(series.values[condition.layers[0]], change), i
    assert {one.letter for one in chart.series} == {"fr", "en"}


@pytest.fixture(scope="module")
def steering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(write_outcomes(tmp_path_factory.mktemp("steered") / "r.duckdb", steered())) as opened:
        yield opened


def test_steering_by_strength(steering: Results) -> None:
    table, run = steering.query("steering"), steered()
    assert run.output_language is not None
    assert ways(table) == [("de", "lape", "add"), ("de", "lape", "scale"), ("fr", "lape", "mean-of")]
    chart = steering_chart(table, ("de", "lape", "scale"))
    others = [i for i in range(P) if LANGUAGES[i] != "de"]
    expected = {"S": ([2], [4]), "C": ([3], None), "R": ([8, 9], None), "P": ([1], [1]), "B": ([0], [0])}
    assert chart.xs == (2, 10)
    for letter, arms in expected.items():
        own, kept = ({s.letter: s for s in chart.series}[name] for name in (letter, letter.lower()))
        assert (own.reference, kept.reference) == (False, True)
        for place, conditions in enumerate(arms):
            if conditions is None:
                assert own.values[place] is None
                continue
            switched = 100 * (run.output_language[conditions][:, :, others] == "de").mean()
            assert close(own.values[place], float(switched))
            assert close(kept.values[place], float(100 * run.correct[conditions][:, :, others].mean()))
    change = steering_chart(table, ("de", "lape", "scale"), "change")
    assert [one.letter for one in change.series] == ["S", "C", "R", "P"]
    assert change.series[0].half != ()
    assert "Not matched: set 0.40 %, control 0.60 %" in plain([steering_sizes(table, ("de", "lape", "scale"))])
    unknown = (run.output_language[[2]][:, :, others] == "und").mean()
    other = (run.output_language[[4]][:, :, others] == "und").mean()
    assert f"at most: set {100 * max(unknown, other):.1f} %" in plain(
        [undetermined_line(table, ("de", "lape", "scale"))]
    )
    short = plain([undetermined_line(table, ("de", "lape", "scale"), letters=True)])
    assert f"% at most: S {100 * max(unknown, other):.1f}  C " in short
    assert len(short.strip()) <= 78, "it fits into 80 columns"
    assert "no control" in plain([steering_sizes(table, ("fr", "lape", "mean-of"))])


def test_scores_against_exact_effects(tmp_path: Path) -> None:
    path = write_runs(tmp_path / "truth.duckdb", make_run(seed=1, examples=14, attribution=False))
    with duckdb.connect(str(path)) as connection:
        connection.executemany("INSERT INTO neuron_effects VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", made())
    with open_results(path) as results:
        table, layers = results.query("attribution-truth", run=1), results.query("layers", run=1)
    chart = truth_chart(table, layers)
    for row in table.to_pylist():
        name = "size" if row["score"] == "contribution" else "correlation"
        if row["layer"] is not None:
            series = next(one for one in chart.series if one.letter == row["score"][0].upper())
            assert series.values[row["layer"]] == row[name]
        else:
            totals = {reading.letter: reading.value for reading in truth_totals(table)}
            assert totals[row["score"][0].upper()].startswith(f"{row[name]:.2f}")
    assert "single neurons, 28 inputs" in truth_about(table)


def test_pictures_of_all(selected: Results, steering: Results, valued: Results) -> None:
    table = steering.query("steering")
    drawings = (
        off_target_matrix(selected.query("off-target"), "lape", "0", LANGUAGES),
        agreement_matrix(valued.query("intervention-agreement"), []),
        patching_chart(valued.query("patching"), None),
        *(steering_chart(table, way) for way in ways(table)),
    )
    assert all(drawing.has_values for drawing in drawings)


def test_rows_of_controls_name_a_value_that_is_not_zero() -> None:
    row = {
        "type": "specific", "label": "specific", "fraction": None, "language": None, "condition": 1, "percent": 5.0,
        "control_percent": 5.0, "accuracy": 50.0, "control": 60.0, "difference": 10.0, "low": 1.0, "high": 19.0,
        "logprob": 0.5, "logprob_low": 0.1, "logprob_high": 0.9, "n": 40,
    }  # fmt: skip
    dose = {**row, "fraction": 0.05, "value": "mean"}
    rows = control_table(pa.Table.from_pylist([{**row, "value": "0"}, {**row, "value": "resample"}, dose]))

    assert sorted(rows["name"].to_pylist()) == ["S dose 5.0 % mean", "S specific", "S specific resample"]


@pytest.mark.parametrize(("factor", "unit"), [(1, "nats"), (1e-3, "0.001 nats"), (1e-6, "1e-06 nats")])
def test_small_effects_are_shown_in_a_unit_of_their_size(selected: Results, factor: float, unit: str) -> None:
    table = selected.query("off-target")
    rows = [{**row, "difference": row["difference"] * factor} for row in table.to_pylist()]
    matrix = off_target_matrix(pa.Table.from_pylist(rows, table.schema), "lape", "0", LANGUAGES)
    whole = off_target_matrix(table, "lape", "0", LANGUAGES)
    assert matrix.unit_text == unit
    assert np.allclose(np.array(matrix.values), factor * np.array(whole.values)), "the values are in nats"
    assert [matrix.text(0, i) for i in range(P)] == [whole.text(0, i) for i in range(P)]
