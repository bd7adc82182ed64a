"""One example of a task file, as its format gives it, before anything is said about its fields."""

from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["line", "item"]


@dataclass(frozen=True)
class Entry:
    """A parsed value, or what is wrong with the place where one should be."""

    number: int
    """Line of the file, from 1; in a JSON list, or objects over many lines, number of the item, from 1."""
    value: Any = None
    fault: str | None = None
    """End of a sentence about the line; None where there is a value."""
    unit: Unit = "line"
