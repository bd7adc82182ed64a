"""Reproducible random numbers: one for each (seed, example, layer, neuron), independent of batch, machine and order.

A counter-based generator (splitmix64 of a hashed key) in integer arithmetic, so the CPU and any GPU agree.
"""

import hashlib

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def random_keys(seed: int, example_ids: list[str], layer: int, n: int, device: torch.device) -> Tensor:
    """Random int64 keys (E, n), independent over seeds, examples and layers."""
    starts = [_hash(f"{seed} {layer} {example}") for example in example_ids]
    start = torch.tensor(starts, dtype=torch.int64, device=device)
    steps = torch.arange(1, n + 1, dtype=torch.int64, device=device) * _signed(_GOLDEN)
    mixed = start[:, None] + steps
    for shift, factor in _MIX:
        mixed = (mixed ^ _shift_right(mixed, shift)) * _signed(factor)
    return mixed ^ _shift_right(mixed, 31)


def fractions(keys: Tensor) -> Tensor:
    """Random keys as float64 in [0, 1)."""
    return _shift_right(keys, 11).double() / (1 << 53)


def smallest(keys: Tensor, n: int) -> Tensor:
    """Which of the keys (R, d) are among the n smallest of their row, bool."""
    chosen = torch.zeros_like(keys, dtype=torch.bool)
    return chosen.scatter_(-1, keys.topk(n, dim=-1, largest=False, sorted=False).indices, True)


def _shift_right(values: Tensor, n: int) -> Tensor:
    """Logical right shift; torch's shift is arithmetic."""
    return (values >> n) & ((1 << (64 - n)) - 1)


def _hash(place: str) -> int:
    return int.from_bytes(hashlib.blake2b(place.encode(), digest_size=8).digest(), "little", signed=True)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
