"""Stacked areas in eighths of a cell: shares of a whole, over layers."""

from neurontui.tui.charts.model import Chart, Value
from neurontui.tui.charts.palette import TEXTURES
from neurontui.tui.charts.terminal.axes import Plot
from neurontui.tui.charts.terminal.blocks import UP
from neurontui.tui.charts.terminal.canvas import Canvas

LETTER_EVERY = 14
"""Columns between two letters that name an area."""


def draw_stacked(canvas: Canvas, chart: Chart, plot: Plot, textured: bool) -> None:
    """Fill the plot with the series of `chart`, the first at the bottom."""
    for column in range(plot.width):
        edges = _edges(chart, plot, column)
        if edges is not None:
            _draw_column(canvas, chart, plot, column, edges, textured)
    _write_letters(canvas, chart, plot, textured)


def _edges(chart: Chart, plot: Plot, column: int) -> list[float] | None:
    """Upper edges of the series in one column, in eighths of a cell from the bottom; None where a value is missing."""
    place = column * (chart.n - 1) / (plot.width - 1) if chart.n > 1 else 0.0
    height, edges = 0.0, []
    for series in chart.series:
        value = _between(series.values, place)
        if value is None:
            return None
        height += value
        edges.append(min(height / chart.total, 1.0) * plot.height * 8)
    return edges


def _between(values: tuple[Value, ...], place: float) -> Value:
    left = min(int(place), len(values) - 1)
    right = min(left + 1, len(values) - 1)
    first, second = values[left], values[right]
    if first is None or second is None:
        return first if place - left < 0.5 else second
    return first + (second - first) * (place - left)


def _draw_column(canvas: Canvas, chart: Chart, plot: Plot, column: int, edges: list[float], textured: bool) -> None:
    for row in range(plot.height):
        shares = _shares(edges, row * 8.0)
        if not any(shares):
            continue
        y = plot.top + plot.height - 1 - row
        if textured:
            role = chart.series[shares.index(max(shares))].role
            canvas.put(plot.left + column, y, TEXTURES.get(role, "█"), role)
        else:
            _put_split(canvas, chart, plot.left + column, y, shares)


def _shares(edges: list[float], bottom: float) -> list[float]:
    """Eighths of the cell from `bottom` up that each series fills."""
    shares, below = [], 0.0
    for edge in edges:
        shares.append(max(0.0, min(edge, bottom + 8) - max(below, bottom)))
        below = edge
    return shares


def _put_split(canvas: Canvas, chart: Chart, x: int, y: int, shares: list[float]) -> None:
    """A cell shows two series at most: of three, the thinnest gives way, but never all-shared neurons."""
    kept = [chart.series[i].role == "all-shared" and share > 0 for i, share in enumerate(shares)]
    present = sorted(sorted(range(len(shares)), key=lambda i: (not kept[i], -shares[i]))[:2])
    filled = sum(shares)
    lower, upper = present[0], present[-1]
    if (shares[lower] < 0.5 and not kept[lower]) or shares[upper] < 0.5:
        only = lower if shares[lower] >= shares[upper] else upper
        top = round(filled)
        canvas.put(x, y, UP[top] if top < 8 else " ", *_roles(chart.series[only].role, top))
        return
    cut = min(max(round(shares[lower] / (shares[lower] + shares[upper]) * 8), 1), 7)
    canvas.put(x, y, UP[cut], chart.series[lower].role, chart.series[upper].role)


def _roles(role: str, top: int) -> tuple[str | None, str | None]:
    """A full cell is paper of that color; one filled in part, as under rounding, is ink on the background."""
    return (None, role) if top >= 8 else (role, None)


def _write_letters(canvas: Canvas, chart: Chart, plot: Plot, textured: bool) -> None:
    """Name each area by its letter where it is a full row thick."""
    for column in range(LETTER_EVERY // 2, plot.width, LETTER_EVERY):
        edges = _edges(chart, plot, column)
        if edges is None:
            continue
        for series, low, high in zip(chart.series, [0.0, *edges], edges, strict=False):
            row = _full_row(low, high)
            if row is not None:
                y = plot.top + plot.height - 1 - row
                paper = None if textured else series.role
                canvas.put(
                    plot.left + column,
                    y,
                    series.letter,
                    "text" if textured else _ink(series.role),
                    paper,
                    bold=True,
                )


def _full_row(low: float, high: float) -> int | None:
    """The row in the middle of an area, if the area fills it from edge to edge."""
    row = int((low + high) / 2 // 8)
    return row if low <= row * 8 + 1 and high >= row * 8 + 7 else None


def _ink(role: str) -> str:
    return "text" if role == "non-activated" else "ink"


def mark_stack(canvas: Canvas, plot: Plot, x: int, textured: bool) -> None:
    """A line through the areas of one column."""
    for y in range(plot.top, plot.top + plot.height):
        cell = canvas.at(x, y)
        lower = cell.char in UP[4:]  # more than half of the cell belongs to the series below
        paper = None if textured else (cell.ink if lower and cell.ink else cell.paper or cell.ink)
        canvas.put(x, y, "│", "cursor", paper)
