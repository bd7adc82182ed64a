"""From the rows of a query's result to the series of a chart."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.model import Series, Value
from neurontui.tui.charts.palette import CYCLE, LETTERS, SHORT, TYPES

Row = dict[str, Any]
Columns = tuple[tuple[Value, ...], tuple[Value, ...], tuple[Value, ...]]
"""Values with the lower and upper ends of their intervals; the last two are empty without intervals."""

DASHES = 4
"""Line styles of a figure; beyond the colors of the cycle, series differ in their dashes."""


SMALL = 0.1
"""Matrices whose values are all smaller show them in thousandths."""


def number(value: Any) -> Value:
    """A value of a result as a number; NULL, NaN and infinity all mean there is none."""
    if value is None:
        return None
    as_float = float(value)
    return as_float if as_float == as_float and abs(as_float) != float("inf") else None


def scale_of(values: Iterable[Value]) -> float:
    """1, or the power of a thousand in which the largest of values below 0.1 is a number from 0.1 to 100."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return 1.0 if largest == 0 or largest >= SMALL else 1000.0 ** math.floor(math.log(largest / SMALL, 1000))


def half_width(row: Row, low: str = "low", high: str = "high") -> Value:
    """Half the width of the interval in a row."""
    a, b = number(row.get(low)), number(row.get(high))
    return None if a is None or b is None else (b - a) / 2


def series_by(
    rows: Iterable[Row],
    group: str,
    position: Callable[[Row], int],
    n: int,
    value: str = "ratio",
    low: str = "low",
    high: str = "high",
) -> dict[Any, Columns]:
    """For each value of the column `group`, the numbers at positions 0 to n - 1 with their intervals."""
    columns: dict[Any, tuple[list[Value], list[Value], list[Value]]] = {}
    for row in rows:
        lists = columns.setdefault(row[group], ([None] * n, [None] * n, [None] * n))
        index = position(row)
        if 0 <= index < n:
            for numbers, name in zip(lists, (value, low, high), strict=True):
                numbers[index] = number(row.get(name))
    return {key: _columns(*lists) for key, lists in columns.items()}


def _columns(values: list[Value], low: list[Value], high: list[Value]) -> Columns:
    if all(end is None for end in (*low, *high)):
        return tuple(values), (), ()
    return tuple(values), tuple(low), tuple(high)


def has_values(columns: Columns) -> bool:
    """Whether there is anything to draw."""
    return any(value is not None for value in columns[0])


def type_series(columns: dict[Any, Columns], types: tuple[str, ...] = TYPES) -> tuple[Series, ...]:
    """A series a type that has any value at all."""
    return tuple(
        Series(SHORT[name], LETTERS[name], name, *columns[name])
        for name in types
        if name in columns and has_values(columns[name])
    )


def language_series(columns: dict[Any, Columns], languages: Sequence[str]) -> tuple[Series, ...]:
    """A series a language, in colors of the cycle; dashes distinguish what colors cannot."""
    known = [code for code in languages if code in columns]
    return tuple(
        Series(code, code, CYCLE[i % len(CYCLE)], *columns[code], dash=i // len(CYCLE) % DASHES)
        for i, code in enumerate(known)
    )


def layer_axis(layers: pa.Table | None, fallback: Iterable[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Labels of layers by their index in their stack, and where another stack begins; from the query `layers`."""
    if layers is None or not layers.num_rows:
        return tuple(str(layer) for layer in sorted(set(fallback))), ()
    stacks, positions = layers.column("stack").to_pylist(), layers.column("position").to_pylist()
    breaks = tuple(i for i in range(1, len(stacks)) if stacks[i] != stacks[i - 1])
    return tuple(str(position) for position in positions), breaks


def layer_rows(table: pa.Table, layers: pa.Table | None) -> tuple[list[Row], tuple[str, ...], tuple[int, ...]]:
    """The rows about single layers, with labels and breaks of the axis of layers."""
    rows = [row for row in table.to_pylist() if row["layer"] is not None]
    return rows, *layer_axis(layers, (row["layer"] for row in rows))


def layer_of(row: Row) -> int:
    """Position of a row on an axis of layers."""
    return int(row["layer"])


def layer_name(layers: pa.Table | None, layer: int) -> str:
    """`layer 17`, or `encoder 3` in a model of two stacks."""
    if layers is None or layer >= layers.num_rows:
        return f"layer {layer}"
    stacks = set(layers.column("stack").to_pylist())
    if len(stacks) < 2:
        return f"layer {layer}"
    return f"{layers.column('stack')[layer]} {layers.column('position')[layer]}"
