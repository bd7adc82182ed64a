"""Charts as SVG, drawn from the numbers: for papers and slides, on white."""

from html import escape

from neurontui.tui.charts.model import Bars, Chart, Drawing, Matrix, Series
from neurontui.tui.charts.palette import LIGHT, ink_of, ink_on, shade
from neurontui.tui.charts.terminal.scale import layer_ticks, value_scale
from neurontui.tui.common.sanitize import clean

WIDTH, HEIGHT = 720.0, 400.0
LEFT, RIGHT, TOP, BOTTOM = 60.0, 150.0, 44.0, 46.0


def to_svg(drawing: Drawing) -> str:
    """Any chart as a document of its own."""
    if isinstance(drawing, Chart):
        return _chart(drawing)
    return _matrix(drawing) if isinstance(drawing, Matrix) else _bars(drawing)


def _document(width: float, height: float, title: str, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#1F2733">'
    )
    back = f'<rect width="{width:g}" height="{height:g}" fill="#FFFFFF"/>'
    return "\n".join([head, back, _words(LEFT, 24, title, size=15, weight="bold"), *parts, "</svg>"]) + "\n"


def _words(
    x: float,
    y: float,
    text: str,
    anchor: str = "start",
    size: int = 12,
    fill: str = "#1F2733",
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" '
        f'font-weight="{weight}">{escape(clean(text))}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, dash: str = "") -> str:
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width:g}"{extra}/>'


class _Frame:
    """Maps positions and values to places on the page."""

    def __init__(self, chart: Chart) -> None:
        low, high = chart.extent()
        self.scale = value_scale(low, high, 24)
        self.chart = chart

    def x(self, index: float) -> float:
        return LEFT + self.chart.place(index) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.scale.low) / (self.scale.high - self.scale.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _chart(chart: Chart) -> str:
    frame = _Frame(chart)
    parts = _axes(chart, frame)
    parts += _areas(chart, frame) if chart.stacked else [part for each in chart.series for part in _curve(each, frame)]
    parts += _legend(chart)
    return _document(WIDTH, HEIGHT, chart.title, parts)


def _axes(chart: Chart, frame: _Frame) -> list[str]:
    parts = []
    for tick in frame.scale.ticks:
        y = frame.y(tick)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "#D0D5DD", 2 if chart.zero and tick == 0 else 1))
        parts.append(_words(LEFT - 8, y + 4, frame.scale.label(tick), "end", 11, "#5F6979"))
    for index in range(chart.n) if chart.places else layer_ticks(chart.labels, 72):
        x = frame.x(index)
        parts.append(_line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5, "#8A93A3"))
        parts.append(_words(x, HEIGHT - BOTTOM + 18, chart.labels[index], "middle", 11, "#5F6979"))
    parts += [
        _line(frame.x(i - 0.5), TOP, frame.x(i - 0.5), HEIGHT - BOTTOM, "#8A93A3", 1, "3 3") for i in chart.breaks
    ]
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(_words(middle, HEIGHT - 10, chart.x_title, "middle"))
    parts.append(_words(LEFT - 8, TOP - 10, chart.unit, "end", 11, "#5F6979"))
    return parts


def _areas(chart: Chart, frame: _Frame) -> list[str]:
    parts, below = [], [0.0] * chart.n
    for series in chart.series:
        above = [base + (value or 0.0) for base, value in zip(below, series.values, strict=True)]
        edge = [f"{frame.x(i):.1f},{frame.y(v):.1f}" for i, v in enumerate(above)]
        back = [f"{frame.x(i):.1f},{frame.y(v):.1f}" for i, v in reversed(list(enumerate(below)))]
        parts.append(f'<polygon points="{" ".join(edge + back)}" fill="{LIGHT.colors[series.role]}"/>')
        below = above
    return parts


def _curve(series: Series, frame: _Frame) -> list[str]:
    """A line cut at missing values, over its interval as a band."""
    colour, parts = LIGHT.colors.get(ink_of(series.role), "#1F2733"), []
    for piece in _pieces(series):
        if series.half and len(piece) > 1:
            upper = [f"{frame.x(i):.1f},{frame.y(v + (h or 0.0)):.1f}" for i, v, h in piece]
            lower = [f"{frame.x(i):.1f},{frame.y(v - (h or 0.0)):.1f}" for i, v, h in reversed(piece)]
            parts.append(f'<polygon points="{" ".join(upper + lower)}" fill="{colour}" opacity="0.18"/>')
        points = " ".join(f"{frame.x(i):.1f},{frame.y(v):.1f}" for i, v, _ in piece)
        dash = ' stroke-dasharray="5 4"' if series.reference else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    return parts


def _pieces(series: Series) -> list[list[tuple[int, float, float | None]]]:
    pieces: list[list[tuple[int, float, float | None]]] = [[]]
    for index, value in enumerate(series.values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((index, value, series.half[index] if index < len(series.half) else None))
    return [piece for piece in pieces if piece]


def _legend(chart: Chart) -> list[str]:
    parts = []
    for row, series in enumerate(reversed(chart.series) if chart.stacked else chart.series):
        y = TOP + 16 + 20 * row
        colour = LIGHT.colors.get(ink_of(series.role), "#1F2733")
        parts.append(f'<rect x="{WIDTH - RIGHT + 14:.1f}" y="{y - 10:.1f}" width="12" height="12" fill="{colour}"/>')
        parts.append(_words(WIDTH - RIGHT + 32, y, f"{series.letter}  {chart.legend(series)}"))
    return parts


def _matrix(matrix: Matrix) -> str:
    cell, extent, parts = (44.0, 26.0), matrix.extent(), []
    width = LEFT + 40 + cell[0] * len(matrix.columns) + 20
    height = TOP + 30 + cell[1] * len(matrix.rows) + 20
    for column, name in enumerate(matrix.columns):
        parts.append(_words(LEFT + 40 + cell[0] * (column + 0.5), TOP + 18, name, "middle", 11))
    for row, name in enumerate(matrix.rows):
        parts.append(_words(LEFT + 32, TOP + 30 + cell[1] * row + 17, name, "end", 11))
    for row, column, value in matrix.cells():
        if value is not None:
            x, y = LEFT + 40 + cell[0] * column, TOP + 28 + cell[1] * row
            paper = shade(value, extent, matrix.diverging)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell[0] - 1:g}" height="{cell[1] - 1:g}" fill="{paper}"/>'
            )
            parts.append(_words(x + cell[0] / 2, y + 17, f"{value:.1f}", "middle", 11, ink_on(paper)))
    return _document(width, height, f"{matrix.title} ({matrix.unit})", parts)


def _bars(bars: Bars) -> str:
    label, room, step = 190.0, 380.0, 24.0
    highest = max([each.value or 0.0 for each in bars.bars] + [1e-12])
    parts = []
    for row, each in enumerate(bars.bars):
        y = TOP + 10 + step * row
        length = max(each.value or 0.0, 0.0) / highest * room
        parts.append(_words(label - 8, y + 13, each.name, "end"))
        parts.append(
            f'<rect x="{label:.1f}" y="{y:.1f}" width="{length:.1f}" height="{step - 7:g}" fill="{LIGHT.colors.get(each.role, "#0072B2")}"/>'
        )
        if each.half is not None and each.value is not None:
            reach = each.half / highest * room
            parts.append(_line(label + length - reach, y + 8, label + length + reach, y + 8, "#1F2733", 1.5))
        number = "–" if each.value is None else f"{each.value:.1f}"
        parts.append(
            _words(
                label + length + 10 + (each.half or 0.0) / highest * room,
                y + 13,
                f"{number} {each.note}",
            )
        )
    return _document(label + room + 120, TOP + 30 + step * len(bars.bars), f"{bars.title} ({bars.unit})", parts)
