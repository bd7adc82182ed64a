"""Bars and sparklines from eighth blocks."""

from collections.abc import Sequence

from neurontui.tui.charts.model import Value

UP = " ▁▂▃▄▅▆▇█"
RIGHT = " ▏▎▍▌▋▊▉█"


def bar(value: Value, highest: float, width: int) -> str:
    """A horizontal bar from zero, in `width` cells; any value above zero shows at least a sliver."""
    if value is None or highest <= 0 or value <= 0:
        return " " * width
    eighths = min(max(round(value / highest * width * 8), 1), width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (RIGHT[rest] if rest else "")).ljust(width)


def spark(values: Sequence[Value], low: float, high: float, width: int) -> str:
    """One row of upright bars, `width` cells in all; a missing value leaves a gap."""
    return "".join(_level(value, low, high) for value in resample(values, width))


def _level(value: Value, low: float, high: float) -> str:
    if value is None:
        return "·"
    share = 0.0 if high <= low else (value - low) / (high - low)
    return UP[1 + min(max(round(share * 7), 0), 7)]


def resample(values: Sequence[Value], width: int) -> list[Value]:
    """The values over `width` cells: each repeated where there is room, neighbours averaged where not."""
    n = len(values)
    if n == 0 or width <= 0:
        return [None] * max(width, 0)
    if width >= n:
        return [values[min(cell * n // width, n - 1)] for cell in range(width)]
    return [
        _mean(values[cell * n // width : max((cell + 1) * n // width, cell * n // width + 1)]) for cell in range(width)
    ]


def _mean(values: Sequence[Value]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
