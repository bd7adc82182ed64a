"""Heat over the words of an input: each token in the color of the activation there, or with a mark below it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from rich.cells import cell_len, chop_cells

from neurontui.tui.charts.palette import Palette, ink_on, shade
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import UP
from neurontui.tui.common.number_formats import signed
from neurontui.tui.common.sanitize import clean

FAINT = 0.05
"""Share of the largest |A| below which a token has neither color nor mark."""


@dataclass(frozen=True)
class HeatToken:
    """Characters on the screen, in at least one cell, and the activation at them."""

    text: str
    value: float
    measured: bool = False
    """Whether the token of measurement is in it."""

    @property
    def cells(self) -> int:
        """Terminal cells of the text."""
        return cell_len(self.text)


def heat_tokens(rows: Iterable[dict[str, Any]]) -> list[HeatToken]:
    """The tokens of one input, from the rows of `neuron-token-values` in order.

    A token without a cell of its own (a part of a character, a Thai vowel sign) shares that of the token before, or of
    the next one at the beginning; the stronger activation is shown.
    """
    tokens: list[HeatToken] = []
    before = HeatToken("", 0.0)
    for row in rows:
        token = HeatToken(before.text + clean(row["token"]), float(row["activation"]), bool(row["measured"]))
        if before.text or before.value:
            token = _together(before, token, token.text)
            before = HeatToken("", 0.0)
        if token.cells:
            tokens.append(token)
        elif tokens:
            tokens[-1] = _together(tokens[-1], token, tokens[-1].text + token.text)
        else:
            before = token
    return tokens


def _together(first: HeatToken, second: HeatToken, text: str) -> HeatToken:
    value = max(first.value, second.value, key=abs)
    return HeatToken(text, value, first.measured or second.measured)


def largest(tokens: Iterable[HeatToken]) -> float:
    """Largest |A|, which has the strongest color; at least a small number."""
    return max((abs(token.value) for token in tokens), default=0.0) or 1.0


def heat_lines(tokens: Sequence[HeatToken], width: int, extent: float, palette: Palette) -> list[Spans]:
    """All tokens on lines of at most `width` cells; below each line its marks where colors cannot be counted on.

    extent: the |A| of the strongest color.
    """
    lines: list[Spans] = []
    for line in _wrapped(tokens, max(width, 8)):
        lines.append([_span(token, extent, palette) for token in line])
        if palette.textured:
            lines.append([Span("".join(_mark(token, extent) for token in line).rstrip())])
    return lines


def heat_window(tokens: Sequence[HeatToken], width: int, extent: float, palette: Palette) -> list[Span]:
    """The tokens around the strongest one, on one line of at most `width` cells, with … where some are left out."""
    if not tokens:
        return []
    low, high = _around(tokens, max(width - 2, 1))
    head, tail = "…" if low else "", "…" if high < len(tokens) else ""
    spans = [_span(token, extent, palette) for token in tokens[low:high]]
    return [*([Span(head, "dim")] if head else []), *spans, *([Span(tail, "dim")] if tail else [])]


def strongest(tokens: Sequence[HeatToken]) -> HeatToken | None:
    """The token with the largest |A|, the first of equals."""
    return max(tokens, key=lambda token: abs(token.value), default=None)


def heat_words(tokens: Sequence[HeatToken]) -> str:
    """Least and largest activation, and the token with the largest |A|."""
    peak = strongest(tokens)
    if peak is None:
        return ""
    low, high = min(token.value for token in tokens), max(token.value for token in tokens)
    return f"A {signed(low)} to {signed(high)}, strongest at “{peak.text.strip()}”"


def _around(tokens: Sequence[HeatToken], room: int) -> tuple[int, int]:
    """First token and end of the widest window around the strongest one; three quarters of it before that."""
    peak = max(range(len(tokens)), key=lambda place: abs(tokens[place].value))
    low, high, used = peak, peak + 1, tokens[peak].cells
    while True:
        before = used - sum(token.cells for token in tokens[peak:high]) <= room * 3 // 4
        choices = [low - 1] if before and low else []
        choices += [high] if high < len(tokens) else []
        choices += [low - 1] if low else []
        place = next((at for at in choices if used + tokens[at].cells <= room), None)
        if place is None:
            return low, high
        used += tokens[place].cells
        low, high = min(low, place), max(high, place + 1)


def _wrapped(tokens: Sequence[HeatToken], width: int) -> Iterator[list[HeatToken]]:
    """Lines of tokens: broken before a word if it fits on a line, otherwise between tokens, or within a long one."""
    line: list[HeatToken] = []
    used = 0
    for word in _words(tokens, width):
        needed = sum(token.cells for token in word)
        if line and used + needed > width:
            yield line
            line, used = [], 0
            word = [_without_space(word[0]), *word[1:]]
            needed = sum(token.cells for token in word)
        line += word
        used += needed
    if line:
        yield line


def _words(tokens: Sequence[HeatToken], width: int) -> Iterator[list[HeatToken]]:
    """Tokens that stay on one line: up to the next one that begins with a space, if they fit."""
    word: list[HeatToken] = []
    for token in chain.from_iterable(_chopped(token, width) for token in tokens):
        together = sum(one.cells for one in word) + token.cells
        if word and (token.text[0] == " " or together > width or _is_wide(token)):
            yield word
            word = []
        word.append(token)
    if word:
        yield word


def _without_space(token: HeatToken) -> HeatToken:
    """The first token of a further line, without the space that begins it."""
    return replace(token, text=token.text.lstrip(" ") or token.text)


def _is_wide(token: HeatToken) -> bool:
    """Chinese and Japanese, which break between any characters."""
    return token.cells > len(token.text)


def _chopped(token: HeatToken, width: int) -> Iterator[HeatToken]:
    if token.cells <= width:
        yield token
        return
    for text in chop_cells(token.text, width):
        yield HeatToken(text, token.value, token.measured)


def _share(token: HeatToken, extent: float) -> float:
    return min(max(token.value / extent, -1.0), 1.0)


def _span(token: HeatToken, extent: float, palette: Palette) -> Span:
    share = _share(token, extent)
    if palette.textured or abs(share) < FAINT:
        return Span(token.text, "text", bold=token.measured or (palette.textured and share > 0.5))
    paper = shade(share, (-1.0, 1.0), True, palette)
    return Span(token.text, ink_on(paper), paper, bold=token.measured)


def _mark(token: HeatToken, extent: float) -> str:
    """A bar of the token's level under its first character; − for a negative activation."""
    share = _share(token, extent)
    gap = len(token.text) - len(token.text.lstrip(" "))
    gap = min(gap, token.cells - 1)
    mark = " " if abs(share) < FAINT else "−" if share < 0 else UP[max(round(share * 8), 1)]
    return " " * gap + mark + " " * (token.cells - gap - 1)
