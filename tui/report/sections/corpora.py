"""A corpus: its texts and loss, which languages are similar, and the detectors of language-specific neurons."""

from collections.abc import Callable
from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.corpora import (
    DETECTORS,
    SHORT,
    detectors_chart,
    detectors_matrix,
    similarity_matrix,
    sizes,
)
from neurontui.tui.charts.builders.rows import Row, number
from neurontui.tui.common.number_formats import cell
from neurontui.tui.common.significant import decimals
from neurontui.tui.report.missing import too_few_languages
from neurontui.tui.report.model import Block, Cell, Figure, Table
from neurontui.tui.report.run import Run
from neurontui.tui.report.shape import cells


def texts(results: Results, run: Run) -> Table:
    """Texts, tokens, loss and active neurons by language."""
    rows = results.query("corpora", run=run.number).to_pylist()
    body = tuple(
        cells(
            row["language"], row["name"], f"{row['texts']:,}", f"{row['passages']:,}", f"{row['tokens']:,}",
            decimals(number(row["loss"]), 3), decimals(number(row["loss_error"]), 3), cell(number(row["perplexity"])),
            decimals(number(row["active"])), decimals(number(row["positive"])),
        )
        for row in rows
    )  # fmt: skip
    header = (
        "language", "name", "texts", "passages", "tokens", "loss, nats", "standard error", "perplexity", "active, %",
        "positive, %",
    )  # fmt: skip
    return Table(
        "Texts and loss",
        header,
        body,
        labels=2,
        caption="Loss of a token. Its standard error counts tokens as independent. Loss and perplexity depend on how "
        "a language is cut into tokens: compare models on the same texts with them, not languages. Active: share of "
        "the neurons whose activation is above the threshold at a token; positive: whose weight is positive.",
        query=run.command("corpora"),
    )


def similarity(results: Results, run: Run) -> Block:
    """Correlation of every two languages."""
    if len(run.languages) < 2:
        return too_few_languages(run, 2)
    table = results.query("activity-matrix", run=run.number)
    return Figure(
        f"{run.anchor}-similarity",
        "Similarity of languages by the activity of neurons",
        "beyond the paper",
        "Correlation over neurons of the probability of being active at a token, of two languages.",
        (similarity_matrix(table, run.languages),),
        run.command("activity-matrix"),
    )


def by_layer(results: Results, run: Run) -> Block | None:
    """Where the detectors find neurons, and how many for each language."""
    if len(run.languages) < 2:
        return None
    table = results.query("detectors-by-layer", run=run.number)
    curves = run.panel(detectors_chart(table, "", run.layers), "mean of the languages")
    matrix = detectors_matrix(table, "LAPE", run.languages, run.layers)
    present = [name for name in DETECTORS if name in table.column("detector").to_pylist()]
    selected = {name: sizes(table, name) for name in present}
    body = tuple(cells(code, *(f"{selected[name].get(code, 0):,}" for name in present)) for code in run.languages)
    return Figure(
        f"{run.anchor}-detectors",
        "Language-specific neurons by layer",
        "beyond the paper: LAPE, average precision, P90",
        "Share of the layer's neurons that a detector selects for a language. LAPE: lowest entropy of the probability "
        "of being active over languages; average precision: best detectors of the language, as many as LAPE selects; "
        "P90: above the 90th percentile in one language alone.",
        (replace(curves, y_title="% of the layer's neurons"), matrix),
        run.command("detectors-by-layer"),
        columns=2,
        summary=Table("Neurons selected for each language", ("language", *present), body),
    )


def agreement(results: Results, run: Run) -> Table | None:
    """Jaccard index of every two detectors, with that of chance."""
    rows = results.query("detector-agreement", run=run.number).to_pylist()
    return _by_language(
        rows,
        "Agreement of detectors",
        lambda row: f"{SHORT[row['detector']]} and {SHORT[row['other']]}",
        lambda row: _against_chance(row),
        "Jaccard index in percent: neurons that both select, of those that either selects; in brackets, its mean for "
        "random sets of these sizes. AP: average precision.",
        run.command("detector-agreement"),
    )


def reliability(results: Results, run: Run) -> Table | None:
    """The detectors on both halves of the texts."""
    rows = results.query("detector-reliability", run=run.number).to_pylist()
    return _by_language(
        rows,
        "Split-half reliability of detectors",
        lambda row: SHORT[row["detector"]],
        lambda row: f"{_against_chance(row)}, ρ {decimals(number(row['spearman']), 2)}",
        "Each detector on both halves of the texts: Jaccard index of the two sets in percent, in brackets its mean for "
        "random sets of these sizes, and rank correlation ρ of the scores over neurons.",
        run.command("detector-reliability"),
    )


def _against_chance(row: Row) -> str:
    return f"{decimals(number(row['jaccard']))} ({cell(number(row['by_chance']))})"


def _by_language(
    rows: list[Row], title: str, column: Callable[[Row], str], text: Callable[[Row], str], caption: str, query: str
) -> Table | None:
    """A row a language; None without rows."""
    if not rows:
        return None
    columns = list(dict.fromkeys(map(column, rows)))
    texts_of = {(row["language"], column(row)): text(row) for row in rows}
    languages = dict.fromkeys(row["language"] for row in rows)
    body: tuple[tuple[Cell, ...], ...] = tuple(
        cells(code, *(texts_of.get((code, name), "–") for name in columns)) for code in languages
    )
    return Table(title, ("language", *columns), body, caption=caption, query=query)
