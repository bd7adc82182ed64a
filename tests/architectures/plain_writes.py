"""Plain PyTorch: what each neuron of a layer adds to the residual stream, from the raw weights of its value matrix.

Nothing of neurontui runs here, and no module is looked for. One unpadded prompt runs through the model as transformers
makes it. The last sum in the block of which exactly one summand depends on the value matrix is the residual stream plus
what the FFN writes. With the statistics of all norms held fixed, that summand is linear in the value matrix, so its
derivative by the row of a neuron, times the row, is what the neuron writes. Where blocks multiply the whole stream at
their end, that must be multiplied by the factors of this and all later blocks.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from tests.architectures.plain import run_once

_SUMS = {"add", "__add__", "__radd__", "__iadd__", "add_"}
_STATISTICS = {"rsqrt", "sqrt", "std", "norm", "vector_norm", "linalg_norm", "linalg_vector_norm"}
_POWERS = {"pow", "__pow__"}


@dataclass(frozen=True)
class Values:
    """A value matrix in the plain model."""

    weight: nn.Parameter
    """(d_m, H), (H, d_m), or with experts in front."""
    transposed: bool
    """Whether the last dimension is that of the neurons."""

    def rows(self, tensor: Tensor) -> Tensor:
        """A tensor of the weight's shape as (d_m, H)."""
        by_neuron = tensor.transpose(-1, -2) if self.transposed else tensor
        return by_neuron.reshape(-1, by_neuron.shape[-1])


class _Watch(TorchFunctionMode):
    """Holds the statistics of norms fixed, and keeps sums inside the current block."""

    def __init__(self) -> None:
        super().__init__()
        self.written: Tensor | None = None
        """The last summand that depends on the value matrix, added to one that does not."""
        self.sum: Tensor | None = None
        """The last sum of two hidden states."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = (resolve_name(function) or getattr(function, "__name__", "")).rpartition(".")[2]
        hidden = name in _SUMS and _are_hidden(*args[:2])
        if hidden and args[0].requires_grad != args[1].requires_grad:
            self.written = args[0] * 1 if args[0].requires_grad else args[1] * kwargs.get("alpha", 1)
        if function in (nn.functional.layer_norm, nn.functional.rms_norm):
            return _held(function, *args, **kwargs)
        output = function(*args, **kwargs)
        if hidden:
            self.sum = output.detach().clone()
        fixed = name in _STATISTICS or (name in _POWERS and isinstance(args[1], float) and abs(args[1]) == 0.5)
        return output.detach() if fixed else output


def _are_hidden(first: Any, second: Any) -> bool:
    tensors = isinstance(first, Tensor) and isinstance(second, Tensor)
    return tensors and min(first.dim(), second.dim()) > 1 and first.numel() == second.numel()


class _DoneError(Exception):
    """Nothing that runs later is needed."""


def _held(function: Any, value: Tensor, shape: Any, weight: Any = None, bias: Any = None, eps: Any = None) -> Tensor:
    """A norm whose mean is taken of its input, and whose scale is a constant."""
    eps = (1e-5 if function is nn.functional.layer_norm else torch.finfo(value.dtype).eps) if eps is None else eps
    if function is nn.functional.layer_norm:
        value = value - value.mean(-1, keepdim=True)
    scaled = value * (1 / (value.square().mean(-1, keepdim=True) + eps).sqrt()).detach()
    scaled = scaled if weight is None else scaled * weight
    return scaled if bias is None else scaled + bias


def written_by_neurons(model: Any, ids: list[int], block: str, values: Sequence[Values]) -> Tensor:
    """(d_m, H): what the neurons of some value matrices add to the residual stream at the last token.

    block: path of the block that they are in. Raises AssertionError if nothing is added there.
    """
    model.requires_grad_(False)
    weights = [value.weight for value in values]
    watch, module = _Watch(), model.get_submodule(block)
    with ExitStack() as stack, torch.enable_grad():
        inside = stack.enter_context(ExitStack())
        for weight in weights:
            weight.requires_grad_(True)

        def enter(*_: Any) -> None:
            inside.enter_context(watch)

        def leave(*_: Any) -> None:
            inside.close()
            raise _DoneError

        stack.callback(module.register_forward_pre_hook(enter).remove)
        stack.callback(module.register_forward_hook(leave).remove)
        with suppress(_DoneError):
            run_once(model, ids)
        assert watch.written is not None, f"nothing that depends on the FFN is added to anything in {block}"
        return _by_neuron(watch.written.reshape(-1, watch.written.shape[-1])[-1], weights, values)


def _by_neuron(written: Tensor, weights: list[nn.Parameter], values: Sequence[Values]) -> Tensor:
    columns = []
    for number in written:
        grads = torch.autograd.grad(number, weights, retain_graph=True, allow_unused=True)
        columns.append(
            torch.cat(
                [
                    value.rows(torch.zeros_like(value.weight) if grad is None else grad * value.weight.detach()).sum(-1)
                    for grad, value in zip(grads, values, strict=True)
                ]
            )
        )
    return torch.stack(columns, dim=-1)


@torch.no_grad()
def stream_factors(model: Any, ids: list[int], blocks: str) -> list[float]:
    """What the stream is multiplied by between a sum in each block of a list and the end of the list; 1 mostly.

    blocks: path of the list. Where a norm of the sum is the block's output, as in post-LN models, its factor is 1.
    """
    watch, factors = _Watch(), []

    def enter(*_: Any) -> None:
        watch.sum = None

    def leave(_module: nn.Module, _args: Any, output: Any) -> None:
        output = output[0] if isinstance(output, (tuple, list)) else output
        same = watch.sum is not None and watch.sum.numel() == output.numel()
        ratio = output.flatten() / watch.sum.flatten() if same else torch.ones(1)
        factors.append(float(ratio.median()) if torch.allclose(ratio, ratio.median(), rtol=1e-3) else 1.0)

    with ExitStack() as stack:
        for block in model.get_submodule(blocks).children():
            stack.callback(block.register_forward_pre_hook(enter).remove)
            stack.callback(block.register_forward_hook(leave).remove)
        with watch:
            run_once(model, ids)
    return [prod(factors[position:]) for position in range(len(factors))]
