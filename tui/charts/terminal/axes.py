"""Axes around a plot: round values at the left, whole layers below, and a mark at the layer one looks at."""

from dataclasses import dataclass

from rich.cells import cell_len

from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.scale import (
    Scale,
    layer_ticks,
    stack_scale,
    value_scale,
)


@dataclass(frozen=True)
class Plot:
    """Where the data goes on a canvas, and how positions map to its columns."""

    left: int
    top: int
    width: int
    height: int
    chart: Chart
    scale: Scale

    def column(self, index: int) -> int:
        """Column of the canvas that shows position `index`."""
        return self.left + round(self.chart.place(index) * (self.width - 1))

    def index(self, column: int) -> int:
        """Position nearest to a column of the canvas."""
        return min(range(self.chart.n), key=lambda index: abs(self.column(index) - column), default=0)

    def away(self, x: int, y: int) -> int:
        """How far a cell of the canvas is from the plot; 0 inside it."""
        across = max(self.left - x, x - self.left - self.width, 0)
        return across + max(self.top - y, y - self.top - self.height - 2, 0)

    def row(self, value: float) -> int:
        """Row of the canvas for a value of a curve: the limits lie in the first and the last row."""
        share = (self.scale.high - value) / (self.scale.high - self.scale.low)
        return self.top + round(min(max(share, 0.0), 1.0) * (self.height - 1))


def place(canvas: Canvas, chart: Chart, right: int = 0, top: int = 0) -> Plot | None:
    """The plot of a chart on a canvas, below `top` rows and beside `right` columns that are kept free.

    None where it is too small to read.
    """
    height = canvas.height - top - 2
    if height < 3 or chart.n == 0:
        return None
    low, high = chart.extent()
    scale = stack_scale(high, height) if chart.stacked else value_scale(low, high, height)
    left = scale.label_width + 1
    width = canvas.width - left - right
    return Plot(left, top, width, height, chart, scale) if width >= 8 else None


def draw_axes(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    """Both axes."""
    _draw_y(canvas, chart, plot)
    _draw_x(canvas, chart, plot)


def mark_axis(canvas: Canvas, chart: Chart, plot: Plot, cursor: int) -> None:
    """A triangle below the position under the cursor, and its label."""
    canvas.put(plot.column(cursor), plot.top + plot.height, "▲", "cursor", bold=True)
    _label(canvas, plot, cursor, chart.labels[cursor], "cursor", bold=True)


def _draw_y(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    axis = plot.left - 1
    for row in range(plot.top, plot.top + plot.height):
        canvas.put(axis, row, "│", "axis")
    for tick in plot.scale.ticks:
        row = _stack_row(plot, tick) if chart.stacked else plot.row(tick)
        canvas.text(0, row, plot.scale.label(tick).rjust(axis), "dim")
        canvas.put(axis, row, "┤", "axis")


def _stack_row(plot: Plot, tick: float) -> int:
    """A stack's values are edges of rows: the tick is in the row below its edge."""
    return plot.top + plot.height - round((tick - plot.scale.low) / (plot.scale.high - plot.scale.low) * plot.height)


def _draw_x(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    row = plot.top + plot.height
    canvas.put(plot.left - 1, row, "┼" if chart.stacked else "└", "axis")
    canvas.text(plot.left, row, "─" * plot.width, "axis")
    for index in _ticks(chart, plot):
        canvas.put(plot.column(index), row, "┬", "axis")
        _label(canvas, plot, index, chart.labels[index], "dim")
    for index in chart.breaks:
        canvas.put(_between(plot, index), row, "╫", "text")


def _ticks(chart: Chart, plot: Plot) -> list[int]:
    """Evenly spaced whole layers; where positions lie unevenly, those whose labels do not touch."""
    if not chart.places:
        return layer_ticks(chart.labels, plot.width)
    kept: list[int] = []
    for index, label in enumerate(chart.labels):
        if not kept or plot.column(index) - plot.column(kept[-1]) > cell_len(label) + 1:
            kept.append(index)
    return kept


def _between(plot: Plot, index: int) -> int:
    return (plot.column(index - 1) + plot.column(index) + 1) // 2


def _label(canvas: Canvas, plot: Plot, index: int, label: str, ink: str, bold: bool = False) -> None:
    width = cell_len(label)
    start = min(max(plot.column(index) - width // 2, plot.left - 1), canvas.width - width)
    row = plot.top + plot.height + 1
    if bold:  # the label of the cursor pushes aside what it would run into
        _clear_words(canvas, start, start + width, row)
    canvas.text(start, row, label, ink, bold=bold)


def _clear_words(canvas: Canvas, start: int, end: int, row: int) -> None:
    while start > 0 and canvas.at(start - 1, row).char not in (" ", ""):
        start -= 1
    while end < canvas.width and canvas.at(end, row).char not in (" ", ""):
        end += 1
    canvas.text(start, row, " " * (end - start))
