"""Tokens of a prompt, shaded by the activation of a neuron; where there are no colors, with a bar behind each."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from neurontui.tui.charts.palette import Palette, ink_on, shade
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.sanitize import clean

_BARS = "▁▂▃▄▅▆▇█"


def heat_lines(tokens: Sequence[str], heat: Sequence[float], most: float, palette: Palette, width: int) -> list[Spans]:
    """Lines of at most `width` cells. heat: a value a token, or empty; most: the largest |value| of all prompts."""
    spans = [
        Span(text) if not heat else _warm(text, heat[index], most, palette)
        for index, text in enumerate(map(visible, tokens))
    ]
    return wrapped_spans(spans, width)


def visible(token: str) -> str:
    """A token as it can be printed; a combining mark alone is put on a circle, because it has no width."""
    text = clean(token)
    return text if cell_len(text) else f"◌{text}"


def _warm(text: str, value: float, most: float, palette: Palette) -> Span:
    if palette.textured or palette.name == "ansi":
        level = round(min(max(value / most, 0.0), 1.0) * (len(_BARS) - 1)) if most > 0 else 0
        return Span(f"{text}{_BARS[level]}" if value > 0 else text, bold=value > 0)
    paper = shade(value, (-most, most), diverging=True, palette=palette)
    return Span(text, ink_on(paper), paper)


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
