"""Effective scores (Eq. 10): the largest of each layer (Figs 11, 25 to 27), and Tables 1 and 3."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.attribution import largest_effects
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.common.significant import NONE, figures, with_interval
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Cell, Figure, Fold, Table
from neurontui.tui.report.published import as_printed
from neurontui.tui.report.published import effects as published_effects
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

VARIANTS = {
    "values": "every neuron in every example",
    "neuron-means": "each neuron’s mean over examples, under its most frequent type",
    "layer-maxima": "the largest score of each layer",
}
_FOUR = ("max", "min", "mean", "variance")


def largest_by_layer(results: Results, run: Run) -> Block:
    """Figures 11 and 25 to 27."""
    query = "effective-score-max-by-layer"
    table = results.query(query, run=run.number)
    if not table.num_rows:
        return missing(run, "effects")
    return Figure(
        f"{run.anchor}-effects",
        "Largest effective score of each layer",
        "Figures 11 and 25 to 27",
        "The largest effective score (Eq. 10) that a neuron of each type reaches in each layer, over all examples and "
        "languages. It is the extreme of what was seen, so it has no interval.",
        (run.panel(largest_effects(table, run.layers, "")),),
        run.command(query),
    )


def tables(results: Results, run: Run) -> tuple[Block, ...]:
    """Tables 1 and 3 over all values, beside the paper's; the other two readings folded away."""
    first = _table(results, run, "values")
    if not first.rows:
        return (missing(run, "effects"),)
    others = tuple(_table(results, run, variant) for variant in list(VARIANTS)[1:])
    return first, Fold("The same in two other readings of the paper’s tables", others)


def _table(results: Results, run: Run, variant: str) -> Table:
    rows = results.query("effective-score-by-type", run=run.number, variant=variant).to_pylist()
    at = {(row["language"], row["type"]): row for row in rows}
    published = published_effects(results, run) if variant == "values" else {}
    known = [(code, name) for code in run.languages for name in TYPES if (code, name) in at]
    firsts = dict(reversed(known))
    body = tuple(
        _row(
            code if firsts[code] == name else "",
            at[code, name],
            published.get((code, name)),
            bool(published),
        )
        for code, name in known
    )
    published_note = "; the paper’s numbers beside ours" if published else ""
    return Table(
        f"Effective scores of each type: {VARIANTS[variant]}",
        ("language", "type", *_FOUR, *(("source", *_FOUR) if published else ())),
        body,
        labels=2,
        groups=(("", 2), ("this run", 4), ("paper", 5)) if published else (),
        caption=f"Tables 1 and 3{published_note}. Taken over {VARIANTS[variant]}. "
        "±: half the 95 % interval of the mean.",
        query=run.command("effective-score-by-type", *([] if variant == "values" else [f"variant={variant}"])),
        slug=f"{run.anchor}-scores" if variant == "values" else "",
    )


def _row(code: str, row: Row, paper: Row | None, beside: bool) -> tuple[Cell, ...]:
    """A type in a language, with the code in the first row only; beside it the paper's numbers or dashes."""
    ours = cells(
        code, f"{LETTERS[row['type']]}  {row['type']}",
        figures(number(row["largest"])), figures(number(row["smallest"])),
        with_interval(number(row["mean"]), number(row["low"]), number(row["high"])),
        figures(number(row["variance"]), 2),
    )  # fmt: skip
    if not beside:
        return ours
    if paper is None:
        return (*ours, *cells(*[NONE] * 5, aside=True))
    theirs = (as_printed(number(paper[key])) for key in ("largest", "smallest", "mean", "variance"))
    return (*ours, *cells(paper["source"], *theirs, aside=True))
