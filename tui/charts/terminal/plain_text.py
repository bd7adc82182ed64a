"""Charts as plain text, for a file or a message."""

from rich.cells import cell_len

from neurontui.tui.charts.model import Bars, Chart, Drawing, Matrix
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.draw import draw_chart
from neurontui.tui.common.number_formats import plus_minus
from neurontui.tui.common.sanitize import clean, fit


def to_text(drawing: Drawing, width: int = 100, height: int = 28) -> str:
    """Any chart in at most `width` columns."""
    if isinstance(drawing, Chart):
        return _chart(drawing, width, height)
    return _matrix(drawing) if isinstance(drawing, Matrix) else _bars(drawing, width)


def _chart(chart: Chart, width: int, height: int) -> str:
    canvas = Canvas(width, height)
    draw_chart(canvas, chart, textured=True)
    legend = "   ".join(f"{series.letter} {clean(chart.legend(series))}" for series in chart.series)
    return "\n".join([f"{clean(chart.title)} ({chart.unit}, by {chart.x_title})", *canvas.lines(), legend])


def _matrix(matrix: Matrix) -> str:
    label = max((cell_len(clean(name)) for name in matrix.rows), default=0)
    cell = max([6, *(cell_len(clean(name)) + 1 for name in matrix.columns)])
    lines = [
        f"{clean(matrix.title)} ({matrix.unit_text})",
        " " * label + "".join(fit(name, cell, "right") for name in matrix.columns),
    ]
    for row, name in enumerate(matrix.rows):
        values = (matrix.text(row, column) for column in range(len(matrix.columns)))
        lines.append(fit(name, label, "right") + "".join(text.rjust(cell) for text in values))
    return "\n".join(lines)


def _bars(bars: Bars, width: int) -> str:
    label = max((cell_len(clean(item.name)) for item in bars.bars), default=0)
    room = max(width - label - 24, 10)
    lines = [f"{clean(bars.title)} ({bars.unit}; bars: {bars.scale})"]
    for item in bars.bars:
        number = plus_minus(item.value, item.half)
        lines.append(f"{fit(item.name, label)} {bar(item.value, bars.end, room)} {number} {clean(item.note)}".rstrip())
    return "\n".join(lines)
