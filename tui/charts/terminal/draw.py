"""Draw a chart over layers onto a canvas: the data first, then what moves with the cursor."""

from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.terminal.axes import Plot, draw_axes, mark_axis, place
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.lines import draw_lines, end_width, mark_lines
from neurontui.tui.charts.terminal.panels import draw_panels
from neurontui.tui.charts.terminal.stacked import draw_stacked, mark_stack


def draw_chart(canvas: Canvas, chart: Chart, cursor: int | None = None, textured: bool = False) -> Plot | None:
    """Axes, data and cursor; returns where the data went, or None where there was no room."""
    plots = draw_data(canvas, chart, textured)
    for plot in plots if cursor is not None else ():
        draw_cursor(canvas, plot, cursor or 0, textured)
    return plots[0] if plots else None


def draw_data(canvas: Canvas, chart: Chart, textured: bool, top: int = 0) -> list[Plot]:
    """Axes and data, below `top` rows that stay free for a title; panels become lines where they have no room.

    Returns the plots, one for each panel; none where there is no room.
    """
    if chart.panels and (plots := draw_panels(canvas, chart)):
        return plots
    rows = canvas.height - top - 2
    plot = place(canvas, chart, 0 if chart.stacked else end_width(chart, rows), top)
    if plot is None:
        return []
    draw_axes(canvas, chart, plot)
    if chart.stacked:
        draw_stacked(canvas, chart, plot, textured)
    else:
        draw_lines(canvas, chart, plot)
    return [plot]


def draw_cursor(canvas: Canvas, plot: Plot, cursor: int, textured: bool) -> None:
    """The cursor over a drawn chart."""
    if not 0 <= cursor < plot.chart.n:
        return
    mark_axis(canvas, plot.chart, plot, cursor)
    if plot.chart.stacked:
        mark_stack(canvas, plot, plot.column(cursor), textured)
    else:
        mark_lines(canvas, plot, plot.column(cursor))
