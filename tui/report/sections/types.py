"""Type ratios: by layer (Figs 3, 4, 12 to 14, 18, 19), by number of languages (8), by threshold (20), over all layers."""

from neurontui.queries.results import Results
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.report.missing import empty, missing, too_few_languages
from neurontui.tui.report.model import Block, Cell, Figure, Line, Lines, Table, Text
from neurontui.tui.report.published import type_shares
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import NONE, by, line, percent, type_lines

_FADE = 0.35
"""How light the lightest of several lines in one colour is."""


def by_layer(results: Results, run: Run) -> Block:
    """Figures 3, 4, 12, 13, 14, 18 and 19: one panel a stack of the model."""
    rows = results.query("type-ratio-by-layer", run=run.number).to_pylist()
    if not rows:
        return missing(run, "types")
    panels = tuple(
        Lines(stack if run.breaks else "", type_lines(found, "position")) for stack, found in by(rows, "stack").items()
    )
    return Figure(
        f"{run.anchor}-types",
        "Neuron types by layer",
        "Figures 3, 4, 12, 13, 14, 18 and 19",
        "Share of each layer’s neurons that is of each type at the last prompt token, mean over examples (Eq. 7 and 8)."
        f"{_note(rows)} Bands: 95 % intervals.",
        panels,
        run.command("type-ratio-by-layer"),
        same_y=True,
    )


def _note(rows: list[Row]) -> str:
    """What to know where types are not all told."""
    found = next((row["note"] for row in rows if row["note"]), None)
    return f" Note: {found}." if found else ""


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
        caption="Share of neurons, mean over examples, ± half the 95 % interval. Tables 2 and 4 of the paper give it as pct.",
        query=run.command("type-ratio"),
    )  # fmt: skip


def _ratio(row: Row | None) -> str:
    return NONE if row is None else percent(row)


def by_language_count(results: Results, run: Run) -> Block:
    """Figure 8 over all layers, against what independent languages would give."""
    if len(run.languages) < 3:
        return too_few_languages(run, 3)
    rows = results.query("type-ratio-by-language-count", run=run.number).to_pylist()
    if not rows:
        return empty(run, "type-ratio-by-language-count")
    observed = type_lines(rows, "n_languages")
    chance = type_lines(rows, "n_languages", "independent", "", "", dash=2)
    return Figure(
        f"{run.anchor}-language-count",
        "Neuron types by number of languages",
        "Figure 8, over all layers and all sets of languages of a size",
        "Type ratios told over 3, 4, … of the run’s languages: the mean over all sets of that size. Dotted: what the "
        "same activity rates would give if languages fired independently. On growing sets partial-shared neurons can "
        "only become more, so the distance to the dotted line is what tells. Bands: 95 % intervals.",
        (Lines("", (*observed, *(_chance(each) for each in chance)), "languages"),),
        run.command("type-ratio-by-language-count"),
    )


def _chance(each: Line) -> Line:
    legend = "if languages fired independently"
    return Line(f"{each.name}, independent", "", each.role, each.x, each.y, dash=2, alpha=0.8, legend=legend)


def by_language_count_and_layer(results: Results, run: Run) -> Block:
    """Figure 8 as the paper draws it, one panel a type: sets of 3, 5, 7, 9 languages."""
    if len(run.languages) < 4:
        return too_few_languages(run, 4)
    rows = results.query("type-ratio-by-language-count", run=run.number, by_layer=True).to_pylist()
    sizes = list(range(3, len(run.languages) + 1, 2))
    wanted = [row for row in rows if row["n_languages"] in sizes]
    if not wanted:
        return empty(run, "type-ratio-by-language-count")
    return Figure(
        f"{run.anchor}-language-count-layers",
        "Neuron types by layer and number of languages",
        "Figure 8",
        "The same by layer, one panel a type and one line a number of languages, written at its end: the more "
        "languages, the stronger the line.",
        _by_type(wanted, "n_languages", run),
        run.command("type-ratio-by-language-count", "by_layer=true"),
        columns=4,
    )


def by_threshold(results: Results, run: Run) -> Block:
    """Figure 20, one panel a type and one line a threshold."""
    rows = results.query("type-ratio-by-threshold", run=run.number).to_pylist()
    if len(by(rows, "threshold")) < 2:
        return Text(
            "Only one activation threshold was measured in this run; count several in the same pass by",
            "missing",
            f"{run.again()} --thresholds 0,0.1,0.2,0.3,0.4,0.5",
        )
    return Figure(
        f"{run.anchor}-thresholds",
        "Neuron types by activation threshold",
        "Figure 20",
        "Type ratios where active means greater than the threshold, written at the end of each line: the higher the "
        "threshold, the stronger the line. Bands: 95 % intervals.",
        _by_type(rows, "threshold", run),
        run.command("type-ratio-by-threshold"),
        columns=4,
    )


def _by_type(rows: list[Row], group: str, run: Run) -> tuple[Lines, ...]:
    """A panel a type, in which each group is a line in the type's colour, ever stronger."""
    found = by(rows, "type")
    return tuple(
        Lines(
            f"{LETTERS[name]}  {name}",
            _fading(name, by(found[name], group)),
            run.layer_title,
            breaks=run.breaks,
        )
        for name in TYPES
        if name in found
    )


def _fading(name: str, groups: dict[str, list[Row]]) -> tuple[Line, ...]:
    ordered = sorted(groups.items(), key=lambda item: float(item[0]))
    step = (1 - _FADE) / max(1, len(ordered) - 1)
    return tuple(
        line(
            f"{float(key):g}",
            f"{float(key):g}",
            name,
            rows,
            "layer",
            "ratio",
            alpha=round(_FADE + i * step, 3),
        )
        for i, (key, rows) in enumerate(ordered)
    )
