"""One parsed entry of a task file, before its fields are checked."""

from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["line", "item", "row"]


@dataclass(frozen=True)
class Entry:
    """A parsed value, or the fault of its line."""

    number: int
    """Line of the file, from 1; in a JSON list, or with objects over several lines, the number of the item."""
    value: Any = None
    fault: str | None = None
    """End of a sentence about the line; None if there is a value."""
    unit: Unit = "line"
