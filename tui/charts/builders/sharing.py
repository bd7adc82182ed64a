"""Sharing between languages: matrices, heatmaps over layers, and bars beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, language_series, layer_of, layer_rows, number, series_by
from neurontui.tui.charts.model import Bar, Bars, Chart, Matrix, Series, Value
from neurontui.tui.charts.palette import CYCLE, ink_of
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.number_formats import plus_minus
from neurontui.tui.common.sanitize import fit

Cells = dict[tuple[str, str], Row]
UNITS = {"phi": "φ", "lift": "×", "jaccard": "%"}
"""Units of the measures of sharing: a correlation from −1 to 1, a ratio to chance, a percentage."""


def sharing_matrix(table: pa.Table, languages: Sequence[str]) -> Matrix:
    """What sharing-matrix returns, languages in the order of the run: row and column are not interchangeable."""
    cells = {key: number(row["ratio"]) for key, row in pairs(table).items()}
    return _square("Sharing between languages", cells, languages, "%")


def lift_matrix(table: pa.Table, languages: Sequence[str], measure: str) -> Matrix:
    """What sharing-lift returns, mirrored: lift, phi or Jaccard of each pair, in the units of the query."""
    cells: dict[tuple[str, str], Value] = {}
    for (one, other), row in pairs(table).items():
        cells[one, other] = cells[other, one] = number(row[measure])
    title = f"Sharing against chance: {measure}"
    return replace(_square(title, cells, languages, UNITS[measure]), digits=1 if measure == "jaccard" else 2)


def _square(title: str, cells: Mapping[tuple[str, str], Value], languages: Sequence[str], unit: str) -> Matrix:
    values = tuple(tuple(None if row == other else cells.get((row, other)) for other in languages) for row in languages)
    names = tuple(languages)
    return Matrix(
        title, names, names, values, unit, skip_diagonal=True, row_title="active in", column_title="active in too"
    )


def pair(table: pa.Table, row: str, other: str) -> Row | None:
    """The row about two languages, whichever comes first."""
    cells = pairs(table)
    return cells.get((row, other)) or cells.get((other, row))


def pairs(table: pa.Table) -> Cells:
    """Rows by the pair of languages they are about."""
    return {(row["language"], row["other"]): row for row in table.to_pylist()}


def over_layers(title: str, table: pa.Table, column: str, languages: Sequence[str], layers: pa.Table | None) -> Matrix:
    """Languages × layers of rows with a layer, a language in `column` and a ratio."""
    rows, labels, _ = layer_rows(table, layers)
    cells = {(row[column], row["layer"]): number(row["ratio"]) for row in rows}
    shown = [code for code in languages if any(key[0] == code for key in cells)]
    values = tuple(tuple(cells.get((code, layer)) for layer in range(len(labels))) for code in shown)
    return Matrix(title, tuple(shown), labels, values, row_title="language", column_title="layer")


def language_bars(title: str, rows: Iterable[Row], column: str, unit: str = "%") -> Bars:
    """A bar a language, the largest first."""
    bars = [
        Bar(str(row[column]), number(row["ratio"]), low=number(row.get("low")), high=number(row.get("high")))
        for row in rows
    ]
    return Bars(title, tuple(sorted(bars, key=lambda bar: -(bar.value or 0.0))), unit)


def bar_lines(bars: Bars, width: int, names: int = 4) -> list[Spans]:
    """Bars as lines of a sheet: name, bar, value, interval, note; all on one scale, which the first line gives."""
    texts = [_text(item, bars.unit).partition(" ") for item in bars.bars]
    tails = [f"{space}{half}" + (f"  {item.note}" if item.note else "")
             for item, (_, space, half) in zip(bars.bars, texts, strict=True)]  # fmt: skip
    value_width, tail_width = max((len(text[0]) for text in texts), default=0), max(map(len, tails), default=0)
    room = max(width - names - 2 - value_width - tail_width, 3)
    lines: list[Spans] = [[Span(bars.title, "text", bold=True), Span(f" {bars.scale}", "dim")]]
    for item, (text, *_), tail in zip(bars.bars, texts, tails, strict=True):
        lines.append(
            [
                Span(fit(item.name, names) + " ", "dim"),
                Span(bar(item.value, bars.end, room), ink_of(item.role), "rule"),
                Span(f" {text:>{value_width}}", "text"),
                Span(f"{tail:<{tail_width}}", "dim"),
            ]
        )
    return lines


def _text(item: Bar, unit: str) -> str:
    return plus_minus(item.value, item.half, {"%": 1, "neurons": 0}.get(unit, 2))


def language_chart(title: str, table: pa.Table, name: str, layers: pa.Table, others: bool = False) -> Chart | None:
    """One language (in the column `other`, or `language`) over the layers, with `others` the rest, dimmed.

    Every language has a color of its own. None where it has no rows.
    """
    column = "other" if "other" in table.column_names else "language"
    every, labels, breaks = layer_rows(table, layers)
    rows = [row for row in every if row[column] == name]
    if not rows or (column == "other" and rows[0]["language"] == name):
        return None
    codes = list(dict.fromkeys(row[column] for row in every))
    colors = {code: CYCLE[place % len(CYCLE)] for place, code in enumerate(codes)}
    columns = series_by(every if others else rows, column, layer_of, len(labels))
    rest = tuple(
        Series(code, code[:6], "reference", *columns[code], reference=True, hue=colors[code])
        for code in columns
        if code != name and not (column == "other" and code == every[0]["language"])
    )
    own = Series(name, name[:6], colors[name], *columns[name])
    return Chart(f"{name} {title}", labels, (own, *rest), breaks=breaks)


def languages_chart(title: str, table: pa.Table, languages: Sequence[str], layers: pa.Table | None) -> Chart:
    """Every language (in the column `other`, or `language`) over the layers, each in a color of its own."""
    column = "other" if "other" in table.column_names else "language"
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(rows, column, layer_of, len(labels))
    return Chart(title, labels, language_series(columns, languages), breaks=breaks)
