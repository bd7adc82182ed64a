"""How wide the columns of a table for people are: numbers are never cut, texts are where room is short."""

from collections.abc import Sequence

BETWEEN = 3
"""Characters between two columns."""
SHORTEST = 16
NAMES = 40
"""Characters that a text keeps where a table is too wide, and what the first column keeps."""


def least(natural: Sequence[int], numbers: Sequence[bool]) -> list[int]:
    """What each column takes at least; the first one names the row."""
    return [
        width if number else min(width, SHORTEST if place else NAMES)
        for place, (width, number) in enumerate(zip(natural, numbers, strict=True))
    ]


def fitted(natural: Sequence[int], numbers: Sequence[bool], room: int) -> list[int]:
    """Widths of as many of the first columns as there is room for; at least one."""
    smallest = least(natural, numbers)
    count = len(natural)
    while count > 1 and sum(smallest[:count]) + BETWEEN * (count - 1) > room:
        count -= 1
    widths = list(natural[:count])
    excess = sum(widths) + BETWEEN * (count - 1) - room
    while excess > 0:
        # The widest of those that can give way; a lone column gives way whatever it is.
        gives = max(range(count), key=lambda i: (widths[i] > smallest[i], widths[i]))
        widths[gives] -= 1
        excess -= 1
    return [max(1, each) for each in widths]
