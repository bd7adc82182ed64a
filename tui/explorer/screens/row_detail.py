"""What a row of any table is about: a neuron, or an example, which enter opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGEST = 1 << 31
"""Numbers of layers, neurons and examples are smaller."""


@dataclass(frozen=True)
class RowDetail:
    """A screen, the selection with which it shows what the row is about, and the number of the row's run."""

    screen: str
    changes: dict[str, int]
    run: int | None
    """None if the row does not name its run."""


def row_detail(row: Mapping[str, Any], column: str = "") -> RowDetail | None:
    """The neuron of a row with the columns layer and neuron, otherwise its example; None for any other row.

    column: where the cursor is: on `example` it is the example, and texts and lists are to be read in full instead.
    """
    numbers = {name: row.get(name) for name in ("layer", "neuron", "example", "run")}
    if column and isinstance(row.get(column), str | list | dict):
        return None
    known = {name for name, value in numbers.items() if _is_number(value)}
    run = numbers["run"] if "run" in known else None
    if {"layer", "neuron"} <= known and not (column == "example" and "example" in known):
        return RowDetail("neuron", {name: int(str(numbers[name])) for name in ("layer", "neuron")}, run)
    return RowDetail("examples", {"example": int(str(numbers["example"]))}, run) if "example" in known else None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST
