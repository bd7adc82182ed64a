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
    curves: Sequence[Sequence[Value]], low: float, high: float, width: int, height: int
) -> Dots:
    """Draw curves over their index, limits in the centres of the outermost cells; gaps at missing values."""
    n = max((len(curve) for curve in curves), default=0)
    if n == 0 or width < 1 or height < 1 or not (isfinite(low) and isfinite(high) and low < high):
        return [[(" ", -1)] * width for _ in range(height)]
    figure = _clear_figure(width, height, max(n - 1, 1), low, high)
    plotext = _plotext()
    for number, curve in enumerate(curves):
        marker = plotext.marker("braille", pixel=plotext.pixel(number + 1))
        for xs, ys in _pieces(curve, low, high):
            figure.draw(figure.signal(xs, ys, marker=marker).lines(len(xs) > 1))
    return _parse(figure.build().string(), width, height)


def warm() -> None:
    """Import plotext; in any thread, while nobody waits for a curve yet."""
    _plotext()


@cache
def _plotext() -> Any:
    import plotext  # a third of a second: only when the first curve is drawn

    plotext.terminal.limit(False, False)
    return plotext


def _clear_figure(width: int, height: int, last: int, low: float, high: float) -> Any:
    figure = _plotext().figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.axes(False)
    figure.legend(False)
    figure.ruler("x").lim(0, last).ticks([], labels=[])
    figure.ruler("y").lim(low, high).ticks([], labels=[])
    return figure


def _pieces(curve: Sequence[Value], low: float, high: float) -> list[tuple[list[int], list[float]]]:
    """The curve cut at missing values, and clipped to the limits."""
    pieces: list[tuple[list[int], list[float]]] = []
    xs: list[int] = []
    ys: list[float] = []
    for x, value in enumerate([*curve, None]):
        if value is not None and isfinite(value):
            xs.append(x)
            ys.append(min(max(value, low), high))
        elif xs:
            pieces.append((xs, ys))
            xs, ys = [], []
    return pieces


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
