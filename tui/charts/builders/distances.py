"""Distances between languages as a heatmap and bars, and whether closer languages share more, in words."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.rows import half_width, number
from neurontui.tui.charts.builders.sharing import pair, pairs
from neurontui.tui.charts.model import Bar, Bars, Matrix, Value
from neurontui.tui.charts.spans import Span, Spans

KINDS = ("genetic", "syntactic", "phonological", "inventory", "geographic", "family", "branch", "script")
"""The columns of language-distances, those of URIEL first."""

_COLUMN = 38
"""Cells of one distance: two fit beside each other on 80 columns."""
_MANTEL = "Mantel p: share of orders of the languages with as low a ρ"


def available(table: pa.Table | None) -> tuple[str, ...]:
    """The distances that are known of at least one pair of languages."""
    if table is None:
        return ()
    return tuple(kind for kind in KINDS if table.column(kind).null_count < table.num_rows)


def distance_matrix(table: pa.Table, languages: Sequence[str], kind: str) -> Matrix:
    """What language-distances returns, mirrored: one distance of each pair, languages in the order of the run."""
    cells: dict[tuple[str, str], Value] = {}
    for (one, other), row in pairs(table).items():
        cells[one, other] = cells[other, one] = number(row[kind])
    names = tuple(languages)
    values = tuple(tuple(None if a == b else cells.get((a, b)) for b in names) for a in names)
    title = f"Distance between languages: {kind}"
    return Matrix(title, names, names, values, "0–1", skip_diagonal=True, digits=2)


def distance_bars(table: pa.Table, languages: Sequence[str], language: str, kind: str) -> Bars:
    """The distances of one language, the closest first, each with φ of the pair."""
    rows = [(other, pair(table, language, other)) for other in languages if other != language]
    known = [(other, number(row[kind]), number(row["phi"])) for other, row in rows if row is not None]
    bars = [Bar(other, value, note=f"φ {phi:.2f}") for other, value, phi in known if None not in (value, phi)]
    return Bars(f"distance from {language}", tuple(sorted(bars, key=lambda bar: bar.value or 0.0)), "", end=1.0)


def distance_lines(table: pa.Table | None) -> list[Spans]:
    """What sharing-by-distance returns: number of pairs, ρ with its interval and p of each distance, in two columns."""
    if table is None:
        return []
    rows = table.to_pylist()
    entries = [_entry(row) for row in rows]
    height = -(-len(entries) // 2)
    lines: list[Spans] = [[span for entry in entries[i::height] for span in entry] for i in range(height)]
    head: Spans = [
        Span("Do closer languages share more?", bold=True),
        Span("  ρ of φ and distance over pairs; negative: yes", "dim"),
    ]
    return [head, *lines, *([Span(f"  {note}", "dim")] for note in (*left_out(rows), _MANTEL))]


def _entry(row: dict[str, Any]) -> Spans:
    name = Span(f"  {row['distance']:<12}{row['n_pairs']:>4}")
    rho, half = number(row["correlation"]), half_width(row)
    if rho is None:
        return [name, Span("    –".ljust(_COLUMN - 18), "dim")]
    value = f"{rho:+.2f}".replace("-", "−") + ("" if half is None else f" ±{half:.2f}")
    return [name, Span(f" {value:<12}", bold=True), Span(f"p {row['p_value']:.3f}".ljust(_COLUMN - 31), "dim")]


def left_out(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Why distances have no correlation; with their names, if these are few."""
    kinds: dict[str, list[str]] = {}
    for row in rows:
        if row["note"]:
            kinds.setdefault(str(row["note"]), []).append(row["distance"])
    named = [f"{' and '.join(names)}: {note}" if len(names) < 3 else note for note, names in kinds.items()]
    return [note[0].upper() + note[1:] for note in named]


def agreement_line(table: pa.Table | None, measure: str) -> Spans:
    """How well two halves of the examples agree, from one measure of sharing-reliability; empty without halves."""
    row = _agreement(table, measure)
    if row is None:
        return []
    return [Span(f"Halves of the examples agree: ρ = {row['spearman']:.2f} over {row['n']} pairs of languages", "dim")]


def agreement_note(table: pa.Table | None, measure: str) -> Spans:
    """The same in few words, for the end of a line."""
    row = _agreement(table, measure)
    return [] if row is None else [Span(f" · halves: ρ {row['spearman']:.2f}", "dim")]


def _agreement(table: pa.Table | None, measure: str) -> dict[str, Any] | None:
    rows = [] if table is None else table.to_pylist()
    return next((row for row in rows if row["measure"] == measure and number(row["spearman"]) is not None), None)
