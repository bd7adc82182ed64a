"""Panels other than curves: stacked columns, bars, values with intervals, matrices."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.ticker import FixedLocator, NullLocator

from neurontui.tui.charts.figure.lines import array, label_positions
from neurontui.tui.charts.figure.style import AXIS, HATCHES, INK, PAPER, SMALL, color, stroke
from neurontui.tui.charts.model import Bar, Bars, Chart, Dots, Matrix
from neurontui.tui.charts.palette import ink_on, shade
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.significant import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN = 16
"""Up to so many columns a matrix has its values written into its cells; a wider one has a color bar."""
ROWS = 40


def columns(axes: "Axes", chart: Chart, ticks: int) -> None:
    """Columns without gaps, one a layer, in which the series lie one upon the other, the first at the bottom."""
    x = chart.xs
    edges = np.array([at - 0.5 for at in x] + [x[-1] + 0.5]) if x else np.array([0.0, 1.0])
    below = np.zeros(len(edges) - 1)
    for series in chart.series:
        above = below + np.nan_to_num(array(series.values)) if x else below
        axes.stairs(
            above, edges, baseline=below, fill=True, facecolor=color(series.role), edgecolor=PAPER, linewidth=0.4,
            hatch=HATCHES.get(series.type or "", ""),
        )  # fmt: skip
        below = above
    for index in chart.breaks:
        axes.axvline(x[index] - 0.5, color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, chart.total)
    label_positions(axes, chart, ticks)
    axes.yaxis.set_major_locator(FixedLocator([chart.total * quarter / 4 for quarter in range(5)]))


def groups(panel: Bars) -> list[list[Bar]]:
    """Consecutive bars of the same group together; a bar without a group is alone."""
    together: list[list[Bar]] = []
    for bar in panel.bars:
        if together and bar.group and bar.group == together[-1][0].group:
            together[-1].append(bar)
        else:
            together.append([bar])
    return together


def bars(axes: "Axes", panel: Bars) -> None:
    """Horizontal bars: the first of a group filled, the second hatched; the value behind each."""
    together = groups(panel)
    step = 0.8 / max((len(group) for group in together), default=1)
    ends = [end for bar in panel.bars for end in (bar.value, bar.low, bar.high) if end is not None]
    longest = max([*ends, 1e-12])
    for row, group in enumerate(together):
        for place, bar in enumerate(group):
            _bar(axes, bar, row + (place - (len(group) - 1) / 2) * step, step * 0.9, hatched=place > 0)
            _bar_text(axes, bar, row + (place - (len(group) - 1) / 2) * step, longest)
    names = [shorten(group[0].group or group[0].name, 30) for group in together]
    axes.set_yticks(range(len(together)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(min([*ends, 0.0]), 1.2 * longest)
    axes.grid(axis="x")


def _bar(axes: "Axes", bar: Bar, y: float, height: float, hatched: bool) -> None:
    if bar.value is None:
        return
    ink = color(bar.role)
    axes.barh(
        y, bar.value, height, linewidth=0.9, facecolor=PAPER if hatched else ink, edgecolor=ink,
        hatch="/////" if hatched else "",
    )  # fmt: skip
    if bar.low is not None and bar.high is not None:
        axes.plot([bar.low, bar.high], [y, y], color=INK, linewidth=1.1)


def _bar_text(axes: "Axes", bar: Bar, y: float, longest: float) -> None:
    end = max(bar.value or 0.0, bar.high or 0.0, 0.0)
    words = (bar.name if bar.group else "", figures(bar.value), bar.note)
    text = "  ".join(word for word in words if word)
    axes.text(end + 0.012 * longest, y, shorten(text, 40), va="center", fontsize=SMALL)


def dots(axes: "Axes", panel: Dots, named: bool) -> None:
    """A row a value: filled, hollow or crossed by its kind, its interval as a line, zero marked."""
    for row, dot in enumerate(panel.dots):
        value, low, high = array([dot.value, dot.low, dot.high])
        if not np.isfinite(value):
            continue
        ink = stroke(dot.role)
        if np.isfinite(low) and np.isfinite(high):
            axes.plot([low, high], [row, row], color=ink, linewidth=1.3)
        marker = {"type": "o", "matched": "o", "random": "x"}.get(dot.kind, "D")
        inside = PAPER if dot.kind == "matched" else ink
        axes.plot([value], [row], marker, color=ink, markerfacecolor=inside, markersize=5.2, markeredgewidth=1.2)
    axes.axvline(0, color=AXIS, linewidth=0.9)
    labels = [shorten(dot.label, 48) for dot in panel.dots] if named else [""] * len(panel.dots)
    axes.set_yticks(range(len(panel.dots)), labels)
    axes.set_ylim(len(panel.dots) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def is_wide(matrix: Matrix) -> bool:
    """Whether there is no room for values: only their colors are drawn, with a color bar."""
    return len(matrix.columns) > WRITTEN or len(matrix.rows) > ROWS


def heat(axes: "Axes", matrix: Matrix) -> None:
    """Cells in the terminal's colors, with their values where there is room, else with a color bar."""
    extent = matrix.extent()
    papers: dict[tuple[int, int], str] = {}
    image = np.zeros((len(matrix.rows), len(matrix.columns), 4))
    for row, column, _ in matrix.cells():
        tint = array([matrix.tint(row, column)])[0]
        if np.isfinite(tint):
            papers[row, column] = shade(float(tint), extent, matrix.diverging)
            image[row, column] = to_rgba(papers[row, column])
    axes.pcolormesh(image, edgecolors=PAPER, linewidth=0.6)
    axes.invert_yaxis()
    wide = is_wide(matrix)
    axes.set_aspect("auto" if wide else 0.62)
    _heat_labels(axes, matrix)
    if wide:
        _color_bar(axes, matrix, extent)
        return
    for row, column, value in matrix.cells():
        if value is not None:
            text = f"{matrix.text(row, column)}{matrix.mark(row, column)}".strip()
            ink = ink_on(papers[row, column]) if (row, column) in papers else INK
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=SMALL, color=ink)


def _heat_labels(axes: "Axes", matrix: Matrix) -> None:
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    numbered = all(name.strip().isdecimal() for name in matrix.columns)  # names in between follow from the others
    every = -(-len(matrix.columns) // 20) if numbered else 1
    for axis, names, step, room in ((axes.xaxis, matrix.columns, every, 8), (axes.yaxis, matrix.rows, 1, 24)):
        at = range(0, len(names), max(step, 1))
        axis.set_ticks([i + 0.5 for i in at], [shorten(names[i].strip(), room) for i in at])
        axis.set_minor_locator(NullLocator())
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _color_bar(axes: "Axes", matrix: Matrix, extent: tuple[float, float]) -> None:
    stops = [shade(level / 15, (0.0, 1.0), matrix.diverging) for level in range(16)]
    colors = ScalarMappable(Normalize(*extent), LinearSegmentedColormap.from_list("cells", stops))
    axes.figure.colorbar(colors, ax=axes, label=matrix.tint_unit or matrix.unit)
