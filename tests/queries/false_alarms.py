"""How often a matrix of off-target without any effect has a significant cell, in NumPy, for many kinds of data.

    python -m tests.queries.false_alarms [--matrices 10000]

Prints a table: share of matrices with a cell whose p_holm is below 0.05, with its 95 % interval.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
BLOCKS, LEVEL, PART = 20, 0.05, 250
"""Blocks of the jackknife, level of the test, matrices drawn together."""
SIZES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "equal": lambda rng, n: np.full(n, 2),
    "1 to 6": lambda rng, n: rng.integers(1, 7, n),
    "1 or 10": lambda rng, n: np.where(rng.random(n) < 0.3, 10, 1),
}
"""Examples of each cluster."""
NOISE: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(3, size=shape),
}
"""Difference between set and control by cluster; the mean is 0 and the distribution symmetric."""


def degrees_of_freedom(sizes: Array) -> int:
    """Effective number (Kish) of blocks with these numbers of examples, rounded down, minus one; at least 1."""
    return max(1, int(sizes.sum()) ** 2 // int((sizes**2).sum()) - 1)


def t_values(sums: Array, n: Array) -> tuple[Array, Array]:
    """t of a mean over examples by delete-a-block jackknife, (R, K), and the numbers of examples of the blocks.

    sums: (R, C, K) sums over the examples of each cluster; n: (C,) numbers of examples.
    """
    block = np.unique(np.arange(len(n)) * BLOCKS // len(n), return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    sizes = np.add.reduceat(n, starts)
    blocks = np.add.reduceat(sums, starts, axis=1)
    whole = blocks.sum(1)
    without = (whole[:, None] - blocks) / (n.sum() - sizes)[:, None]
    return whole / n.sum() / np.sqrt((len(sizes) - 1) * without.var(1)), sizes


@cache
def quantile(level: float, degrees: int) -> float:
    """Two-sided quantile of Student's t. With t = sqrt(degrees) tan u, the density of u is cos^(degrees-1)."""
    u = np.linspace(0, math.pi / 2, 200_001)
    inside = np.cumsum(np.cos(u) ** (degrees - 1))
    return math.sqrt(degrees) * math.tan(float(np.interp(level, inside / inside[-1], u)))


def share_of_alarms(
    clusters: int, languages: int, sizes: str, noise: str, matrices: int, degrees: Callable[[Array], int]
) -> float:
    """Share of matrices with a significant cell. Holm's smallest value is the smallest p times the number of cells."""
    rng, cells, alarms = np.random.default_rng(clusters), languages**2, 0
    draw = NOISE[noise]
    for _ in range(matrices // PART):
        n = SIZES[sizes](rng, clusters)
        shape = (PART, clusters, languages)
        means = (draw(rng, (*shape, 1)) + draw(rng, (*shape, languages))).reshape(PART, clusters, cells)
        means += rng.normal(size=means.shape) * 0.3 / np.sqrt(n)[:, None]
        t, blocks = t_values(means * n[:, None], n)
        alarms += int((np.abs(t) > quantile(1 - LEVEL / cells, degrees(blocks))).any(1).sum())
    return alarms / (matrices // PART * PART)


def rows(matrices: int) -> Iterator[str]:
    """Markdown, row by row; the last column is the rate without fewer degrees of freedom for unequal blocks."""
    yield f"| clusters | examples of a cluster | languages | {' | '.join(NOISE)} | blocks minus 1 |"
    yield "|---|---|---|---|---|---|"
    for sizes in SIZES:
        for clusters in (8, 12, 24, 39, 60, 120):
            for languages in (4, 10):
                design = clusters, languages, sizes
                shares = [share_of_alarms(*design, noise, matrices, degrees_of_freedom) for noise in NOISE]
                naive = share_of_alarms(*design, "normal", matrices, lambda blocks: len(blocks) - 1)
                texts = " | ".join(_percent(share, matrices) for share in (*shares, naive))
                yield f"| {clusters} | {sizes} | {languages} | {texts} |"


def _percent(share: float, n: int) -> str:
    return f"{100 * share:.1f} ± {196 * math.sqrt(share * (1 - share) / n):.1f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrices", type=int, default=10_000)
    for line in rows(parser.parse_args().matrices):
        print(line, flush=True)
