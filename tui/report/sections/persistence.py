"""Does a neuron keep its type over all examples? Figures 5, 15 and 16, and how overlap shrinks with examples."""

from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.persistence import overlap_bars, size_chart
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import TYPES
from neurontui.tui.common.significant import figures
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Figure, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells, percent


def overlap(results: Results, run: Run) -> Block:
    """Figures 5, 15 and 16: average and overlap of each type, side by side."""
    table = results.query("type-persistence", run=run.number)
    at = {row["type"]: row for row in table.to_pylist()}
    known = [name for name in TYPES if name in at and at[name]["average"] is not None]
    if not known:
        return missing(run, "types")
    return Figure(
        f"{run.anchor}-persistence",
        "Neurons that keep their type over all examples",
        "Figures 5, 15 and 16",
        f"Overlap: share of all neurons that have the type in every one of the {at[known[0]]['n_examples']:,} "
        "examples. "
        "Average: the type’s mean ratio. Overlap can only shrink as examples grow.",
        (replace(overlap_bars(table), title=""),),
        run.command("type-persistence"),
        summary=_table([at[name] for name in known]),
    )


def _table(rows: list[Row]) -> Table:
    header = (
        "type",
        "average, %",
        "overlap, %",
        "of the average, %",
        "same languages too, %",
        "neurons",
    )
    body = tuple(
        cells(
            row["type"],
            percent(row, "average"),
            figures(number(row["overlap"])),
            figures(number(row["of_average"])),
            figures(number(row["same_mask"])),
            f"{row['n_overlap']:,} of {row['n_neurons']:,}",
        )
        for row in rows
    )
    return Table("", header, body)


def at_size(results: Results, run: Run) -> Block:
    """Overlap at equal numbers of examples: what runs of different size can be compared by."""
    chart = size_chart(results.query("persistence-at-size", run=run.number))
    if not chart.series:
        return missing(run, "types")
    return Figure(
        f"{run.anchor}-persistence-size",
        "How overlap shrinks as examples grow",
        "beyond Figures 5, 15 and 16",
        "Share of all neurons that would keep their type over a random draw of so many examples: exact, over all "
        "draws. "
        "At 1 it is the average of the figure above, at the right end its overlap; compare runs at equal size.",
        (run.panel(chart, x_title="examples drawn"),),
        run.command("persistence-at-size"),
    )
