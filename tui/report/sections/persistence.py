"""Does a neuron keep its type over all examples? Figures 5, 15 and 16, and how overlap shrinks with examples."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Bar, Bars, Block, Figure, Lines, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells, figures, percent, type_lines


def overlap(results: Results, run: Run) -> Block:
    """Figures 5, 15 and 16: average and overlap of each type, side by side."""
    rows = results.query("type-persistence", run=run.number).to_pylist()
    at = {row["type"]: row for row in rows}
    known = [name for name in TYPES if name in at and at[name]["average"] is not None]
    if not known:
        return missing(run, "types")
    averages = tuple(Bar(number(at[n]["average"]), number(at[n]["low"]), number(at[n]["high"])) for n in known)
    overlaps = tuple(Bar(number(at[n]["overlap"])) for n in known)
    bars = Bars(
        "",
        tuple(f"{LETTERS[n]}  {n}" for n in known),
        tuple(known),
        ("average", "overlap"),
        (averages, overlaps),
    )
    return Figure(
        f"{run.anchor}-persistence",
        "Neurons that keep their type over all examples",
        "Figures 5, 15 and 16",
        f"Overlap: share of all neurons that have the type in every one of the {at[known[0]]['n_examples']:,} examples. "
        "Average: the type’s mean ratio. Overlap can only shrink as examples grow.",
        (bars,),
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
    rows = results.query("persistence-at-size", run=run.number).to_pylist()
    lines = type_lines(rows, "size", "overlap", "", "")
    if not lines:
        return missing(run, "types")
    return Figure(
        f"{run.anchor}-persistence-size",
        "How overlap shrinks as examples grow",
        "beyond Figures 5, 15 and 16",
        "Share of all neurons that would keep their type over a random draw of so many examples: exact, over all draws. "
        "At 1 it is the average of the figure above, at the right end its overlap; compare runs at equal size.",
        (Lines("", lines, "examples drawn", log_x=True),),
        run.command("persistence-at-size"),
    )
