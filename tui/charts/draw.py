"""Draw a chart over layers onto a canvas."""

from neurontui.tui.charts.axes import Plot, draw_axes, place
from neurontui.tui.charts.canvas import Canvas
from neurontui.tui.charts.lines import draw_lines, end_width
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.stacked import draw_stacked


def draw_chart(
    canvas: Canvas, chart: Chart, cursor: int | None = None, textured: bool = False
) -> Plot | None:
    """Axes and data; returns where the data went, or None where there was no room."""
    plot = place(canvas, chart, 0 if chart.stacked else end_width(chart))
    if plot is None:
        return None
    draw_axes(canvas, chart, plot, cursor)
    if chart.stacked:
        draw_stacked(canvas, chart, plot, textured, cursor)
    else:
        draw_lines(canvas, chart, plot, cursor)
    return plot
