"""Curves over layers: drawn in braille, named at their right ends."""

import numpy as np

from neurontui.tui.charts.model import Chart, Series, Value
from neurontui.tui.charts.terminal.axes import Plot
from neurontui.tui.charts.terminal.braille import rasterise
from neurontui.tui.charts.terminal.canvas import Canvas

EMPTY = " ⠀"
DASH = 3
"""Every third cell of a curve that others are compared with stays empty."""


def end_width(chart: Chart, rows: int) -> int:
    """Columns that the names at the right ends of the curves need: side by side where there are more than rows."""
    longest = max((len(series.letter) for series in chart.series), default=0)
    return _across(len(chart.series), rows) * (longest + 1)


def _across(count: int, rows: int) -> int:
    return max(-(-count // max(rows, 1)), 1)


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
    # The last drawn wins: the compared run goes below, the first series (all-shared neurons) is never covered.
    own = [series for series in chart.series if not series.reference]
    drawn = [*(series for series in chart.series if series.reference), *reversed(own)]
    dots = rasterise(
        [_joined(series.values, chart) if chart.joined else series.values for series in drawn],
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
                if series.reference and x % DASH == DASH - 1:
                    continue
                canvas.put(plot.left + x, plot.top + y, char, series.ink)


def _joined(values: tuple[Value, ...], chart: Chart) -> list[Value]:
    """The values with those between two known ones on the straight line from one to the other."""
    known = [index for index, value in enumerate(values) if value is not None]
    if not known:
        return list(values)
    at = [chart.place(index) for index in range(len(values))]
    line = np.interp(at, [at[index] for index in known], [float(values[index] or 0.0) for index in known])
    return [float(value) if known[0] <= index <= known[-1] else None for index, value in enumerate(line)]


def _write_ends(canvas: Canvas, chart: Chart, plot: Plot) -> None:
    """Letters beside the last values, moved apart where they would cover each other, never below the plot."""
    known = [(value, series) for series in chart.series if (value := _last(series)) is not None]
    ends = sorted(((plot.row(value), series) for value, series in known), key=lambda end: end[0])
    across, longest = _across(len(ends), plot.height), max((len(series.letter) for _, series in ends), default=0)
    lines = [ends[start : start + across] for start in range(0, len(ends), across)]
    taken = plot.top - 1
    for place, line in enumerate(lines):
        latest = plot.top + plot.height - (len(lines) - place)
        taken = min(max(line[0][0], taken + 1), max(latest, taken + 1))
        for number, (_, series) in enumerate(line):
            x = plot.left + plot.width + 1 + number * (longest + 1)
            canvas.text(x, taken, series.letter, series.ink, bold=True)


def _last(series: Series) -> float | None:
    return next((value for value in reversed(series.values) if value is not None), None)
