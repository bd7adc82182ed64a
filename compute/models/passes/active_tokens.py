"""Count the tokens at which each neuron is active. It processes every token, so it must be fast."""

import torch
from torch import Tensor


def count_active(values: Tensor, threshold: float, real: Tensor | None) -> Tensor:
    """Tokens with value > threshold, (B, d_m) int32.

    values: (B, T, d_m); real: (B, T) bool, real tokens; None: all tokens are real.
    """
    if values.is_cuda:
        return _by_flags(values, threshold, real)
    return _by_floats(values, threshold, real)


def _by_flags(values: Tensor, threshold: float, real: Tensor | None) -> Tensor:
    """Sum of bytes; on a GPU the memory bandwidth is the limit."""
    active = values > threshold
    if real is not None:
        active &= real[..., None]
    return active.sum(1, dtype=torch.int32)


def _by_floats(values: Tensor, threshold: float, real: Tensor | None) -> Tensor:
    """Ones and zeros as float32, a few prompts at a time in a small buffer, summed by a product with `real`.

    On a CPU four times faster than `_by_flags`, because the buffer stays in its cache; exact up to 2²⁴ tokens.
    """
    n_inputs, n_tokens, width = values.shape
    step = max(1, _BUFFER // (n_tokens * width))
    buffer = torch.empty(min(step, n_inputs), n_tokens, width)
    counted = torch.ones(n_inputs, n_tokens) if real is None else real.float()
    counts = torch.empty(n_inputs, width, dtype=torch.int32)
    for start in range(0, n_inputs, step):
        part = slice(start, start + step)
        flags = torch.gt(values[part], threshold, out=buffer[: len(values[part])])
        counts[part] = torch.bmm(counted[part, None], flags)[:, 0]
    return counts


_BUFFER = 1 << 18
"""Numbers in the buffer: 1 MiB."""
