"""Stored texts on lines of a width."""

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

from neurontui.tui.common.sanitize import clean_lines


def wrapped(text: object, width: int) -> list[str]:
    """Cleaned lines of at most `width` cells, broken at spaces; Chinese, which has none, goes on to the edge."""
    return [line for paragraph in clean_lines(text).split("\n") for line in _broken(paragraph, width)]


def _broken(paragraph: str, width: int) -> Iterator[str]:
    """Words as long as they fit; a word that is longer than the room fills it and goes on below."""
    line = ""
    for word in paragraph.split():
        together = f"{line} {word}" if line else word
        if cell_len(together) <= width:
            line = together
            continue
        wide = cell_len(word) > len(word) or cell_len(word) > width
        start = together if wide else word
        if line and not wide:
            yield line
        *full, line = chop_cells(start, width)
        yield from full
    yield line
