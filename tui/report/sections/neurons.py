"""A few neurons of a run: the top contributors with their languages and tokens."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import LETTERS
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.significant import NONE, decimals, figures
from neurontui.tui.report.model import Block, Cell, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

NEURONS, LANGUAGES, TOKENS = 5, 3, 6
"""At most so many neurons, and of each so many languages and tokens."""


def top_contributors(results: Results, run: Run) -> Block | None:
    """The neurons with the largest contribution scores; None without any, as the part on contributions mentions."""
    rows = results.query("top-neurons", run=run.number, limit=NEURONS).to_pylist()
    if not rows:
        return None
    return Table(
        "Top contributors",
        ("neuron", "type", "most active in", "promotes", "contribution, %", "in the top 5 %, % of inputs"),
        tuple(_row(results, run, row) for row in rows),
        labels=4,
        caption="Neurons with the largest contribution scores (Eq. 9), mean over inputs: shares of their layer. "
        "Type: the most frequent one and its share of examples. Most active in: share of examples in which the neuron "
        "is active at the token of measurement. Promotes: tokens whose logits its value vector raises most; they are "
        "computed for some neurons of each layer only (--vocabulary-neurons).",
        query=run.command("top-neurons"),
        width="words",
    )


def _row(results: Results, run: Run, row: Row) -> tuple[Cell, ...]:
    neuron = {"run": run.number, "layer": row["layer"], "neuron": row["neuron"]}
    kind = "" if row["type"] is None else f"{LETTERS[row['type']]}  {row['type']} {_percent(row['type_share'])}"
    return cells(
        f"layer {row['layer']}, neuron {row['neuron']}",
        kind or NONE,
        _languages(results.query("neuron-languages", **neuron).to_pylist()),
        _tokens(results.query("neuron-tokens", **neuron).to_pylist()),
        figures(number(row["contribution"])),
        decimals(number(row["top"])),
    )


def _languages(rows: list[Row]) -> str:
    ordered = sorted(rows, key=lambda row: -(number(row["active"]) or 0.0))
    return ", ".join(f"{row['language']} {_percent(row['active'])}" for row in ordered[:LANGUAGES]) or NONE


def _tokens(rows: list[Row]) -> str:
    promoted = [row["token"] for row in rows if row["direction"] == "promotes"]
    return " ".join(f"“{shorten(token, 20)}”" for token in promoted[:TOKENS]) or NONE


def _percent(value: object) -> str:
    return f"{decimals(number(value), 0)} %"
