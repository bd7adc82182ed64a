"""Lines with bands, their names at their ends, and whole numbers of layers below."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from neurontui.tui.charts.figure.style import AXIS, DASHES, MARKERS, SMALL, stroke
from neurontui.tui.charts.model import Chart, Series, Value
from neurontui.tui.common.sanitize import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

ABSURD = 1e30
"""Numbers beyond this are somebody's joke, and not drawn."""
MANY = 4
"""Above so many lines in a panel, bands are fainter."""
NAME = 6
"""Characters of a name at the end of a line."""
ROOM = 0.12
"""Share of the x axis kept free for the names of lines."""


def array(values: Sequence[Value]) -> Array:
    """Values as floats, nan where there is none."""
    floats = np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.where(np.abs(floats) < ABSURD, floats, np.nan)


def draw(axes: "Axes", chart: Chart, ticks: int) -> None:
    """All curves of a chart; `label_ends` names them once the layout is known."""
    x = array(chart.xs)
    for series in chart.series:
        _curve(axes, x, series, chart.joined, min(1.0, MANY / len(chart.series)))
    for index in chart.breaks:
        axes.axvline((x[index - 1] + x[index]) / 2, color=AXIS, linewidth=0.8, linestyle=(0, (3, 3)))
    _x_axis(axes, chart, ticks)


def y_axis(axes: "Axes", charts: Sequence[Chart]) -> None:
    """From zero if the chart asks for it, never below zero without negative values; else zero is marked.

    charts: all that share this axis. To be called once all of them are drawn, for limits that are set stay.
    """
    known = [array(series.values) for chart in charts for series in chart.series]
    low, high = axes.get_ylim()
    if not any((values < 0).any() for values in known):
        axes.set_ylim(0 if charts[0].from_zero else max(low, 0), high if high > 0 else 1.0)
    elif low < 0 < high:
        axes.axhline(0, color=AXIS, linewidth=0.8)
    axes.grid(axis="y")


def hue(series: Series) -> str:
    """Color of a series' line."""
    return stroke(series.hue or series.role)


def _curve(axes: "Axes", positions: Array, series: Series, joined: bool, clear: float) -> None:
    y = array(series.values)
    known = np.isfinite(y)
    drawn = known if joined else np.ones_like(known)
    x, y = positions[: len(y)][drawn], y[drawn]
    if series.low and series.high:
        low, high = array(series.low)[drawn], array(series.high)[drawn]
        axes.fill_between(
            x, low, high, where=np.isfinite(low) & np.isfinite(high), color=hue(series), linewidth=0,
            alpha=0.18 * series.alpha * clear,
        )  # fmt: skip
    dotted = joined or known.sum() < 2
    marker = MARKERS.get(series.type or "", "o" if dotted else None)
    thick = 2.2 if series.role == "text" and not series.dash else 1.5 if clear == 1.0 else 1.1
    axes.plot(
        x, y, color=hue(series), alpha=series.alpha, linestyle=DASHES[series.dash], marker=marker, markeredgewidth=0,
        markevery=max(1, len(x) // 12), linewidth=thick,
    )  # fmt: skip


def _x_axis(axes: "Axes", chart: Chart, ticks: int) -> None:
    """From the first to the last value, round values ticked, room at the right for the names."""
    values = sorted({x for x in chart.xs if abs(x) < ABSURD}) or [0.0]
    first, last = values[0], values[-1]
    if chart.log_x and first > 0:
        axes.set_xscale("log")
        span = last / first if last > first else 10.0
        axes.set_xlim(first / span**0.02, last * span**ROOM)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(round_log(first, last)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        return
    span = last - first or 1.0
    axes.set_xlim(first - 0.02 * span, last + ROOM * span)
    label_positions(axes, chart, ticks)


def label_positions(axes: "Axes", chart: Chart, ticks: int) -> None:
    """Ticks at whole numbers, or at the positions themselves where these are none, with the chart's own labels."""
    labels = dict(zip(chart.xs, chart.labels, strict=True))
    values = sorted(x for x in labels if abs(x) < ABSURD)
    if all(x == int(x) for x in values):
        at = whole(values[0], values[-1], ticks) if values else []
    else:
        at = values[:: max(1, -(-len(values) // ticks))]
    axes.set_xticks(at, [shorten(labels.get(x, f"{x:g}"), 8) for x in at])


def whole(first: float, last: float, ticks: int) -> list[float]:
    """Whole numbers from first to last, about so many."""
    if last - first < 1:
        return [first]
    round_values = MaxNLocator(nbins=ticks, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last)
    return [float(value) for value in round_values if first <= value <= last]


def round_log(first: float, last: float) -> list[float]:
    """1, 2, 5, 10, … from first to last; the two themselves where fewer than two of these lie between."""
    powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    round_values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    inside = [value for value in round_values if first <= value <= last]
    return inside if len(inside) > 1 else sorted({first, last})


def label_ends(axes: "Axes", chart: Chart, height: float) -> None:
    """Write each curve's letter behind its last point, moved apart where they would overlap.

    height: of the axes, in points.
    """
    low, high = axes.get_ylim()
    last = max(chart.xs, default=0.0)
    ends = [(series, *end) for series in chart.series if series.letter and (end := _end(chart, series))]
    right = 1 - ROOM / (1.02 + ROOM)
    gap = (SMALL + 1.0) / height
    for stop in sorted({x for _, x, _ in ends}):
        same = [(series, y) for series, x, y in ends if x == stop]
        places = apart([(y - low) / (high - low) for _, y in same], gap, gap / 2)
        for (series, y), place in zip(same, places, strict=True):
            if stop < last:  # it ends before the others: beside its own end
                _name(axes, series, (stop, low + place * (high - low)), "offset points", (3, 3))
                continue
            if abs(low + place * (high - low) - y) > 0.02 * (high - low):
                _lead(axes, series, (stop, y), (right + 0.028, place))
            _name(axes, series, (right + 0.032, place), "data", None)


def _name(axes: "Axes", series: Series, at: tuple[float, float], how: str, shift: tuple[float, float] | None) -> None:
    words: dict[str, Any] = {"color": hue(series), "fontsize": SMALL, "fontweight": "bold", "ha": "left"}
    text = shorten(series.letter, NAME)
    if shift is None:
        axes.text(*at, text, transform=axes.transAxes, va="center", **words)
    else:
        axes.annotate(text, at, shift, textcoords=how, annotation_clip=False, **words)


def _lead(axes: "Axes", series: Series, end: tuple[float, float], name: tuple[float, float]) -> None:
    """A hair line from the end of a curve to its name, where that had to move."""
    arrow = {"arrowstyle": "-", "color": hue(series), "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
    axes.annotate(
        "", end, name, xycoords="data", textcoords="axes fraction", arrowprops=arrow, annotation_clip=False
    )  # fmt: skip


def _end(chart: Chart, series: Series) -> tuple[float, float] | None:
    y = array(series.values)
    known = np.flatnonzero(np.isfinite(y))
    return (chart.xs[known[-1]], float(y[known[-1]])) if known.size else None


def apart(heights: Sequence[float], gap: float, floor: float = 0.0) -> list[float]:
    """Places as near as can be to these (least squares), at least `gap` apart, in floor … 1 where they fit."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        mean, size = heights[i] - rank * gap, 1
        while pools and pools[-1][0] >= mean:
            before, n = pools.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        pools.append((mean, size))
    ranked = [mean for mean, size in pools for _ in range(size)]
    top = 1 - (len(heights) - 1) * gap
    placed = [min(max(mean, floor), max(top, floor)) + rank * gap for rank, mean in enumerate(ranked)]
    return [placed[order.index(i)] for i in range(len(heights))]
