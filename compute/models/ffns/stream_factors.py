"""Numbers that multiply the whole residual stream at the end of a block, as in Gemma 4.

What a neuron adds inside a block is multiplied by the factor of its block and of all later blocks before the output
embedding reads it. Found by behavior: a tensor of one number that belongs to a block itself, and that scales the
block's whole output.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.probe_pass import Place, blocks_of, run_probe

_TOLERANCE = 4
"""Relative difference, in units of the precision, that is rounding."""


@dataclass(frozen=True)
class StreamFactors:
    """Factors of the blocks of all layers."""

    numbers: tuple[Tensor, ...] = ()
    """The tensors in the model."""
    by_layer: tuple[float, ...] = ()
    """What each layer's additions are multiplied by before the end of its stack; empty if there are no factors."""

    def of(self, index: int) -> float:
        """The factor of layer `index` of the run."""
        return self.by_layer[index] if self.by_layer else 1.0

    @contextmanager
    def set_to_one(self) -> Iterator[None]:
        """Context in which no block multiplies its output."""
        with _set_to_one(self.numbers):
            yield


@torch.no_grad()
def find_stream_factors(model: Any, ffns: Sequence[FFN]) -> StreamFactors:
    """The factors of all blocks; none if the model has no such numbers or does not run on a short probe."""
    block_of = blocks_of(model)
    if any(id(ffn.value) not in block_of for ffn in ffns):
        return StreamFactors()
    blocks = [block_of[id(ffn.value)] for ffn in ffns]
    numbers = [_number(block) for block in blocks]
    if all(number is None for number in numbers):
        return StreamFactors()
    places = [Place(ffn.writer, block) for ffn, block in zip(ffns, blocks, strict=True)]
    scaling = _scaling(model, places, numbers)
    factors = [1.0 if number is None else float(number) for number in scaling]
    by_layer = [_product(ffns, factors, index) for index in range(len(ffns))]
    return StreamFactors(tuple(number for number in scaling if number is not None), tuple(by_layer))


def _number(block: nn.Module) -> Tensor | None:
    """The only tensor of one number that belongs to a block itself."""
    own = [*block.named_buffers(recurse=False), *block.named_parameters(recurse=False)]
    numbers = [tensor for _, tensor in own if tensor.numel() == 1 and tensor.is_floating_point() and not tensor.is_meta]
    return numbers[0] if len(numbers) == 1 else None


def _scaling(model: Any, places: Sequence[Place], numbers: Sequence[Tensor | None]) -> list[Tensor | None]:
    """The numbers that multiply the whole output of their block."""
    try:
        plain = run_probe(model, places)
        kept = {index: record.block_output for index, record in enumerate(plain) if record.block_output is not None}
        with _set_to_one([number for number in numbers if number is not None]):
            unscaled = run_probe(model, places, None, kept)
    except (RuntimeError, ValueError, TypeError, IndexError):
        return [None] * len(numbers)
    return [
        number if number is not None and _multiplies(number, before.block_output, after.block_output) else None
        for number, before, after in zip(numbers, plain, unscaled, strict=True)
    ]


def _multiplies(number: Tensor, output: Tensor | None, unscaled: Tensor | None) -> bool:
    if output is None or unscaled is None:
        return False
    difference = torch.linalg.vector_norm(output.float() - float(number) * unscaled.float())
    return bool(difference <= _TOLERANCE * torch.finfo(output.dtype).eps * torch.linalg.vector_norm(output.float()))


def _product(ffns: Sequence[FFN], factors: Sequence[float], index: int) -> float:
    """The factors of a layer and of all later ones of its stack."""
    here, product = ffns[index].layer, 1.0
    for ffn, factor in zip(ffns, factors, strict=True):
        if ffn.layer.stack == here.stack and ffn.layer.position >= here.position:
            product *= factor
    return product


@contextmanager
def _set_to_one(numbers: Sequence[Tensor]) -> Iterator[None]:
    values = [number.clone() for number in numbers]
    try:
        with torch.no_grad():
            for number in numbers:
                number.fill_(1)
        yield
    finally:
        with torch.no_grad():
            for number, value in zip(numbers, values, strict=True):
                number.copy_(value)
