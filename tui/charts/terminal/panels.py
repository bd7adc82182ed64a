"""Small multiples: a panel for each curve, with a y axis of its own: small shares show as much as large ones."""

from dataclasses import replace

from neurontui.tui.charts.model import Chart, panel_groups
from neurontui.tui.charts.terminal.axes import Plot, draw_axes, place
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.lines import draw_lines, end_width


def draw_panels(canvas: Canvas, chart: Chart) -> list[Plot]:
    """Panels two a row; returns where the data of each went on the canvas. Empty where one has no room."""
    groups = panel_groups(chart)
    across = 2 if len(groups) > 1 else 1
    width, height = canvas.width // across, canvas.height // max(-(-len(groups) // across), 1)
    drawn = [_draw_panel(replace(chart, series=group, panels=False), width - (across > 1), height) for group in groups]
    plots = []
    for number, panel in enumerate(drawn):
        if panel is None:
            return []
        x, y = number % across * width, number // across * height
        canvas.paste(panel[0], x, y)
        plots.append(replace(panel[1], left=panel[1].left + x, top=panel[1].top + y))
    return plots


def _draw_panel(chart: Chart, width: int, height: int) -> tuple[Canvas, Plot] | None:
    """One panel below its name, which has a line of its own."""
    canvas = Canvas(width, height)
    plot = place(canvas, chart, end_width(chart, height - 3), 1)
    if plot is None:
        return None
    draw_axes(canvas, chart, plot)
    draw_lines(canvas, chart, plot)
    own = chart.series[0]
    canvas.text(canvas.text(plot.left, 0, f"{own.letter} ", own.ink, bold=True), 0, own.name, own.ink)
    return canvas, plot
