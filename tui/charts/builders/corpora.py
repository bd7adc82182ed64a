"""Corpora: texts and loss of languages, detectors of language-specific neurons, and the activity of one neuron."""

from collections.abc import Sequence

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, layer_of, layer_rows, number, series_by
from neurontui.tui.charts.builders.sharing import pairs
from neurontui.tui.charts.model import Bar, Bars, Chart, Matrix, Series, Value
from neurontui.tui.charts.palette import CYCLE
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.number_formats import cell, percent, plus_minus
from neurontui.tui.common.sanitize import fit
from neurontui.tui.common.table_fields import Field

DETECTORS = ("LAPE", "average precision", "P90", "specific")
SHORT = {"LAPE": "LAPE", "average precision": "AP", "P90": "P90", "specific": "sp"}
"""Names of detectors where there is little room."""
LETTERS = {"LAPE": "L", "average precision": "A", "P90": "P", "specific": "S"}
COLUMNS = ("tokens k", "loss", "perpl", "active %", "w > 0 %")
"""Columns of the matrix of corpora: thousands of tokens, nats, -, and shares of the neurons at a token."""
LAPE_FIELDS = (
    Field("layer", "layer", right=True),
    Field("neuron", "neuron", right=True),
    Field("entropy", "entropy", lambda value: f"{value:.3f}", right=True),
    Field("probability", "active %", percent, right=True),
    Field("languages", "LAPE selects it for", lambda codes: " ".join(codes or ()) or "–", stretch=True),
)
"""Columns of the neurons that LAPE selects."""


def sizes(table: pa.Table, detector: str) -> dict[str, int]:
    """Number of neurons that a detector selects for each language, from detectors-by-layer."""
    totals: dict[str, int] = {}
    for row in table.to_pylist():
        if row["detector"] == detector:
            totals[row["language"]] = totals.get(row["language"], 0) + row["n"]
    return totals


def corpora_matrix(table: pa.Table) -> Matrix:
    """A row for each language: thousands of tokens, loss, perplexity, active and positive neurons."""
    rows = table.to_pylist()
    names = ("loss", "perplexity", "active", "positive")
    values = tuple((row["tokens"] / 1000, *(number(row[name]) for name in names)) for row in rows)
    plain = tuple((None,) * len(COLUMNS) for _ in rows)  # columns of different units have no common scale of colors
    return Matrix(
        "Corpora", tuple(row["language"] for row in rows), COLUMNS, values, "", tints=plain,
        row_title="language", column_title="measure", digits=2,
    )  # fmt: skip


def corpus_line(row: Row) -> Spans:
    """One language of a corpus in words; loss with its standard error."""
    words = f"{row['texts']:,} texts, {row['passages']:,} passages, {row['tokens']:,} tokens"
    loss = "" if row["loss"] is None else f", loss {plus_minus(row['loss'], row['loss_error'], 3)}"
    return [Span(f"{row['name']}  ", bold=True), Span(f"{words}{loss}", "dim")]


def selected_bars(detectors: pa.Table, detector: str, languages: Sequence[str]) -> Bars:
    """Neurons that a detector selects, a bar for each language."""
    selected = sizes(detectors, detector)
    return Bars(detector, tuple(Bar(code, selected[code]) for code in languages if code in selected), "neurons")


def similarity_matrix(table: pa.Table, languages: Sequence[str]) -> Matrix:
    """What activity-matrix returns, mirrored: correlation of two languages over neurons."""
    cells: dict[tuple[str, str], Value] = {}
    for (one, other), row in pairs(table).items():
        cells[one, other] = cells[other, one] = number(row["correlation"])
    names = tuple(languages)
    values = tuple(tuple(None if a == b else cells.get((a, b)) for b in names) for a in names)
    return Matrix(
        "Similarity of languages", names, names, values, "r", skip_diagonal=True, row_title="language",
        column_title="language", digits=2,
    )  # fmt: skip


def agreement_matrix(table: pa.Table, languages: Sequence[str]) -> Matrix:
    """Jaccard index of every two detectors, a row for each language."""
    rows = table.to_pylist()
    columns = tuple(dict.fromkeys(_two(row) for row in rows))
    cells = {(row["language"], _two(row)): number(row["jaccard"]) for row in rows}
    return _by_language("Agreement of detectors", languages, columns, cells, "detectors")


def reliability_matrix(table: pa.Table, languages: Sequence[str]) -> Matrix:
    """Jaccard index of each detector's sets on both halves, a row for each language."""
    rows = table.to_pylist()
    columns = tuple(dict.fromkeys(SHORT[row["detector"]] for row in rows))
    cells = {(row["language"], SHORT[row["detector"]]): number(row["jaccard"]) for row in rows}
    return _by_language("Reliability of detectors", languages, columns, cells, "detector")


def _two(row: Row) -> str:
    return f"{SHORT[row['detector']]}·{SHORT[row['other']]}"


def _by_language(
    title: str, languages: Sequence[str], columns: tuple[str, ...], cells: dict[tuple[str, str], Value], across: str
) -> Matrix:
    values = tuple(tuple(cells.get((code, column)) for column in columns) for code in languages)
    return Matrix(title, tuple(languages), columns, values, row_title="language", column_title=across)


def agreement_lines(table: pa.Table, language: str, column: str) -> list[Spans]:
    """Two detectors in a language, against chance."""
    row = next((r for r in table.to_pylist() if r["language"] == language and _two(r) == column), None)
    if row is None:
        return []
    head = f"{language}: {row['detector']} {row['n']:,}, {row['other']} {row['n_other']:,}, both {row['n_both']:,}"
    return [[Span(head, bold=True)], [Span(_against_chance(row), "dim")]]


def reliability_lines(table: pa.Table, language: str, column: str) -> list[Spans]:
    """A detector on both halves in a language, against chance."""
    row = next((r for r in table.to_pylist() if r["language"] == language and SHORT[r["detector"]] == column), None)
    if row is None:
        return []
    head = f"{language}: {row['detector']} {row['n_first']:,} and {row['n_second']:,}, both {row['n_both']:,}"
    rank = "" if row["spearman"] is None else f"; rank correlation of scores {row['spearman']:.2f}"
    return [[Span(head, bold=True)], [Span(f"{_against_chance(row)}{rank}", "dim")]]


def _against_chance(row: Row) -> str:
    if row["jaccard"] is None:
        return "no neurons in either"
    ratio = "" if row["ratio"] is None else f", {cell(row['ratio'])} times chance"
    return f"Jaccard {percent(row['jaccard'])} %, by chance {percent(row['by_chance'])} %{ratio}"


def detectors_matrix(table: pa.Table, detector: str, languages: Sequence[str], layers: pa.Table) -> Matrix:
    """Languages × layers: share of the layer that a detector selects for the language."""
    rows, labels, _ = layer_rows(table, layers)
    cells = {(row["language"], row["layer"]): number(row["ratio"]) for row in rows if row["detector"] == detector}
    shown = [code for code in languages if any(key[0] == code for key in cells)]
    values = tuple(tuple(cells.get((code, layer)) for layer in range(len(labels))) for code in shown)
    title = f"{detector} by layer"
    return Matrix(title, tuple(shown), labels, values, row_title="language", column_title="layer", digits=2)


def detectors_chart(table: pa.Table, language: str, layers: pa.Table | None) -> Chart:
    """A curve for each detector over the layers: the share it selects for a language, "" for the mean of all."""
    every, labels, breaks = layer_rows(table, layers)
    rows = [row for row in every if language in ("", row["language"])]
    n = len({row["language"] for row in rows}) or 1
    means: dict[tuple[str, int], Row] = {}
    for row in rows:
        mean = means.setdefault((row["detector"], row["layer"]), {**row, "ratio": 0.0})
        mean["ratio"] += row["ratio"] / n
    columns = series_by(means.values(), "detector", layer_of, len(labels))
    series = tuple(
        Series(name, LETTERS[name], CYCLE[place], *columns[name])
        for place, name in enumerate(DETECTORS)
        if name in columns
    )
    return Chart("Language-specific neurons by detector", labels, series, breaks=breaks)


def activity_lines(table: pa.Table, width: int) -> list[Spans]:
    """A bar a language: at what share of its tokens the neuron is active, and positive."""
    room = max(width - 5 - 7 - 8 - 6, 4)
    tail = f"{'w > 0':>8}{'AP':>6}"
    head = fit("  % of tokens", max(width - 9 - len(tail), 0)) + tail
    lines: list[Spans] = [[Span("active at", "text", bold=True), Span(head, "dim")]]
    for row in table.to_pylist():
        precision = "–" if row["precision"] is None else f"{row['precision']:.2f}"
        lines.append(
            [
                Span(fit(row["language"], 4) + " ", "dim"),
                Span(bar(number(row["active"]), 100.0, room), "first", "rule"),
                Span(f"{percent(row['active']):>7}"),
                Span(f"{percent(row['positive']):>8}{precision:>6}", "dim"),
            ]
        )
    return lines


def moment_lines(table: pa.Table, width: int) -> list[Spans]:
    """Mean and standard deviation of A and w in each language; narrow, only the mean of w."""
    wide = width >= 42
    head = f"{'A: mean, SD':>17}{'w: mean, SD' if wide else 'w':>{18 if wide else 9}}"
    lines: list[Spans] = [[Span("mean ", "text", bold=True), Span(head, "dim")]]
    for row in table.to_pylist():
        mean, sd, weight, weight_sd = (_three(row[name]) for name in ("mean", "sd", "weight", "weight_sd"))
        spread = f" ±{weight_sd:>7}" if wide else ""
        values = f"{mean:>8} ±{sd:>7}{weight:>9}{spread}"
        lines.append([Span(fit(row["language"], 4) + " ", "dim"), Span(values)])
    return lines


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
