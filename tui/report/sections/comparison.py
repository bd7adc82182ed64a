"""Runs side by side: type ratios by task and model, as Figures 3 and 4, and their differences with intervals."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.types import runs_by_layer, type_chart
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.report.model import Block, Cell, Figure, Section, Table, Text
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.sections.agreement import of_runs
from neurontui.tui.report.shape import by, cells, parts, percent

PAIRS = 30
"""At most so many pairs of runs are compared."""
OVERLAID = 8
"""At most so many runs share a panel."""


def comparison(results: Results, runs: Sequence[Run]) -> Section:
    """The section for two runs or more."""
    ratios = {run: results.query("type-ratio-by-layer", run=run.number) for run in runs}
    measured = [run for run in runs if ratios[run].num_rows]
    blocks: list[Block] = [_totals(results, measured)]
    if measured:
        blocks.append(_grid(measured, ratios))
    if 2 <= len(measured) <= OVERLAID:
        blocks.append(_overlay(measured, ratios))
    blocks += [*_differences(results, measured), *of_runs(results, measured)]
    return Section("Across runs", "across-runs", tuple(blocks))


def _totals(results: Results, runs: Sequence[Run]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for run in runs:
        rows = results.query("type-ratio", run=run.number).to_pylist()
        for stack, of_stack in by(rows, "stack").items():
            at = {row["type"]: percent(row) for row in of_stack}
            name = f"{run.name}, {stack}" if run.two_stacks else run.name
            body.append(cells(str(run.number), name, *(at.get(kind, "–") for kind in TYPES)))
    header = ("run", "name", *(f"{LETTERS[name]}  {name}, %" for name in TYPES))
    return Table(
        "Neuron types over all layers", header, tuple(body), labels=2,
        caption="Share of neurons, mean over examples, ± half the 95 % interval.",
    )  # fmt: skip


def _grid(runs: Sequence[Run], ratios: dict[Run, pa.Table]) -> Figure:
    """A panel a run and stack: a row a model, a column a task where the runs fill such a grid."""
    models = list(dict.fromkeys(run.model for run in runs))
    tasks = list(dict.fromkeys(run.task_name for run in runs))
    ordered = sorted(runs, key=lambda run: (models.index(run.model), tasks.index(run.task_name)))
    panels = [
        run.panel(type_chart(part), f"{run.number}  {run.name}{f', {stack}' if run.two_stacks else ''}", "layer")
        for run in ordered
        for stack, part in parts(ratios[run], "stack").items()
    ]
    full = len(panels) == len(models) * len(tasks)
    return Figure(
        "across-types", "Neuron types by layer, task and model", "Figures 3, 4, 12, 13, 14, 18 and 19",
        "One panel a run: share of each layer’s neurons that is of each type, mean over examples. Bands: 95 % "
        "intervals.",
        tuple(panels), columns=len(tasks) if full and 1 < len(tasks) <= 4 else 0, same_y=True,
    )  # fmt: skip


def _overlay(runs: Sequence[Run], ratios: dict[Run, pa.Table]) -> Figure:
    """A panel a type, a line a run."""
    tables = {}
    for run in runs:
        stacks = parts(ratios[run], "stack")
        tables[str(run.number)] = run.name, stacks[run.stacks[-1]]
    charts = [runs_by_layer(tables, name) for name in TYPES]
    return Figure(
        "across-runs-types", "Each type in every run", "Figures 3 and 4, run over run",
        "One panel a type, one line a run, whose number is at its end; of a model with two stacks, the decoder. "
        "Bands: 95 % intervals.",
        tuple(replace(chart, x_title="layer") for chart in charts), columns=4,
    )  # fmt: skip


def _differences(results: Results, runs: Sequence[Run]) -> list[Block]:
    """compare-runs for pairs that differ in the task or in the model, but not in both."""
    pairs = [(a, b) for a, b in combinations(runs, 2) if _alike(a, b)]
    rows = [_difference(results, a, b) for a, b in pairs[:PAIRS]]
    if not rows:
        return []
    table = Table(
        "Differences of type ratios",
        ("runs", "less", *(f"{LETTERS[name]}  {name}, points" for name in TYPES), "same examples"),
        tuple(rows),
        labels=2,
        caption="First run less the second, over the languages that both have and all layers, ± half the 95 % "
        "interval. Where "
        "both measured the same examples the interval is paired. Bold: the interval leaves out zero.",
        query=_command(*pairs[0]),
    )
    if len(pairs) <= PAIRS:
        return [table]
    left_out = Text(
        f"{len(pairs) - PAIRS} more pairs of runs are left out; compare any two by",
        "note",
        _command(*pairs[PAIRS]),
    )
    return [table, left_out]


def _alike(first: Run, second: Run) -> bool:
    common = len(set(first.languages) & set(second.languages))
    return common > 0 and (first.model == second.model or first.task_name == second.task_name)


def _command(first: Run, second: Run) -> str:
    return first.command("compare-runs", f"other={second.argument}", "by_layer=false")


def _difference(results: Results, first: Run, second: Run) -> tuple[Cell, ...]:
    rows = results.query("compare-runs", run=first.number, other=second.number, by_layer=False).to_pylist()
    at = {row["type"]: row for row in rows}
    paired = "yes" if any(row["paired"] for row in rows) else "no"
    differences = (_difference_cell(at[name]) if name in at else Cell("–") for name in TYPES)
    return (
        *cells(f"{first.number}  {first.name}", f"{second.number}  {second.name}"),
        *differences,
        Cell(paired),
    )


def _difference_cell(row: Row) -> Cell:
    low, high = number(row["low"]), number(row["high"])
    clear = low is not None and high is not None and (low > 0 or high < 0)
    return Cell(percent(row, "difference"), strong=clear)
