"""Curves as braille, by plotext. The only file that touches it.

Its figure is one global, so this runs on the user interface's thread alone. It ends the whole process on a
NaN inside a line and on points far outside the limits: every point is checked and clipped here first.
"""

import re
from collections.abc import Sequence
from functools import cache
from math import isfinite
from typing import Any

from neurontui.tui.charts.model import Value

Dots = list[list[tuple[str, int]]]
"""Rows of (character, number of the curve), the number being -1 where there is nothing."""

_CODE = re.compile(r"\x1b\[(?:38;5;(\d+)|0)m")


def rasterise(
    curves: Sequence[Sequence[Value]],
    low: float,
    high: float,
    width: int,
    height: int,
    places: Sequence[float] = (),
) -> Dots:
    """Draw curves over `places` (0 to 1; evenly where empty), limits in the centres of the outermost cells.

    Missing values leave gaps.
    """
    n = max((len(curve) for curve in curves), default=0)
    if n == 0 or width < 1 or height < 1 or not (isfinite(low) and isfinite(high) and low < high):
        return [[(" ", -1)] * width for _ in range(height)]
    xs = [min(max(float(place), 0.0), 1.0) for place in places] if len(places) == n else _evenly(n)
    figure = _clear_figure(width, height, low, high)
    plotext = _plotext()
    for number, curve in enumerate(curves):
        marker = plotext.marker("braille", pixel=plotext.pixel(number + 1))
        for at, ys in _pieces(xs, curve, low, high):
            figure.draw(figure.signal(at, ys, marker=marker).lines(len(at) > 1))
    return _parse(figure.build().string(), width, height)


def warm() -> None:
    """Import plotext; in any thread, while nobody waits for a curve yet."""
    _plotext()


@cache
def _plotext() -> Any:
    import plotext  # a third of a second: only when the first curve is drawn

    plotext.terminal.limit(False, False)
    return plotext


def _evenly(n: int) -> list[float]:
    return [index / (n - 1) for index in range(n)] if n > 1 else [0.5]


def _clear_figure(width: int, height: int, low: float, high: float) -> Any:
    figure = _plotext().figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.axes(False)
    figure.legend(False)
    figure.ruler("x").lim(0, 1).ticks([], labels=[])
    figure.ruler("y").lim(low, high).ticks([], labels=[])
    return figure


def _pieces(
    xs: Sequence[float], curve: Sequence[Value], low: float, high: float
) -> list[tuple[list[float], list[float]]]:
    """The curve cut at missing values, and clipped to the limits."""
    pieces: list[tuple[list[float], list[float]]] = [([], [])]
    for x, value in zip(xs, curve, strict=False):
        if value is not None and isfinite(value):
            pieces[-1][0].append(x)
            pieces[-1][1].append(min(max(value, low), high))
        elif pieces[-1][0]:
            pieces.append(([], []))
    return [piece for piece in pieces if piece[0]]


def _parse(ansi: str, width: int, height: int) -> Dots:
    rows = [_parse_line(line, width) for line in ansi.rstrip("\n").split("\n")[:height]]
    return rows + [[(" ", -1)] * width for _ in range(height - len(rows))]


def _parse_line(line: str, width: int) -> list[tuple[str, int]]:
    cells: list[tuple[str, int]] = []
    number, end = -1, 0
    for code in _CODE.finditer(line):
        cells += [(char, number if char != " " else -1) for char in line[end : code.start()]]
        number, end = int(code[1]) - 1 if code[1] else -1, code.end()
    cells += [(char, number if char != " " else -1) for char in line[end:]]
    return (cells + [(" ", -1)] * width)[:width]
