"""Lines with bands, their names at their ends, and whole numbers of layers below."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from neurontui.tui.charts.figure.style import AXIS, DASHES, MARKERS, SMALL, stroke
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.report.model import Line, Lines, Number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

ABSURD = 1e30
"""Numbers beyond this are somebody's joke, and not drawn."""
MANY = 4
"""Above so many lines in a panel, bands are fainter."""
ROOM = 0.12
"""Share of the x axis kept free for the names of lines."""


def array(values: Sequence[Number]) -> Array:
    """Values as floats, nan where there is none."""
    found = np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.where(np.abs(found) < ABSURD, found, np.nan)


def draw(axes: "Axes", panel: Lines, ticks: int) -> None:
    """All lines of a panel; `label_ends` names them once the layout is known."""
    for each in panel.lines:
        _curve(axes, each, min(1.0, MANY / len(panel.lines)))
    for at in panel.breaks:
        axes.axvline(at, color=AXIS, linewidth=0.8, linestyle=(0, (3, 3)))
    _x_axis(axes, panel, ticks)


def y_axis(axes: "Axes", panels: Sequence[Lines]) -> None:
    """From zero where that is asked for, never below it for what cannot be negative; else zero is marked.

    panels: all that share this axis. To be called once all of them are drawn, for limits that are set stay.
    """
    known = [array(each.y) for panel in panels for each in panel.lines]
    low, high = axes.get_ylim()
    if not any((values < 0).any() for values in known):
        axes.set_ylim(0 if panels[0].zero else max(low, 0), high if high > 0 else 1.0)
    elif low < 0 < high:
        axes.axhline(0, color=AXIS, linewidth=0.8)
    axes.grid(axis="y")


def _curve(axes: "Axes", each: Line, clear: float) -> None:
    x, y = array(each.x), array(each.y)
    styled_text = stroke(each.role)
    if each.low and each.high:
        low, high = array(each.low), array(each.high)
        axes.fill_between(
            x,
            low,
            high,
            where=np.isfinite(low) & np.isfinite(high),
            color=styled_text,
            alpha=0.18 * each.alpha * clear,
            linewidth=0,
        )
    alone = np.isfinite(y).sum() < 2
    marker = MARKERS.get(each.name, "o" if alone else None)
    thick = 2.2 if each.role == "text" and not each.dash else 1.5 if clear == 1.0 else 1.1
    axes.plot(
        x, y, color=styled_text, alpha=each.alpha, linestyle=DASHES[each.dash], marker=marker, markeredgewidth=0,
        markevery=max(1, len(x) // 12), linewidth=thick,
    )  # fmt: skip


def _x_axis(axes: "Axes", panel: Lines, ticks: int) -> None:
    """From the first to the last value, whole numbers ticked, room at the right for the names."""
    values = sorted({x for each in panel.lines for x in each.x if abs(x) < ABSURD}) or [0.0]
    first, last = values[0], values[-1]
    if panel.log_x and first > 0:
        axes.set_xscale("log")
        span = last / first if last > first else 10.0
        axes.set_xlim(first / span**0.02, last * span**ROOM)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(round_log(first, last)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        return
    span = last - first or 1.0
    axes.set_xlim(first - 0.02 * span, last + ROOM * span)
    axes.xaxis.set_major_locator(FixedLocator(whole(first, last, ticks)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def whole(first: float, last: float, ticks: int) -> list[float]:
    """Whole numbers from first to last, about so many."""
    if last - first < 1:
        return [first]
    found = MaxNLocator(nbins=ticks, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last)
    return [float(each) for each in found if first <= each <= last]


def round_log(first: float, last: float) -> list[float]:
    """1, 2, 5, 10, … from first to last; the two themselves where fewer than two of these lie between."""
    powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    found = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    inside = [each for each in found if first <= each <= last]
    return inside if len(inside) > 1 else sorted({first, last})


def label_ends(axes: "Axes", panel: Lines, height: float) -> None:
    """Write each line's mark behind its last point, moved apart where they would overlap.

    height: of the axes, in points.
    """
    low, high = axes.get_ylim()
    last = max((x for each in panel.lines for x in each.x), default=0.0)
    ends = [(each, *end) for each in panel.lines if each.mark and (end := _end(each))]
    wanted = [(y - low) / (high - low) for _, _, y in ends]
    right = 1 - ROOM / (1.02 + ROOM)
    gap = (SMALL + 1.0) / height
    for (each, x, y), place in zip(ends, apart(wanted, gap, gap / 2), strict=True):
        if x < last:  # it ends before the others: beside its own end
            _name(axes, each, (x, y), "offset points", (3, 3))
            continue
        if abs(low + place * (high - low) - y) > 0.02 * (high - low):
            _lead(axes, each, (x, y), (right + 0.028, place))
        _name(axes, each, (right + 0.032, place), "data", None)


def _name(axes: "Axes", each: Line, at: tuple[float, float], how: str, shift: tuple[float, float] | None) -> None:
    words: dict[str, Any] = {
        "color": stroke(each.role),
        "fontsize": SMALL,
        "fontweight": "bold",
        "ha": "left",
    }
    text = shorten(each.mark, 6)
    if shift is None:
        axes.text(*at, text, transform=axes.transAxes, va="center", **words)
    else:
        axes.annotate(text, at, shift, textcoords=how, annotation_clip=False, **words)


def _lead(axes: "Axes", each: Line, end: tuple[float, float], name: tuple[float, float]) -> None:
    """A hair line from the end of a line to its name, where that had to move."""
    arrow = {
        "arrowstyle": "-",
        "color": stroke(each.role),
        "linewidth": 0.5,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate(
        "",
        end,
        name,
        xycoords="data",
        textcoords="axes fraction",
        arrowprops=arrow,
        annotation_clip=False,
    )


def _end(each: Line) -> tuple[float, float] | None:
    y = array(each.y)
    known = np.flatnonzero(np.isfinite(y))
    return (each.x[known[-1]], float(y[known[-1]])) if known.size else None


def apart(wanted: Sequence[float], gap: float, floor: float = 0.0) -> list[float]:
    """Places as near as can be to those wanted (least squares), at least `gap` apart, in floor … 1 where they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        mean, size = wanted[i] - rank * gap, 1
        while pools and pools[-1][0] >= mean:
            before, n = pools.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        pools.append((mean, size))
    ranked = [mean for mean, size in pools for _ in range(size)]
    top = 1 - (len(wanted) - 1) * gap
    placed = [min(max(mean, floor), max(top, floor)) + rank * gap for rank, mean in enumerate(ranked)]
    return [placed[order.index(i)] for i in range(len(wanted))]
