"""Sums over tokens of what every neuron does: counts above and below a value, sums and sums of squares.

It processes every token of a corpus, so it must be fast. Sums over one pass are float32, those over passes float64.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Statistic = Callable[[Tensor, Tensor], Tensor]
"""Values (n, d) and a buffer of the same shape in float32 -> what is summed, (n, d), in the buffer or as float32."""


def above(threshold: float) -> Statistic:
    """1 where a value is greater."""
    return lambda values, buffer: torch.gt(values, threshold, out=buffer)


def below(threshold: float) -> Statistic:
    """1 where a value is smaller."""
    return lambda values, buffer: torch.lt(values, threshold, out=buffer)


def value(values: Tensor, _: Tensor) -> Tensor:
    """The value itself."""
    return values.float()


def square(values: Tensor, buffer: Tensor) -> Tensor:
    """Its square."""
    exact = values.float()
    return torch.mul(exact, exact, out=buffer)


def sum_tokens(values: Tensor, counted: Tensor, statistics: Sequence[Statistic]) -> Tensor:
    """Sum of each statistic over the counted tokens, (S, d) float64, on the device of the values.

    values: (N, d), a row per token; counted: (N,) bool. A few rows at a time, in a small buffer that stays in the cache
    of a CPU; counts are exact.
    """
    sums = torch.zeros(len(statistics), values.shape[1], dtype=torch.float64, device=values.device)
    step = max(1, (_BUFFER_GPU if values.is_cuda else _BUFFER) // values.shape[1])
    buffer = torch.empty(min(step, len(values)), values.shape[1], device=values.device)
    weights = counted.float()
    for start in range(0, len(values), step):
        part, weight = values[start : start + step], weights[None, start : start + step]
        for index, statistic in enumerate(statistics):
            sums[index] += _weighted_sum(weight, statistic(part, buffer[: len(part)]))
    return sums


def _weighted_sum(weight: Tensor, values: Tensor) -> Tensor:
    """(d,). A product of matrices is fastest on a CPU; on a GPU it could be rounded to TF32."""
    return (weight.T * values).sum(0) if values.is_cuda else (weight @ values)[0]


_BUFFER, _BUFFER_GPU = 1 << 18, 1 << 26
"""Numbers in the buffer: 1 MiB, and 256 MiB on a GPU, where few large steps are faster."""
