"""Where ticks go: round numbers on the y axis, whole layers on the x axis."""

import math
import sys
from dataclasses import dataclass

from rich.cells import cell_len


@dataclass(frozen=True)
class Scale:
    """Limits of the y axis and its ticks, lowest first."""

    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int

    def label(self, tick: float) -> str:
        """The tick as text, every tick with the same digits."""
        return f"{tick:.{self.digits}f}"

    @property
    def label_width(self) -> int:
        """Cells the widest label takes."""
        return max(cell_len(self.label(tick)) for tick in self.ticks)


_SAME = 1e-7
"""Values whose difference is a smaller share of their size are drawn as equal: ticks between them would coincide."""


def value_scale(low: float, high: float, rows: int) -> Scale:
    """A scale around low to high with a tick about every third row, and never two on one row."""
    if not (math.isfinite(low) and math.isfinite(high)) or high - low < _least_range(low, high):
        middle = low if math.isfinite(low) else 0.0
        low, high = middle - 0.5 * max(abs(middle), 1.0), middle + 0.5 * max(abs(middle), 1.0)
    step = _round_step((high - low) / max(min(rows // 3, 8), 2))
    bottom, top, count = _around(low, high, step)
    while count > max(rows - 1, 2):
        step = _round_step(1.01 * step)
        bottom, top, count = _around(low, high, step)
    return Scale(bottom, top, tuple(bottom + step * i for i in range(count + 1)), _digits(step))


def _least_range(low: float, high: float) -> float:
    return max(_SAME * max(abs(low), abs(high)), sys.float_info.min)


def _around(low: float, high: float, step: float) -> tuple[float, float, int]:
    """The multiples of a step that hold low and high between them, and how many steps they are apart."""
    bottom = math.floor(low / step + 1e-9) * step
    top = math.ceil(high / step - 1e-9) * step
    return bottom, top, round((top - bottom) / step)


def stack_scale(total: float, rows: int) -> Scale:
    """A scale from zero to `total` whose ticks fall on the edges of rows where that is possible."""
    for parts in (10, 5, 4, 2, 1):
        if rows >= parts * 2:
            break
    step = total / parts
    return Scale(0.0, total, tuple(step * i for i in range(parts + 1)), _digits(step))


def _round_step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if rough <= factor * size * (1 + 1e-9):
            return float(factor * size)
    return 10 * size


def _digits(step: float) -> int:
    for digits in range(12):
        if abs(round(step, digits) - step) < 1e-9 * max(step, 1e-9):
            return digits
    return 12


def layer_ticks(labels: tuple[str, ...], columns: int) -> list[int]:
    """Positions of `labels` that get a tick in `columns` cells: evenly spaced, always whole layers."""
    n = len(labels)
    if n <= 1:
        return list(range(n))
    widest = max(cell_len(label) for label in labels) + 1
    room = (columns - 1) / (n - 1)
    for step in (1, 2, 4, 5, 8, 10, 16, 20, 25, 50, 100, 200, 500):
        if step * room >= widest:
            return list(range(0, n, step))
    return [0]
