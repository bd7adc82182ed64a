"""Curves over layers: drawn in braille, named at their right ends."""

from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.charts.palette import ink_of
from neurontui.tui.charts.terminal.axes import Plot
from neurontui.tui.charts.terminal.braille import rasterise
from neurontui.tui.charts.terminal.canvas import Canvas

EMPTY = " ⠀"


def end_width(chart: Chart) -> int:
    """Columns that the names at the right ends of the curves need."""
    return 1 + max((len(series.letter) for series in chart.series), default=0)


def draw_lines(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    """Curves, the zero line where asked, and each curve's letter at its end."""
    if chart.zero:
        _draw_zero(canvas, plot)
    _draw_curves(canvas, chart, plot)
    _write_ends(canvas, chart, plot)


def mark_lines(canvas: Canvas, plot: Plot, x: int) -> None:
    """A thin line behind the curves of one column."""
    for y in range(plot.top, plot.top + plot.height):
        if canvas.at(x, y).char in (*EMPTY, "╌"):
            canvas.put(x, y, "│", "rule")


def _draw_zero(canvas: Canvas, plot: Plot) -> None:
    canvas.text(plot.left, plot.row(0.0), "╌" * plot.width, "rule")


def _draw_curves(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    drawn = sorted(
        chart.series, key=lambda series: not series.reference
    )  # last drawn wins: the compared run goes below
    dots = rasterise(
        [series.values for series in drawn],
        plot.scale.low,
        plot.scale.high,
        plot.width,
        plot.height,
        chart.places,
    )
    for y, row in enumerate(dots):
        for x, (char, number) in enumerate(row):
            if char not in EMPTY and 0 <= number < len(drawn):
                series = drawn[number]
                canvas.put(plot.left + x, plot.top + y, char, ink_of(series.role))


def _write_ends(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    """Letters beside the last values, moved apart where they would cover each other."""
    known = [(value, series) for series in chart.series if (value := _last(series)) is not None]
    ends = sorted(((plot.row(value), series) for value, series in known), key=lambda end: end[0])
    taken = plot.top - 1
    for place, (row, series) in enumerate(ends):
        latest = plot.top + plot.height - (len(ends) - place)
        taken = min(max(row, taken + 1), max(latest, taken + 1))
        canvas.text(plot.left + plot.width + 1, taken, series.letter, ink_of(series.role), bold=True)


def _last(series: Series) -> float | None:
    return next((value for value in reversed(series.values) if value is not None), None)
