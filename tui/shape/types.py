"""Type ratios by layer, as charts: one run, two runs over each other, or their difference."""

from collections import defaultdict
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.model import Chart, Series, Value
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES
from neurontui.tui.widgets.readout import Row

Cells = dict[tuple[str, int], dict[str, Any]]
"""(type, layer) -> row"""


def type_chart(table: pa.Table, stacked: bool = False, active_only: bool = False) -> Chart:
    """All four types, or the three active ones; `table` is what type-ratio-by-layer returns."""
    cells, layers, labels, breaks = _read(table)
    types = TYPES[:3] if active_only else TYPES
    told = [name for name in types if any(_value(cells, name, layer, "ratio") is not None for layer in layers)]
    series = tuple(_series(name, cells, layers) for name in told)
    return Chart("Type ratio by layer", labels, series, stacked=stacked, breaks=breaks)


def overlay(first: pa.Table, second: pa.Table, active_only: bool = False) -> Chart:
    """Lines of two runs; the second run's letters are small."""
    one, two = type_chart(first, active_only=active_only), type_chart(second, active_only=active_only)
    ghosts = tuple(
        Series(each.name, each.letter.lower(), "ghost", each.values, each.half, ghost=True) for each in two.series
    )
    longer = one if one.n >= two.n else two
    return Chart("Type ratio by layer, both runs", longer.labels, one.series + ghosts, breaks=longer.breaks)


def difference(first: pa.Table, second: pa.Table) -> Chart:
    """First minus second, in percentage points, over the layers that both have."""
    one, two = type_chart(first), type_chart(second)
    n = min(one.n, two.n)
    theirs = {series.name: series for series in two.series}
    series = tuple(_minus(each, theirs[each.name], n) for each in one.series if each.name in theirs)
    return Chart("Difference of type ratios", one.labels[:n], series, unit="points", breaks=one.breaks, zero=True)


def totals(table: pa.Table) -> tuple[Row, ...]:
    """Each type over all layers, weighted by the neurons of a layer."""
    sums: defaultdict[str, float] = defaultdict(float)
    neurons: defaultdict[str, int] = defaultdict(int)
    for row in table.to_pylist():
        if row["ratio"] is not None:
            sums[row["type"]] += row["ratio"] * row["n_neurons"]
            neurons[row["type"]] += row["n_neurons"]
    return tuple(
        Row(LETTERS[name], SHORT[name], f"{sums[name] / neurons[name]:.1f}", name)
        for name in reversed(TYPES)
        if neurons[name]
    )


def layer_labels(stacks: list[str], positions: list[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Labels of layers by their index in their stack, and where another stack begins."""
    breaks = tuple(i for i in range(1, len(stacks)) if stacks[i] != stacks[i - 1])
    return tuple(str(position) for position in positions), breaks


def _read(table: pa.Table) -> tuple[Cells, list[int], tuple[str, ...], tuple[int, ...]]:
    rows = table.to_pylist()
    cells = {(row["type"], row["layer"]): row for row in rows}
    at = {row["layer"]: row for row in rows}
    layers = sorted(at)
    labels, breaks = layer_labels([at[i]["stack"] for i in layers], [at[i]["position"] for i in layers])
    return cells, layers, labels, breaks


def _series(name: str, cells: Cells, layers: list[int]) -> Series:
    values = tuple(_value(cells, name, layer, "ratio") for layer in layers)
    halves = tuple(_half(cells, name, layer) for layer in layers)
    return Series(SHORT[name], LETTERS[name], name, values, halves)


def _value(cells: Cells, name: str, layer: int, column: str) -> Value:
    value = cells.get((name, layer), {}).get(column)
    return None if value is None else float(value)


def _half(cells: Cells, name: str, layer: int) -> Value:
    low, high = _value(cells, name, layer, "low"), _value(cells, name, layer, "high")
    return None if low is None or high is None else (high - low) / 2


def _minus(one: Series, two: Series, n: int) -> Series:
    values = tuple(None if a is None or b is None else a - b for a, b in zip(one.values[:n], two.values[:n], strict=True))
    pairs = zip(one.half[:n], two.half[:n], strict=False)
    halves = tuple(None if a is None or b is None else (a * a + b * b) ** 0.5 for a, b in pairs)
    return Series(one.name, one.letter, one.role, values, halves)
