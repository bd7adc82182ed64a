"""Attribution: contribution and effective scores as charts, and the effective scores as a table."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, layer_of, layer_rows, number, series_by, type_series
from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import percent, signed
from neurontui.tui.common.table_fields import Field


def top_share(table: pa.Table, layers: pa.Table | None, language: str) -> Chart:
    """What contribution-top-share returns: which types the top 5 % of each layer are of."""
    rows, labels, breaks = layer_rows(table, layers)
    own = (row for row in rows if (row["language"] or "") == language)
    return Chart(
        f"Types of the top 5 % by contribution{_where(language)}",
        labels,
        type_series(series_by(own, "type", layer_of, len(labels))),
        stacked=True,
        breaks=breaks,
        y_title="% of the top 5 %",
    )


def contribution(table: pa.Table, layers: pa.Table | None, language: str, what: str) -> Chart:
    """What contribution-by-type returns: `what` is average (of one neuron) or total (of all of a type)."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(rows, "type", layer_of, len(labels), what, f"{what}_low", f"{what}_high")
    words = "Contribution of one neuron" if what == "average" else "Contribution of all neurons"
    return Chart(
        f"{words} of a type{_where(language)}",
        labels,
        type_series(columns),
        stacked=what == "total",
        breaks=breaks,
        y_title="contribution score, %",
    )


def largest_effects(table: pa.Table, layers: pa.Table | None, language: str) -> Chart:
    """What effective-score-max-by-layer returns; an extreme has no interval."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(rows, "type", layer_of, len(labels), "largest", "", "")
    title = f"Largest effective score{_where(language)}"
    return Chart(title, labels, type_series(columns), "logits", breaks=breaks, y_title="effective score")


def _where(language: str) -> str:
    return f" · {language}" if language else ""


def score_table(table: pa.Table, published: Sequence[Row] = ()) -> pa.Table:
    """Effective scores a language and type, the largest and mean of the paper's rows beside them."""
    theirs = {(row["language"], row["type"]): row for row in published}
    rows = sorted(table.to_pylist(), key=lambda row: TYPES.index(row["type"]))
    order = list(dict.fromkeys(row["language"] for row in table.to_pylist()))
    rows.sort(key=lambda row: order.index(row["language"]))
    for row in rows:
        paper = theirs.get((row["language"], row["type"]), {})
        row["paper_largest"], row["paper_mean"] = (
            number(paper.get("largest")),
            number(paper.get("mean")),
        )
        row["half"] = None if row["low"] is None else (row["high"] - row["low"]) / 2
    return pa.Table.from_pylist(rows) if rows else pa.table({})


TOP_NEURON_FIELDS = (
    Field("rank", "#", right=True),
    Field("layer", "layer", right=True),
    Field("neuron", "neuron", right=True),
    Field("contribution", "CS %", lambda value: f"{value:.2f}", right=True),
    Field("top", "top 5 % in", percent, right=True, rank=2),
    Field("effect", "ES", signed, right=True),
    Field("effect_min", "from", signed, right=True, rank=3),
    Field("effect_max", "to", signed, right=True, rank=3),
    Field("type", "most often", lambda name: "–" if name is None else f"{LETTERS[name]} {SHORT[name]}", rank=1),
    Field("type_share", "in % of ex.", percent, right=True, rank=2),
)
"""Columns of the neurons with the largest contribution."""


def norm_lines(table: pa.Table | None, width: int) -> list[Spans]:
    """What `post-norm` returns: whether scores include the norm behind each FFN; empty for models without one."""
    rows = [] if table is None else table.to_pylist()
    return [[Span(line, "dim")] for row in rows if row["note"] for line in wrapped(row["note"], width)]


HALF = "Half of the mean's 95 % interval, by jackknife over folds of examples."


def score_fields(paper: bool, intervals: bool = True) -> tuple[Field, ...]:
    """Columns of the table of effective scores; one for the intervals only where there are any."""
    own = (
        Field("language", "lang"),
        Field("type", "type", lambda value: f"{LETTERS[value]} {SHORT[value]}"),
        Field("largest", "max", _logit, right=True, meaning="Largest effective score, logits."),
        Field("smallest", "min", _logit, right=True, rank=4, meaning="Smallest effective score, logits."),
        Field("mean", "mean", _small, right=True, meaning="Mean effective score, logits."),
        *([Field("half", "±95 %", _small, right=True, meaning=HALF)] if intervals else []),
        Field("variance", "variance", _small, right=True, rank=3, meaning="Variance of the effective scores."),
    )
    theirs = (
        Field("paper_largest", "paper max", _logit, right=True, rank=1, meaning="Largest value that the paper gives."),
        Field("paper_mean", "paper mean", _small, right=True, rank=1, meaning="Mean that the paper gives."),
    )
    return own + theirs if paper else own


def _logit(value: Any) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _small(value: Any) -> str:
    """Small numbers with three digits that count."""
    return "–" if value is None else f"{value:.4f}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"
