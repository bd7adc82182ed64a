"""Type ratios: by layer (Figs 3, 4, 12 to 14, 18, 19), by number of languages (8), by threshold (20), over all "
"layers."""

from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.types import by_count, by_type_and_layer, type_chart
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.common.significant import NONE
from neurontui.tui.report.missing import empty, missing, too_few_languages
from neurontui.tui.report.model import Block, Cell, Figure, Table, Text
from neurontui.tui.report.published import type_shares
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import by, parts, percent


def by_layer(results: Results, run: Run) -> Block:
    """Figures 3, 4, 12, 13, 14, 18 and 19: one panel a stack of the model."""
    table = results.query("type-ratio-by-layer", run=run.number)
    if not table.num_rows:
        return missing(run, "types")
    panels = tuple(
        run.panel(type_chart(part), stack if run.two_stacks else "", "layer")
        for stack, part in parts(table, "stack").items()
    )
    return Figure(
        f"{run.anchor}-types",
        "Neuron types by layer",
        "Figures 3, 4, 12, 13, 14, 18 and 19",
        "Share of each layer’s neurons that is of each type at the last prompt token, mean over examples (Eq. 7 and 8)."
        f"{_note(table.to_pylist())} Bands: 95 % intervals.",
        panels,
        run.command("type-ratio-by-layer"),
        same_y=True,
    )


def _note(rows: list[Row]) -> str:
    """The query's note where not all types are determined."""
    note = next((row["note"] for row in rows if row["note"]), None)
    return f" Note: {note}." if note else ""


def over_all_layers(results: Results, run: Run) -> Block:
    """The column pct. of Tables 2 and 4: a row a type, and a column a stack."""
    rows = results.query("type-ratio", run=run.number).to_pylist()
    if not rows:
        return missing(run, "types")
    stacks = list(by(rows, "stack"))
    at = {(row["type"], row["stack"]): row for row in rows}
    published = type_shares(results, run)
    header = (
        "type",
        *(f"{stack}, %" for stack in stacks),
        *(f"{source}, %" for source in published),
    )
    body = tuple(
        (
            Cell(f"{LETTERS[name]}  {name}"),
            *(Cell(_ratio(at.get((name, stack)))) for stack in stacks),
            *(Cell(shares.get(name, NONE), aside=True) for shares in published.values()),
        )
        for name in TYPES
    )
    return Table(
        "Neuron types over all layers", header, body,
        caption="Share of neurons, mean over examples, ± half the 95 % interval. Tables 2 and 4 of the paper "
        "give it as pct.",
        query=run.command("type-ratio"),
    )  # fmt: skip


def _ratio(row: Row | None) -> str:
    return NONE if row is None else percent(row)


def by_language_count(results: Results, run: Run) -> Block:
    """Figure 8 over all layers, against what independent languages would give."""
    if len(run.languages) < 3:
        return too_few_languages(run, 3)
    table = results.query("type-ratio-by-language-count", run=run.number)
    if not table.num_rows:
        return empty(run, "type-ratio-by-language-count")
    chart = run.panel(by_count(table), x_title="languages")
    return Figure(
        f"{run.anchor}-language-count",
        "Neuron types by number of languages",
        "Figure 8, over all layers and all sets of languages of a size",
        "Type ratios over 3, 4, … of the run’s languages: the mean over all sets of that size. Dotted: what the "
        "same activity rates would give if languages fired independently. On growing sets partial-shared neurons can "
        "only become more, so compare with the dotted line. Bands: 95 % intervals.",
        (replace(chart, grey="if languages fired independently"),),
        run.command("type-ratio-by-language-count"),
    )


def by_language_count_and_layer(results: Results, run: Run) -> Block:
    """Figure 8 as the paper draws it, one panel a type: sets of 3, 5, 7, 9 languages."""
    if len(run.languages) < 4:
        return too_few_languages(run, 4)
    table = results.query("type-ratio-by-language-count", run=run.number, by_layer=True)
    charts = by_type_and_layer(table, run.layers, "n_languages", range(3, len(run.languages) + 1, 2))
    if not charts:
        return empty(run, "type-ratio-by-language-count")
    return Figure(
        f"{run.anchor}-language-count-layers",
        "Neuron types by layer and number of languages",
        "Figure 8",
        "The same by layer, one panel a type and one line a number of languages, written at its end: the more "
        "languages, the stronger the line.",
        tuple(run.panel(chart, chart.title) for chart in charts),
        run.command("type-ratio-by-language-count", "by_layer=true"),
        columns=4,
    )


def by_threshold(results: Results, run: Run) -> Block:
    """Figure 20, one panel a type and one line a threshold."""
    table = results.query("type-ratio-by-threshold", run=run.number)
    thresholds = sorted(set(table.column("threshold").to_pylist()))
    if len(thresholds) < 2:
        return Text(
            "Only one activation threshold was measured in this run; count several in the same pass by",
            "missing",
            f"{run.again()} --thresholds 0,0.1,0.2,0.3,0.4,0.5",
        )
    charts = by_type_and_layer(table, run.layers, "threshold", thresholds)
    return Figure(
        f"{run.anchor}-thresholds",
        "Neuron types by activation threshold",
        "Figure 20",
        "Type ratios where active means greater than the threshold, written at the end of each line: the higher the "
        "threshold, the stronger the line. Bands: 95 % intervals.",
        tuple(run.panel(chart, chart.title) for chart in charts),
        run.command("type-ratio-by-threshold"),
        columns=4,
    )
