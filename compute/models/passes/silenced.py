"""Set the weight of one neuron to zero at one position, another neuron in each input of a forward pass."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN


@contextmanager
def silenced(ffn: FFN, neurons: Tensor, position: int) -> Iterator[None]:
    """Context in which w of neuron `neurons[k]` of an FFN is 0 for input k at a position, equal for all K inputs."""
    with ExitStack() as stack:
        for part, columns in ffn.parts_with_columns():
            hook = _hook(part, neurons - columns.start, position)
            stack.callback(part.value.register_forward_pre_hook(hook).remove)
        yield


def _hook(part: FFN, neurons: Tensor, position: int) -> Any:
    """neurons: (K,) among those of this part; others, below 0 or too large, are in another part."""

    def hook(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        own = neurons.to(args[0].device)
        rows = ((own >= 0) & (own < part.layer.n_neurons)).nonzero()[:, 0]
        weights = args[0].clone()
        if isinstance(part, ExpertsFFN):
            pairs, columns = _pairs(part, own, position, weights.shape[-1])
            weights[pairs, columns] = 0
        else:
            weights.view(len(own), -1, weights.shape[-1])[rows, position, own[rows]] = 0
        return (weights, *args[1:])

    return hook


def _pairs(part: ExpertsFFN, own: Tensor, position: int, width: int) -> tuple[Tensor, Tensor]:
    """The pairs (token, expert) with a neuron to silence, and its column in the expert; none for experts not run."""
    row, at = part.router.places(len(own))
    pairs = ((at == position) & (part.router.expert == own[row].div(width, rounding_mode="floor"))).nonzero()[:, 0]
    return pairs, own[row[pairs]] % width


def padded_with_last(neurons: Tensor, size: int) -> Tensor:
    """Neurons repeated at the end to a fixed number, so that every pass has the same shape and rounding."""
    return torch.cat([neurons, neurons[-1:].expand(size - len(neurons))])
