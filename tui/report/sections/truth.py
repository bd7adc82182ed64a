"""Scores of neurons against the exact effects of single neurons."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.truth import SCORES, truth_about, truth_chart
from neurontui.tui.common.significant import decimals
from neurontui.tui.report.model import Block, Cell, Figure, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells


def truth(results: Results, run: Run) -> tuple[Block, ...]:
    """Scores of neurons against the exact effects of ablating one neuron at a time, by layer and over all layers."""
    if "truth" not in run.measures:
        return ()
    table = results.query("attribution-truth", run=run.number)
    whole = [row for row in table.to_pylist() if row["layer"] is None]
    if not whole:
        return ()
    figure = Figure(
        f"{run.anchor}-truth",
        "Do scores predict what neurons do?",
        "beyond Eq. 9 and 10",
        "Rank correlation (Spearman) of each score with the exact effect of ablating one neuron at a time, on a random "
        f"sample: {truth_about(table)}. The contribution score has no sign, so it is compared with the size of the "
        "effect. 1: the score orders neurons as their effects do; 0: no relation. Bands: 95 % intervals.",
        (run.panel(truth_chart(table, run.layers)),),
        run.command("attribution-truth"),
    )
    return figure, _truths(run, whole)


def _truths(run: Run, rows: list[Row]) -> Table:
    body = tuple(
        (
            Cell(SCORES[row["score"]][0]),
            *cells(_correlation(row, "correlation", "low", "high"), _correlation(row, "size", "size_low", "size_high")),
        )
        for row in rows
    )
    return Table(
        "Scores against exact effects, all layers together",
        ("score", "with the effect", "sizes of both"),
        body,
        caption="Rank correlation and its 95 % interval.",
        query=run.command("attribution-truth"),
    )


def _correlation(row: Row, *names: str) -> str:
    value, low, high = (number(row[name]) for name in names)
    if value is None or low is None or high is None:
        return decimals(value, 2)
    return f"{decimals(value, 2)} ({decimals(low, 2)} to {decimals(high, 2)})"
