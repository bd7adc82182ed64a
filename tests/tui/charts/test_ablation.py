"""Ablation charts against NumPy on the raw outcomes of every input."""

import numpy as np
import pyarrow as pa
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.ablation import (
    accuracy_bars,
    accuracy_matrix,
    cell_lines,
    change_dots,
    dose_chart,
    dose_panels,
    forced_note,
    mean_lines,
)
from neurontui.tui.charts.builders.controls import control_fields, control_lines, control_table, matched
from neurontui.tui.common.number_formats import percent, plus_minus
from tests.queries.comparing import close
from tests.queries.reference import jackknife
from tests.tui.charts.raw import CODES, RUN, SIZES, by_letter, rows_of

Conditions = tuple[int, ...]


def reached(conditions: Conditions, read: object = slice(None)) -> float:
    """Percent of all neurons switched off, mean over inputs and seeds."""
    return float(np.mean([100 * RUN.conditions[i].n_ablated[:, read] / sum(SIZES) for i in conditions]))


def control_of(type_: Conditions, conditions: Conditions) -> str:
    sizes = sorted((reached(type_), reached(conditions)))
    return "  its control" if sizes[1] <= 1.1 * sizes[0] else "  smaller control"


ROWS: tuple[tuple[str, Conditions], ...] = (
    ("baseline", (0,)), ("N non-activated", (1,)), ("S specific", (2,)), ("P partial", (3,)), ("A all-shared", (4,)),
    (control_of((4,), (7, 8)), (7, 8)), (f"A dose {percent(reached((9,)))} %", (9,)),
    (control_of((9,), (10,)), (10,)), ("w/o random 25 %", (5, 6)),
)  # fmt: skip
"""Name of a row -> conditions, which differ in their seed alone; each control is behind its type."""
ARMS: dict[str, tuple[Conditions, ...]] = {"A": ((9,), (4,)), "a": ((10,), (7, 8)), "R": ((5, 6),)}
"""Letter -> conditions of each dose: 5 % asked for and all neurons of the type; two seeds of 25 % at random."""


def accuracy(conditions: Conditions, read: object = slice(None), minus: int | None = None) -> tuple[float, ...]:
    """Percent of answers that are right, or points more than under another condition, with the interval."""
    base = 0 if minus is None else RUN.conditions[minus].correct
    hits = np.array([RUN.conditions[i].correct - base for i in conditions])[:, :, read]
    return jackknife(RUN.blocks, lambda kept: float(100 * np.nanmean(hits[:, kept])))


def logprob(conditions: Conditions) -> tuple[float, ...]:
    values = np.array([RUN.conditions[i].logprob - RUN.conditions[0].logprob for i in conditions])
    return jackknife(RUN.blocks, lambda kept: float(values[:, kept].mean()))


def test_a_dose_is_drawn_at_the_share_that_was_reached(results: Results) -> None:
    table = rows_of(results, "ablation-dose")  # asked once: threads may change the last digit of a sum
    chart = dose_chart(table)
    assert by_letter(chart).keys() == ARMS.keys()
    for letter, series in by_letter(chart).items():
        drawn = [index for index, value in enumerate(series.values) if value is not None]
        arms = sorted(ARMS[letter], key=reached)
        assert [chart.xs[index] for index in drawn] == pytest.approx([reached(arm) for arm in arms])
        for index, arm in zip(drawn, arms, strict=True):
            value, low, high = accuracy(arm, minus=0)
            assert close(series.values[index], value)
            assert close(series.low[index], low)
            assert close(series.high[index], high)
        assert series.reference == (letter == "a")
    assert [float(label) for label in chart.labels] == pytest.approx(chart.xs, rel=1e-2)
    [panel] = dose_panels(table)
    assert panel.series == tuple(by_letter(chart)[letter] for letter in "AaR")


def test_accuracy_by_condition_and_language(results: Results) -> None:
    matrix = accuracy_matrix(rows_of(results, "ablation-accuracy").to_pylist(), tuple(CODES), [])
    assert list(matrix.rows) == [name for name, _ in ROWS]
    assert list(matrix.columns) == ["off", *CODES, "mean"]
    for row, (_, conditions) in enumerate(ROWS):
        assert close(matrix.values[row][0], reached(conditions))
        assert matrix.tint(row, 0) is None
        for column, read in enumerate([*([p] for p in range(5)), slice(None)], 1):
            change, low, high = accuracy(conditions, read, minus=0)
            assert close(matrix.values[row][column], accuracy(conditions, read)[0])
            assert close(matrix.tint(row, column), change)
            mark = "▼" if high < 0 else "▲" if low > 0 else " "
            assert matrix.mark(row, column) == mark


def test_the_papers_row_has_the_papers_mean() -> None:
    row = {"condition": 1, "label": "w/o A", "kind": "type", "type": "all-shared", "fraction": None, "matched_to": None}
    own = [
        {
            **row,
            "language": code,
            "accuracy": 50.0,
            "change": -9.0,
            "change_low": -10.0,
            "change_high": -8.0,
            "percent": 7.5,
        }
        for code in ("en", "de", None)
    ]
    paper = [
        {"kind": "type", "type": "all-shared", "percent": 9.85, "language": code, "accuracy": value}
        for code, value in (("en", 4.0), ("de", 3.0), ("fr", 8.0))
    ]
    matrix = accuracy_matrix(own, ("en", "de"), paper)
    assert matrix.values == ((7.5, 50.0, 50.0, 50.0), (9.85, 4.0, 3.0, 5.0))


def test_bars_over_all_inputs(results: Results) -> None:
    rows = rows_of(results, "ablation-accuracy").to_pylist()
    bars = accuracy_bars(rows).bars
    assert [bar.name for bar in bars] == [name for name, _ in ROWS]
    lines = mean_lines(rows, [], 60)[1:]
    for bar, line, (_, conditions) in zip(bars, lines, ROWS, strict=True):
        value, low, high = accuracy(conditions)
        assert close(bar.value, value)
        assert close(bar.low, low)
        assert close(bar.high, high)
        assert bar.note == f"off {percent(reached(conditions))} %"
        assert plus_minus(value, (high - low) / 2) in "".join(part.text for part in line)


def test_one_cell_in_words(results: Results) -> None:
    rows = rows_of(results, "ablation-accuracy").to_pylist()
    first, second = cell_lines(rows, "4 w/o all-shared", "de")
    value, low, high = accuracy((4,), [1])
    change, change_low, change_high = accuracy((4,), [1], minus=0)
    assert f"{plus_minus(value, (high - low) / 2)} %" in "".join(part.text for part in first)
    words = "".join(part.text for part in second)
    assert f"{plus_minus(change, (change_high - change_low) / 2, sign='+')} points" in words


def test_changes_as_dots(results: Results) -> None:
    points, nats = change_dots(rows_of(results, "ablation-accuracy").to_pylist())
    order: list[Conditions] = [(1,), (2,), (3,), (4,), (7, 8), (5, 6)]
    kinds = ["type"] * 4 + ["matched", "random"]
    for panel, expected in (
        (points, [accuracy(arm, minus=0) for arm in order]),
        (nats, [logprob(arm) for arm in order]),
    ):
        assert [dot.kind for dot in panel.dots] == kinds
        for dot, numbers in zip(panel.dots, expected, strict=True):
            assert close(dot.value, numbers[0])
            assert close(dot.low, numbers[1])
            assert close(dot.high, numbers[2])


def test_controls_in_a_table(results: Results) -> None:
    rows = [row for row in control_table(rows_of(results, "ablation-controls")).to_pylist() if row["language"] is None]
    rows.sort(key=lambda row: row["condition"])
    for row, own, control in zip(rows, (4, 9), ((7, 8), (10,)), strict=True):
        value, low, high = accuracy(control, minus=own)
        assert row["gain"] == plus_minus(value, (high - low) / 2, sign="+")
        assert close(row["accuracy"], accuracy((own,))[0])
        assert close(row["control"], accuracy(control)[0])
    harm = control_table(rows_of(results, "ablation-controls", measure="invalid"), more_is_better=False).to_pylist()
    fewer = rows_of(results, "ablation-controls", measure="invalid").to_pylist()
    assert sorted(row["harm"] for row in harm) == pytest.approx(sorted(-row["difference"] for row in fewer))


def control(**changes: object) -> dict[str, object]:
    row = {
        "condition": 2, "label": "w/o P", "type": "partial-shared", "fraction": None, "language": None, "percent": 13.0,
        "control_percent": 3.5, "accuracy": 96.5, "control": 67.0, "difference": -29.5, "low": -43.6, "high": -15.4,
        "logprob": -1.15, "logprob_low": -1.66, "logprob_high": -0.64, "n_seeds": 1, "n": 200,
    }  # fmt: skip
    return {**row, **changes}


@pytest.mark.parametrize("width", [80, 160])
def test_a_control_of_another_size_is_not_called_matched(width: int) -> None:
    dose = control(condition=5, type="all-shared", fraction=0.01, percent=1.40, control_percent=1.38)
    equal = control(condition=1, type="specific", percent=5.5, control_percent=5.4, difference=3.0, low=1.0, high=5.0)
    table = control_table(pa.Table.from_pylist([control(), control(language="en"), equal, dose]))
    assert table.column("sizes").to_pylist() == ["equal", "equal", "not matched", "not matched"]
    assert table.column("name").to_pylist()[0] == "A dose 1.4 %", "paired doses are first"
    shown = {field.column for field in control_fields(width)}
    assert {"percent", "control_percent", "sizes"} <= shown
    words = [" ".join("".join(part.text for part in line) for line in control_lines(row)) for row in table.to_pylist()]
    assert "Not matched: 13.0 % of all neurons against 3.5 %" in words[2]
    assert "more harm" not in words[2]
    assert "the type does more harm by 3.0 ±2.0 points" in words[1]
    assert "the control does more harm by 29.5 ±14.1 points" in words[0]
    assert [matched(a, b) for a, b in ((5.5, 5.4), (13.0, 3.5), (0.0, 0.0), (None, 1.0))] == [True, False, False, False]


def test_the_agreement_of_teacher_forced_verdicts_is_that_of_all_prompts() -> None:
    judged = pa.table({"language": [None, "en"], "note": ["verdicts agree on 97.3 %", "verdicts agree on 99 %"]})
    assert forced_note(judged) == "verdicts agree on 97.3 %"
    assert forced_note(pa.table({"language": [None], "note": pa.array([None], pa.string())})) == ""  # generated
    assert forced_note(judged[:0]) == forced_note(None) == ""
