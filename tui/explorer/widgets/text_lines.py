"""Converts colored text to the lines of a widget. All text reaches the terminal here, cleaned."""

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from neurontui.tui.charts.palette import Palette
from neurontui.tui.charts.spans import LONGEST
from neurontui.tui.charts.spans import Span as Span
from neurontui.tui.charts.spans import Spans as Spans
from neurontui.tui.charts.spans import width_of as width_of
from neurontui.tui.common.sanitize import clean, shorten


def strip_of(parts: Spans, width: int, palette: Palette, background: Style | None = None) -> Strip:
    """Spans as one line of exactly `width` cells: cleaned, truncated with an ellipsis, or padded.

    Neighbors of the same style share a segment, and spaces take the style before them: each segment costs about
    forty bytes of output.
    """
    segments: list[Segment] = []
    text, style, paper = "", Style.null(), None
    room = width
    for part in (*parts, Span(" " * width)):
        if room <= 0:
            break
        piece = shorten(part.text, room)
        room -= cell_len(piece)
        look = _style(part, palette)
        if text and paper == part.paper and not style.reverse and not part.reverse:
            piece, gap = piece.lstrip(" "), len(piece) - len(piece.lstrip(" "))
            text += " " * gap  # pictures lose the spaces that a segment begins with
        same = look == style or (not piece.strip() and part.paper == paper and not style.reverse and not part.reverse)
        if same and text:
            text += piece
            continue
        if text:
            segments.append(Segment(text, style))
        text, style, paper = piece, look, part.paper
    segments.append(Segment(text, style))
    strip = Strip(segments, width)
    return strip if background is None else strip.apply_style(background)


def _style(part: Span, palette: Palette) -> Style:
    style = palette.style(part.ink, part.paper, part.bold)
    return style + Style(reverse=True) if part.reverse else style


def click_at(parts: Spans, column: int) -> str | None:
    """The action of the span at a column."""
    for part in parts:
        column -= cell_len(clean(part.text[:LONGEST]))
        if column < 0:
            return part.click
    return None


def plain(lines: Iterable[Spans]) -> str:
    """Lines as plain text."""
    return "\n".join("".join(clean(part.text) for part in parts).rstrip() for parts in lines)


def spread(left: Spans, right: Spans, width: int) -> list[Span]:
    """Spans at both ends of a line; the left ones are truncated if they do not fit."""
    room = max(width - width_of(right), 0)
    fitting: list[Span] = []
    for part in left:
        text = shorten(part.text, room)
        fitting.append(part._replace(text=text))
        room -= cell_len(text)
        if room <= 0:
            break
    return [*fitting, Span(" " * room), *right]
