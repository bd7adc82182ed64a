"""Pieces of a line of text with their colors: what builders return where the answer is words, not a chart."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from neurontui.tui.common.sanitize import clean


class Span(NamedTuple):
    """A piece of a line: text, the roles of its ink and paper, and the action a click on it runs."""

    text: str
    ink: str = "text"
    paper: str | None = None
    bold: bool = False
    click: str | None = None
    reverse: bool = False


Spans = Sequence[Span]

LONGEST = 1000
"""Characters of a piece that count for its width: no terminal is wider."""


def width_of(parts: Iterable[Span]) -> int:
    """Terminal cells the pieces take."""
    return sum(cell_len(clean(part.text[:LONGEST])) for part in parts)
