"""Sharing between languages: matrices, heatmaps over layers, and bars beside them."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, half_width, layer_axis, number, series_by
from neurontui.tui.charts.model import Bar, Bars, Chart, Matrix, Series, Value
from neurontui.tui.charts.palette import ink_of
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.sanitize import fit

Cells = dict[tuple[str, str], Row]


def sharing_matrix(table: pa.Table, languages: Sequence[str]) -> Matrix:
    """What sharing-matrix returns, languages in the order of the run."""
    return _square("Sharing between languages", table, languages, "ratio", "%")


def lift_matrix(table: pa.Table, languages: Sequence[str], measure: str) -> Matrix:
    """What sharing-lift returns, mirrored: lift, phi or Jaccard of each pair."""
    unit = {"lift": "×", "phi": "φ × 100", "jaccard": "%"}[measure]
    matrix = _square(f"Sharing against chance: {measure}", table, languages, measure, unit)
    if measure != "phi":
        return matrix
    scaled = tuple(tuple(None if v is None else 100 * v for v in line) for line in matrix.values)
    return Matrix(matrix.title, matrix.rows, matrix.columns, scaled, unit, skip_diagonal=True)


def _square(title: str, table: pa.Table, languages: Sequence[str], column: str, unit: str) -> Matrix:
    cells = pairs(table)
    values = tuple(tuple(_value(cells, row, other, column) for other in languages) for row in languages)
    return Matrix(title, tuple(languages), tuple(languages), values, unit, skip_diagonal=True)


def pair(table: pa.Table, row: str, other: str) -> Row | None:
    """The row about two languages, whichever comes first."""
    cells = pairs(table)
    return cells.get((row, other)) or cells.get((other, row))


def pairs(table: pa.Table) -> Cells:
    """Rows by the pair of languages they are about."""
    return {(row["language"], row["other"]): row for row in table.to_pylist()}


def _value(cells: Cells, row: str, other: str, column: str) -> Value:
    found = cells.get((row, other)) or cells.get((other, row)) or {}
    return number(found.get(column))


def over_layers(title: str, table: pa.Table, column: str, languages: Sequence[str], layers: pa.Table | None) -> Matrix:
    """Languages × layers of rows with a layer, a language in `column` and a ratio."""
    rows = [row for row in table.to_pylist() if row["layer"] is not None]
    labels, _ = layer_axis(layers, (row["layer"] for row in rows))
    cells = {(row[column], row["layer"]): number(row["ratio"]) for row in rows}
    shown = [code for code in languages if any(key[0] == code for key in cells)]
    values = tuple(tuple(cells.get((code, layer)) for layer in range(len(labels))) for code in shown)
    return Matrix(title, tuple(shown), labels, values)


def language_bars(title: str, rows: Iterable[Row], column: str) -> Bars:
    """A bar a language, the largest first."""
    bars = [Bar(str(row[column]), number(row["ratio"]), half=half_width(row)) for row in rows]
    return Bars(title, tuple(sorted(bars, key=lambda each: -(each.value or 0.0))))


def bar_lines(bars: Bars, width: int, names: int = 4) -> list[Spans]:
    """Bars as lines of a sheet: name, bar, value, interval, note; all bars start and end alike."""
    highest = max((each.value or 0.0 for each in bars.bars), default=1.0)
    texts = [("–" if each.value is None else f"{each.value:.1f}") for each in bars.bars]
    tails = [_tail(each) for each in bars.bars]
    value_width, tail_width = max(map(len, texts), default=0), max(map(len, tails), default=0)
    room = max(width - names - 2 - value_width - tail_width, 3)
    lines: list[Spans] = [[Span(bars.title, "text", bold=True)]]
    for each, text, tail in zip(bars.bars, texts, tails, strict=True):
        lines.append(
            [
                Span(fit(each.name, names) + " ", "dim"),
                Span(bar(each.value, highest, room), ink_of(each.role), "rule"),
                Span(f" {text:>{value_width}}", "text"),
                Span(f"{tail:<{tail_width}}", "dim"),
            ]
        )
    return lines


def _tail(each: Bar) -> str:
    half = "" if each.half is None else f" ±{each.half:.1f}"
    return half + (f"  {each.note}" if each.note else "")


def language_chart(title: str, table: pa.Table, name: str, layers: pa.Table, others: bool = False) -> Chart | None:
    """One language (in the column `other`, or `language`) over the layers, with `others` the rest in grey.

    None where it has no rows.
    """
    column = "other" if "other" in table.column_names else "language"
    every = [row for row in table.to_pylist() if row["layer"] is not None]
    rows = [row for row in every if row[column] == name]
    if not rows or (column == "other" and rows[0]["language"] == name):
        return None
    labels, breaks = layer_axis(layers, (row["layer"] for row in rows))
    shown = every if others else rows
    found = series_by(shown, column, lambda row: int(row["layer"]), len(labels))
    grey = tuple(
        Series(code, code[:6], "reference", *found[code], reference=True)
        for code in found
        if code != name and not (column == "other" and code == every[0]["language"])
    )
    own = Series(name, name[:6], "first", *found[name])
    return Chart(f"{name} {title}", labels, (own, *grey), breaks=breaks)
