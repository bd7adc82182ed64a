"""Scores of neurons against exact effects of ablating one neuron at a time."""

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, half_width, layer_of, layer_rows, number, series_by
from neurontui.tui.charts.model import Chart, Reading, Series
from neurontui.tui.common.number_formats import plus_minus

UNIT = "ρ"
SCORES = {
    "gradient": ("gradient", "G", "first"),
    "effective": ("effective score", "E", "second"),
    "contribution": ("|contribution|", "C", "fourth"),
}
"""Name, letter and color of each score."""


def truth_chart(table: pa.Table, layers: pa.Table | None) -> Chart:
    """What attribution-truth returns, by layer. The contribution has no sign and is held to the size of the effect."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(map(_compared, rows), "score", layer_of, len(labels), "correlation")
    return Chart(
        "Scores against exact effects",
        labels,
        tuple(Series(*SCORES[score], *columns[score]) for score in SCORES if score in columns),
        UNIT,
        breaks=breaks,
        zero=True,
        y_title="Spearman's rank correlation",
        joined=True,
    )


def _compared(row: Row) -> Row:
    """The row with the correlation that is meaningful for the score."""
    if row["score"] != "contribution":
        return row
    return {**row, "correlation": row["size"], "low": row["size_low"], "high": row["size_high"]}


def truth_totals(table: pa.Table) -> tuple[Reading, ...]:
    """The correlations over all layers together."""
    rows = [_compared(row) for row in table.to_pylist() if row["layer"] is None]
    texts = {row["score"]: plus_minus(number(row["correlation"]), half_width(row), 2) for row in rows}
    return tuple(Reading(SCORES[s][1], SCORES[s][0], texts[s], SCORES[s][2]) for s in SCORES if s in texts)


def truth_about(table: pa.Table) -> str:
    """What the correlations are of."""
    whole = next((row for row in table.to_pylist() if row["layer"] is None), None)
    if whole is None:
        return ""
    return f"{whole['n']:,} of single neurons, {whole['n_inputs']:,} inputs, {whole['n_zero']:,} exactly 0"
