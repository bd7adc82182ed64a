"""Small helpers over the rows of an answer."""

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.model import Series, Value
from neurontui.tui.charts.palette import CYCLE, LETTERS, SHORT, TYPES

Row = dict[str, Any]


def number(value: Any) -> Value:
    """A value of an answer as a number; NULL and NaN both mean there is none."""
    if value is None:
        return None
    found = float(value)
    return found if found == found and abs(found) != float("inf") else None


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
) -> dict[Any, tuple[tuple[Value, ...], tuple[Value, ...]]]:
    """For each value of the column `group`, the numbers at positions 0 to n - 1 and half their intervals."""
    found: dict[Any, tuple[list[Value], list[Value]]] = {}
    for row in rows:
        values, halves = found.setdefault(row[group], ([None] * n, [None] * n))
        index = position(row)
        if 0 <= index < n:
            values[index], halves[index] = number(row[value]), half_width(row, low, high)
    return {key: (tuple(values), tuple(halves)) for key, (values, halves) in found.items()}


def type_series(
    found: dict[Any, tuple[tuple[Value, ...], tuple[Value, ...]]], types: tuple[str, ...] = TYPES
) -> tuple[Series, ...]:
    """A series a type that has any value at all."""
    return tuple(
        Series(SHORT[name], LETTERS[name], name, *found[name])
        for name in types
        if name in found and any(value is not None for value in found[name][0])
    )


def plain_series(
    found: dict[Any, tuple[tuple[Value, ...], tuple[Value, ...]]],
    letters: dict[Any, str] | None = None,
) -> tuple[Series, ...]:
    """A series a group, in the colours of the cycle; its letters name it."""
    return tuple(
        Series(str(key), (letters or {}).get(key, str(key)[:6]), CYCLE[i % len(CYCLE)], *found[key])
        for i, key in enumerate(found)
    )


def layer_axis(layers: pa.Table | None, fallback: Iterable[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Labels of layers by their index in their stack, and where another stack begins; from the query `layers`."""
    if layers is None or not layers.num_rows:
        return tuple(str(each) for each in sorted(set(fallback))), ()
    stacks, positions = layers.column("stack").to_pylist(), layers.column("position").to_pylist()
    breaks = tuple(i for i in range(1, len(stacks)) if stacks[i] != stacks[i - 1])
    return tuple(str(position) for position in positions), breaks


def layer_name(layers: pa.Table | None, layer: int) -> str:
    """`layer 17`, or `encoder 3` in a model of two stacks."""
    if layers is None or layer >= layers.num_rows:
        return f"layer {layer}"
    stacks = set(layers.column("stack").to_pylist())
    if len(stacks) < 2:
        return f"layer {layer}"
    return f"{layers.column('stack')[layer]} {layers.column('position')[layer]}"
