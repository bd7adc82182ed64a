"""Distances as a heatmap and bars, and their correlation with sharing in words, against the rows of the queries."""

from typing import Any

import pyarrow as pa
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.distances import (
    KINDS,
    agreement_line,
    agreement_note,
    available,
    distance_bars,
    distance_lines,
    distance_matrix,
    left_out,
)
from neurontui.tui.charts.figure.plot import picture
from tests.tui.charts.raw import CODES, rows_of
from tests.tui.charts.words import numbers, text

SCRIPTS = {"en": "Latn", "de": "Latn", "fr": "Latn", "ru": "Cyrl", "zh": "Hans"}
ROW: dict[str, Any] = {
    "distance": "genetic", "n_languages": 10, "n_pairs": 45, "correlation": -0.4679, "low": -0.5769, "high": -0.3589,
    "p_value": 0.0313, "permutations": 10_000, "n_unknown": 0, "note": None,
}  # fmt: skip
NONE = {"correlation": None, "low": None, "high": None, "p_value": None, "note": "why"}


def _lines(*changes: dict[str, Any]) -> list[str]:
    return [text(line) for line in distance_lines(pa.Table.from_pylist([{**ROW, **change} for change in changes]))]


def test_the_matrix_is_mirrored_and_in_the_order_of_the_languages(results: Results) -> None:
    codes = list(reversed(CODES))
    matrix = distance_matrix(rows_of(results, "language-distances"), codes, "script")
    assert b"Distance between languages: script (0\xe2\x80\x931)" in picture(matrix, "svg")
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            assert matrix.values[i][j] == (None if a == b else float(SCRIPTS[a] != SCRIPTS[b]))


def test_bars_are_the_closest_first_with_the_sharing_of_the_pair(results: Results) -> None:
    table = rows_of(results, "language-distances")
    bars = distance_bars(table, CODES, "zh", "script").bars
    phi = {row["language"]: row["phi"] for row in table.to_pylist() if row["other"] == "zh"}
    assert {bar.name: (bar.value, bar.note) for bar in bars} == {
        code: (1.0, f"φ {value:.2f}") for code, value in phi.items()
    }
    bars = distance_bars(table, CODES, "en", "script").bars
    assert [bar.value for bar in bars] == [0.0, 0.0, 1.0, 1.0]


def test_only_known_distances_are_available(results: Results) -> None:
    table = rows_of(results, "language-distances")
    assert {"family", "branch", "script"} <= set(available(table)) <= set(KINDS)
    unknown = table.set_column(table.column_names.index("script"), "script", pa.nulls(table.num_rows, pa.float64()))
    assert "script" not in available(unknown)
    assert available(None) == ()


def test_every_distance_has_its_numbers_and_fits_on_a_narrow_screen() -> None:
    kinds = [{"distance": kind} for kind in KINDS]
    head, *lines, foot = _lines(*kinds)
    assert len(lines) == 4
    assert max(map(len, (head, *lines, foot))) <= 78
    for kind in KINDS:
        (line,) = (line for line in lines if kind in line)
        entry = line[line.index(kind) + len(kind) :]
        assert entry.split()[:4] == ["45", "−0.47", "±0.11", "p"]
        assert numbers([*distance_lines(pa.Table.from_pylist([{**ROW, "distance": kind}]))[1]])[-1] == 0.031


def test_without_intervals_or_correlation_nothing_is_made_up() -> None:
    line = _lines({"low": None, "high": None})[1]
    assert "±" not in line
    _, line, why, _ = _lines(NONE)
    assert line.split() == ["genetic", "45", "–"]
    assert why.strip() == "Genetic: why"
    assert left_out([{**NONE, "distance": kind} for kind in KINDS]) == ["Why"]
    assert distance_lines(None) == []


@pytest.mark.parametrize("measure", ["shared", "phi", "lift", "jaccard"])
def test_the_agreement_of_halves_is_that_of_its_measure(results: Results, measure: str) -> None:
    table = rows_of(results, "sharing-reliability")
    (row,) = (row for row in table.to_pylist() if row["measure"] == measure)
    line = text(agreement_line(table, measure))
    assert line == f"Halves of the examples agree: ρ = {row['spearman']:.2f} over {row['n']} pairs of languages"
    assert agreement_line(rows_of(results, "sharing-reliability", languages=["en", "de"]), measure) == []
    assert agreement_line(None, measure) == []
    assert text(agreement_note(table, measure)) == f" · halves: ρ {row['spearman']:.2f}"
    assert agreement_note(None, measure) == []
