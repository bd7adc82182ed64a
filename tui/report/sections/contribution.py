"""Contribution scores (Eq. 9): which types lead (Figs 9, 21 to 24), and how much each contributes (10)."""

from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.attribution import contribution
from neurontui.tui.charts.builders.attribution import top_share as top_share_chart
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Figure, Table
from neurontui.tui.report.run import Run
from neurontui.tui.report.shape import cells, parts, percent

PANELS = 20
"""At most so many languages get a panel; the table has them all."""


def top_share(results: Results, run: Run) -> Block:
    """Figures 9 and 21 to 24: a panel a language, a column a layer, stacked by type."""
    query = "contribution-top-share"
    table = results.query(query, run=run.number)
    measured = parts(table, "language")
    codes = [code for code in run.languages if code in measured]
    if not codes:
        return missing(run, "attribution")
    panels = tuple(run.panel(top_share_chart(measured[code], run.layers, code), code) for code in codes[:PANELS])
    return Figure(
        f"{run.anchor}-top",
        "Types of the neurons that contribute most",
        "Figures 9 and 21 to 24",
        "Which types the 5 % of each layer’s neurons with the largest contribution scores (Eq. 9) are of, one panel a "
        "language of the input.",
        panels,
        run.command(query),
        columns=min(5, len(codes)),
        same_y=True,
        summary=_overall(results, run),
    )


def _overall(results: Results, run: Run) -> Table:
    rows = results.query("contribution-top-share", run=run.number, by_layer=False).to_pylist()
    at = {(row["language"], row["type"]): percent(row) for row in rows}
    codes = [code for code in (*run.languages, None) if any(code == key[0] for key in at)]
    body = tuple(
        cells("all" if code is None else code, *(at.get((code, name), "–") for name in TYPES)) for code in codes
    )
    header = ("language", *(f"{LETTERS[name]}  {name}, %" for name in TYPES))
    return Table("Over all layers", header, body)


def by_type(results: Results, run: Run) -> Block:
    """Figure 10: left, the average neuron of each type; right, all neurons of the type together."""
    query = "contribution-by-type"
    table = results.query(query, run=run.number)
    if not table.num_rows:
        return missing(run, "attribution")
    panels = tuple(
        run.panel(replace(contribution(table, run.layers, "", what), stacked=False), title)
        for what, title in (("average", "average of a neuron"), ("total", "total of the type"))
    )
    return Figure(
        f"{run.anchor}-contribution",
        "Average and total contribution of each type",
        "Figure 10",
        "Contribution score (Eq. 9) as a share of the layer’s output: of one neuron of the type, and of all of them "
        "together. Averages of different layers do not compare, for scores are shares of their layer. "
        "Bands: 95 % intervals.",
        panels,
        run.command(query),
        columns=2,
    )
