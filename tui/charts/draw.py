"""Draw a chart over layers onto a canvas."""

from dataclasses import replace

from neurontui.tui.charts.axes import Plot, draw_axes, place
from neurontui.tui.charts.canvas import Canvas
from neurontui.tui.charts.lines import draw_lines, end_width
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.stacked import draw_stacked


def draw_chart(
    canvas: Canvas, chart: Chart, cursor: int | None = None, textured: bool = False
) -> Plot | None:
    """Axes and data; returns where the data went, or None where there was no room."""
    if chart.panels:
        return _draw_panels(canvas, chart, cursor)
    plot = place(canvas, chart, 0 if chart.stacked else end_width(chart))
    if plot is None:
        return None
    draw_axes(canvas, chart, plot, cursor)
    if chart.stacked:
        draw_stacked(canvas, chart, plot, textured, cursor)
    else:
        draw_lines(canvas, chart, plot, cursor)
    return plot


def _draw_panels(canvas: Canvas, chart: Chart, cursor: int | None) -> Plot | None:
    """Small multiples, two a row; the cursor moves in all of them. The first one tells where the mouse is."""
    count = len(chart.series)
    across = 2 if count > 1 else 1
    down = -(-count // across)
    width, height = canvas.width // across, canvas.height // max(down, 1)
    first: Plot | None = None
    for number, series in enumerate(chart.series):
        panel = Canvas(width - (across > 1), height)
        single = replace(chart, series=(series,), panels=False)
        plot = draw_chart(panel, single, cursor)
        panel.text(plot.left if plot else 0, 0, f" {series.name} ", series.role, bold=True)
        canvas.paste(panel, number % across * width, number // across * height)
        first = first or plot
    return first
