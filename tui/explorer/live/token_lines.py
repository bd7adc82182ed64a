"""Tokens on a line, and pieces of text in lines."""

from collections.abc import Iterable

from rich.cells import cell_len

from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.sanitize import clean


def visible(token: str) -> str:
    """A token as it can be printed; a combining mark alone is put on a circle, because it has no width."""
    text = clean(token)
    return text if cell_len(text) else f"◌{text}"


def wrapped_spans(spans: Iterable[Span], width: int) -> list[Spans]:
    """Spans in lines, none of them cut unless it is wider than a line."""
    lines: list[list[Span]] = [[]]
    room = width
    for span in spans:
        cells = cell_len(span.text)
        if cells > room and lines[-1]:
            lines.append([])
            room = width
        lines[-1].append(span)
        room -= cells
    return list(lines)
