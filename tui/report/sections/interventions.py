"""Interventions: whose neurons matter for which language, whether values agree, and patches by layer."""

from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.interventions import agreement_matrix, patching_chart
from neurontui.tui.charts.builders.off_target import ARMS, off_target_matrix, selections
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.common.significant import decimals, with_interval
from neurontui.tui.report.model import Block, Figure, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells


def off_target(results: Results, run: Run) -> tuple[Block, ...]:
    """For each rule and value the matrix of sets by languages, beside those of the sets and of their controls alone."""
    if "selected" not in run.measures:
        return ()
    table = results.query("off-target", run=run.number)
    return tuple(
        Figure(
            f"{run.anchor}-off-target-{place}",
            f"Whose neurons matter for which language: selected by {rule}, value {value}",
            "beyond the paper; the matrix is that of Tang et al. 2024 with controls and tests",
            "Change of the answer’s log-probability from the baseline. Rows: the language whose neurons were changed, "
            "with the sizes of the set and of its control in % of all neurons. Columns: the language asked; the last "
            "one, specificity, is the own language minus the mean of the others. Set minus control: negative if the "
            "set does more harm than as many similar neurons; ▼ ▲ mark p < 0.05, corrected for all cells of the matrix "
            "(Holm). In the matrices of set and control ▼ ▲ mark 95 % intervals without zero, not corrected.",
            tuple(replace(off_target_matrix(table, rule, value, run.languages, arm), title=ARMS[arm]) for arm in ARMS),
            run.command("off-target"),
            columns=1,
        )
        for place, (rule, value) in enumerate(selections(table))
    )


def agreement(results: Results, run: Run) -> tuple[Block, ...]:
    """The change of every set under every value, and how far each two values agree."""
    if "values" not in run.measures:
        return ()
    table = results.query("intervention-agreement", run=run.number)
    accuracy = results.query("ablation-accuracy", run=run.number).to_pylist()
    pairs = [row for row in table.to_pylist() if row["label"] is None]
    if not pairs:
        return ()
    figure = Figure(
        f"{run.anchor}-agreement",
        "Do the values of the intervention agree?",
        "beyond Tables 2 and 4",
        "Change of the answer’s log-probability from the baseline, for each set of neurons and each value that it was "
        "set to; % of all neurons behind the name. ▼ ▲ mark 95 % intervals without zero, not corrected.",
        (replace(agreement_matrix(table, accuracy), title="log-probability of the answer"),),
        run.command("intervention-agreement"),
    )
    return figure, _pairs(run, pairs)


def _pairs(run: Run, rows: list[Row]) -> Table:
    body = tuple(
        cells(
            f"{row['value']} and {row['other']}", f"{row['n_sets']:,}", decimals(number(row["same_sign"])),
            f"{decimals(number(row['same_low']))} to {decimals(number(row['same_high']))}",
            decimals(number(row["correlation"]), 2), _ends(row),
        )
        for row in rows
    )  # fmt: skip
    return Table(
        "Agreement of each two values",
        ("values", "sets", "equal signs, %", "certain, %", "rank correlation", "95 % interval"),
        body,
        caption="Sets whose log-probability changes in the same direction under both values; certain: counting only "
        "sets whose two intervals exclude zero. Rank correlation (Spearman) of the changes over the sets; with few "
        "sets its interval is rough.",
        query=run.command("intervention-agreement"),
    )


def _ends(row: Row) -> str:
    """The ends of the correlation's interval, which is cut at 1 and so not symmetrical."""
    low, high = number(row["correlation_low"]), number(row["correlation_high"])
    return "–" if low is None or high is None else f"{decimals(low, 2)} to {decimals(high, 2)}"


def patching(results: Results, run: Run) -> Block | None:
    """The change with each layer patched from another language, and with all layers together."""
    if "patches" not in run.measures:
        return None
    table = results.query("patching", run=run.number)
    chart = patching_chart(table, run.layers)
    if not chart.has_values:
        return None
    return Figure(
        f"{run.anchor}-patching",
        "Which layers carry what depends on the language",
        "beyond Tables 2 and 4",
        "Change of the answer’s log-probability if the neurons of one layer, at the last token of the prompt, get the "
        "values of the same example in another language; inputs in all other languages. A loss: at this layer the "
        f"last token carries what the answer needs and the other language lacks.{_together(table.to_pylist())} "
        "Bands: 95 % intervals.",
        (run.panel(chart),),
        run.command("patching"),
    )


def _together(rows: list[Row]) -> str:
    """The change with all layers patched, in words."""
    whole = [row for row in rows if row["layer"] is None and row["language"] is None]
    values = (
        f"from {row['source']} {with_interval(number(row['change']), number(row['low']), number(row['high']))} nats"
        for row in whole
    )
    return f" All layers together: {', '.join(values)}." if whole else ""
