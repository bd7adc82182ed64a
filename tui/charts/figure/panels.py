"""Panels other than lines: stacked columns, bars, values with intervals, matrices."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from neurontui.tui.charts.figure.lines import array, whole
from neurontui.tui.charts.figure.style import AXIS, HATCHES, INK, PAPER, SMALL, color, stroke
from neurontui.tui.charts.palette import ink_on
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.report.model import Bars, Columns, Dots, Heat
from neurontui.tui.report.shape import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN = 16
"""Up to so many rows a matrix has its values written into its cells."""


def columns(axes: "Axes", panel: Columns, ticks: int) -> None:
    """Columns without gaps, one a layer, in which the types lie one upon the other."""
    x = sorted({at for each in panel.lines for at in each.x})
    edges = np.array([at - 0.5 for at in x] + [x[-1] + 0.5]) if x else np.array([0.0, 1.0])
    below = np.zeros(len(edges) - 1)
    for each in panel.lines:
        known = dict(zip(each.x, np.nan_to_num(array(each.y)), strict=True))
        above = below + np.array([known.get(at, 0.0) for at in x])
        axes.stairs(
            above, edges, baseline=below, fill=True, facecolor=color(each.role), edgecolor=PAPER, linewidth=0.4,
            hatch=HATCHES.get(each.name, ""),
        )  # fmt: skip
        below = above
    for at in panel.breaks:
        axes.axvline(at, color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_locator(FixedLocator(whole(x[0], x[-1], ticks) if x else []))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))


def bars(axes: "Axes", panel: Bars) -> None:
    """Horizontal bars: the first series filled, the second hatched; the value behind each."""
    count = len(panel.series)
    step = 0.8 / count
    longest = max([bar.high or bar.value or 0.0 for series in panel.bars for bar in series] + [1e-12])
    for s, series in enumerate(panel.bars):
        for g, bar in enumerate(series):
            if bar.value is None:
                continue
            y, styled_text = g + (s - (count - 1) / 2) * step, color(panel.roles[g])
            axes.barh(
                y, bar.value, step * 0.9, linewidth=0.9, facecolor=PAPER if s else styled_text, edgecolor=styled_text,
                hatch="/////" if s else "",
            )  # fmt: skip
            end = bar.value
            if bar.low is not None and bar.high is not None:
                axes.plot([bar.low, bar.high], [y, y], color=INK, linewidth=1.1)
                end = bar.high
            axes.text(
                end + 0.012 * longest,
                y,
                f"{panel.series[s]}  {figures(bar.value)}",
                va="center",
                fontsize=SMALL,
            )
    axes.set_yticks(range(len(panel.groups)), [shorten(each, 30) for each in panel.groups])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.2 * longest)
    axes.grid(axis="x")


def dots(axes: "Axes", panel: Dots, named: bool) -> None:
    """A row a value: filled, hollow or crossed by its kind, its interval as a line, zero marked."""
    for row, dot in enumerate(panel.dots):
        value, low, high = array([dot.value, dot.low, dot.high])
        if not np.isfinite(value):
            continue
        styled_text = stroke(dot.role)
        if np.isfinite(low) and np.isfinite(high):
            axes.plot([low, high], [row, row], color=styled_text, linewidth=1.3)
        marker = {"type": "o", "matched": "o", "random": "x"}.get(dot.kind, "D")
        inside = PAPER if dot.kind == "matched" else styled_text
        axes.plot(
            [value],
            [row],
            marker,
            color=styled_text,
            markerfacecolor=inside,
            markersize=5.2,
            markeredgewidth=1.2,
        )
    axes.axvline(0, color=AXIS, linewidth=0.9)
    labels = [shorten(dot.label, 48) for dot in panel.dots] if named else [""] * len(panel.dots)
    axes.set_yticks(range(len(panel.dots)), labels)
    axes.set_ylim(len(panel.dots) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def heat(axes: "Axes", panel: Heat) -> None:
    """Cells coloured from blue to yellow, with their values where there is room."""
    values = np.array([array(row) for row in panel.values])
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    styled_text = colormaps["cividis"]
    axes.pcolormesh(
        values,
        cmap=styled_text,
        vmin=low,
        vmax=high if high > low else low + 1,
        edgecolors=PAPER,
        linewidth=0.6,
    )
    axes.invert_yaxis()
    axes.set_aspect(0.62)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    for axis, names in ((axes.xaxis, panel.columns), (axes.yaxis, panel.rows)):
        axis.set_ticks([i + 0.5 for i in range(len(names))], [shorten(each, 8) for each in names])
        axis.set_minor_locator(NullLocator())
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(panel.rows) > WRITTEN:
        return
    for row, column in np.argwhere(np.isfinite(values)):
        share = (values[row, column] - low) / (high - low or 1)
        ink = ink_on(to_hex(styled_text(share)).upper())
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{values[row, column]:.1f}",
            ha="center",
            va="center",
            fontsize=SMALL,
            color=ink,
        )
