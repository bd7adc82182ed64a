"""How the columns of a result are shown in a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurontui.tui.common.number_formats import plain_value

Format = Callable[[Any], str]


@dataclass(frozen=True)
class Field:
    """One column: its name in the result, its heading, its text, its side."""

    column: str
    title: str
    format: Format = plain_value
    right: bool = False
    stretch: bool = False
    """Whether the column takes the room that is left."""
    rank: int = 0
    """Where a table is too wide, columns of a higher rank are left out first; those of rank 0 never are."""
    meaning: str = ""
    """What the column is, in a line; empty if its query says it."""
