"""Column widths of a table on screen: numbers are never cut; text is cut if the table is too wide."""

from collections.abc import Sequence

BETWEEN = 3
"""Characters between two columns."""
SHORTEST = 16
NAMES = 40
"""Least width of text columns in a table that is too wide, and of its first column."""


def least(natural: Sequence[int], numbers: Sequence[bool]) -> list[int]:
    """Least width of each column; the first column names the row."""
    return [
        width if number else min(width, SHORTEST if place else NAMES)
        for place, (width, number) in enumerate(zip(natural, numbers, strict=True))
    ]


def fitted(natural: Sequence[int], numbers: Sequence[bool], room: int) -> list[int]:
    """Widths of the first columns that fit into `room`; at least one."""
    smallest = least(natural, numbers)
    count = len(natural)
    while count > 1 and sum(smallest[:count]) + BETWEEN * (count - 1) > room:
        count -= 1
    widths = list(natural[:count])
    excess = sum(widths) + BETWEEN * (count - 1) - room
    while excess > 0:
        # The widest column that may be narrower; if there is only one column, that one.
        gives = max(range(count), key=lambda i: (widths[i] > smallest[i], widths[i]))
        widths[gives] -= 1
        excess -= 1
    return [max(1, width) for width in widths]
