"""Draw a chart over layers onto a canvas: the data first, then what moves with the cursor."""

from dataclasses import replace

from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.charts.terminal.axes import Plot, draw_axes, mark_axis, place
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.lines import draw_lines, end_width, mark_lines
from neurontui.tui.charts.terminal.stacked import draw_stacked, mark_stack


def draw_chart(canvas: Canvas, chart: Chart, cursor: int | None = None, textured: bool = False) -> Plot | None:
    """Axes, data and cursor; returns where the data went, or None where there was no room."""
    if chart.panels:
        return _draw_panels(canvas, chart, cursor)
    plot = draw_data(canvas, chart, textured)
    if plot is not None and cursor is not None:
        draw_cursor(canvas, plot, cursor, textured)
    return plot


def draw_data(canvas: Canvas, chart: Chart, textured: bool, top: int = 0) -> Plot | None:
    """Axes and data, below `top` rows that stay free for a title."""
    plot = place(canvas, chart, 0 if chart.stacked else end_width(chart), top)
    if plot is None:
        return None
    draw_axes(canvas, chart, plot)
    if chart.stacked:
        draw_stacked(canvas, chart, plot, textured)
    else:
        draw_lines(canvas, chart, plot)
    return plot


def draw_cursor(canvas: Canvas, plot: Plot, cursor: int, textured: bool) -> None:
    """The cursor over a drawn chart."""
    if not 0 <= cursor < plot.chart.n:
        return
    mark_axis(canvas, plot.chart, plot, cursor)
    if plot.chart.stacked:
        mark_stack(canvas, plot, plot.column(cursor), textured)
    else:
        mark_lines(canvas, plot, plot.column(cursor))


def panel_groups(chart: Chart) -> list[tuple[Series, ...]]:
    """What each panel shows: a series, and the one it is compared with, whose letter is the same but small."""
    own = [series for series in chart.series if not series.reference]
    return [(series, *(g for g in chart.series if g.reference and g.letter == series.letter.lower())) for series in own]


def _draw_panels(canvas: Canvas, chart: Chart, cursor: int | None) -> Plot | None:
    """Small multiples, two a row; the cursor moves in all of them. The first one maps the mouse to a position."""
    groups = panel_groups(chart)
    count = len(groups)
    across = 2 if count > 1 else 1
    down = -(-count // across)
    width, height = canvas.width // across, canvas.height // max(down, 1)
    first: Plot | None = None
    for number, group in enumerate(groups):
        panel = Canvas(width - (across > 1), height)
        plot = draw_chart(panel, replace(chart, series=group, panels=False), cursor)
        name, role = f" {group[0].name} ", group[0].ink
        panel.text(plot.left if plot else 0, 0, name, role, bold=True)
        canvas.paste(panel, number % across * width, number // across * height)
        first = first or plot
    return first
