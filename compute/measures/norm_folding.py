"""Fold the norms between an FFN and the logits into the answer's direction, as an option of Eq. 10.

A norm is linear if its scale is fixed: it centers (LayerNorm only), divides by the scale of its input, and multiplies
by its gain. The gain, and whether it centers, are determined by running the module on a probe, because architectures
differ (Gemma multiplies by 1 + weight). T5 also multiplies by a constant before its head; that is left out, because it
changes no comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffn import FFN, parameter
from neurontui.compute.models.forward import forward
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.microbatches import Rows, run_halving
from neurontui.compute.models.tokenize import Encoded, pad
from neurontui.store.errors import ModelError

_POST_FFN = "post_feedforward_layernorm"
"""Name of the norm between an FFN and the residual stream in Gemma and OLMo."""


@dataclass(frozen=True)
class Norm:
    """A LayerNorm or RMSNorm as a linear map with a scale."""

    module: nn.Module
    dtype: torch.dtype
    """Of the weight and the inputs."""
    gain: Tensor
    """(H,) float32."""
    centred: bool

    def fold(self, directions: Tensor, inputs: Tensor) -> Tensor:
        """Convert directions (R, H) on the norm's output to its input; inputs (R, H) determine the scale."""
        folded = directions * self.gain
        if self.centred:
            folded = folded - folded.mean(-1, keepdim=True)
        return folded * self._scale(inputs)[:, None]

    def _scale(self, inputs: Tensor) -> Tensor:
        """1 / σ of each input, (R,)."""
        output: Tensor = self.module(inputs.to(self.dtype)) - _bias(self.module)
        inputs = inputs.float()
        if self.centred:
            inputs = inputs - inputs.mean(-1, keepdim=True)
        scale: Tensor = torch.linalg.vector_norm(output.float(), dim=-1) / torch.linalg.vector_norm(
            inputs * self.gain, dim=-1
        )
        return scale


@dataclass(frozen=True)
class Folding:
    """The final norm with its inputs, and the norms directly after FFNs."""

    final: Norm | None
    final_inputs: Tensor
    """(R, H) residual stream at the token of measurement, after the last block."""
    post_ffn: Mapping[int, Norm]

    def fold(self, directions: Tensor, ffn: FFN, weights: Tensor, values: Tensor) -> Tensor:
        """Convert directions (R, H) on the input of the LM head to the output of one FFN.

        weights: (R, d_m) and values: (d_m, H) of that FFN, which give its output.
        """
        if self.final is not None:
            directions = self.final.fold(directions, self.final_inputs)
        norm = self.post_ffn.get(ffn.layer.layer)
        if norm is None:
            return directions
        bias = ffn.value_bias()
        output = weights @ values if bias is None else weights @ values + bias
        return norm.fold(directions, output)


def find_folding(loaded: LoadedModel, encoded: Sequence[Encoded], token_budget: int) -> Folding:
    """Norms of a model and the scale of its final norm, for which the prompts are run once more."""
    post = {ffn.layer.layer: norm for ffn in loaded.ffns if (norm := _post_ffn(loaded, ffn)) is not None}
    final = _final_norm(loaded)
    if final is None:
        return Folding(None, torch.empty(0), post)
    return Folding(_try_out(final), _inputs(loaded, final, encoded, token_budget), post)


def _inputs(loaded: LoadedModel, norm: nn.Module, encoded: Sequence[Encoded], token_budget: int) -> Tensor:
    input_of_row: dict[int, Tensor] = {}

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        at = torch.zeros_like(tokens.last) if loaded.encoder_decoder else tokens.last
        seen: list[Tensor] = []
        handle = norm.register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
        try:
            forward(loaded, tokens)
        finally:
            handle.remove()
        every = torch.arange(len(rows), device=seen[-1].device)
        input_of_row.update(zip(rows, seen[-1][every, at.to(every.device)].clone(), strict=True))

    lengths = [len(prompt) for prompt in encoded]
    run_halving(lengths, loaded.groups(lengths), token_budget, step)
    return torch.stack([input_of_row[row] for row in range(len(encoded))])


def _final_norm(loaded: LoadedModel) -> nn.Module | None:
    """The last norm among the direct children of the decoder; an embedding norm comes before it."""
    norms = [module for module in loaded.model.get_decoder().children() if _is_norm(module)]
    return norms[-1] if norms else None


def _post_ffn(loaded: LoadedModel, ffn: FFN) -> Norm | None:
    for block in loaded.model.modules():
        norm = getattr(block, _POST_FFN, None)
        if isinstance(norm, nn.Module) and any(module is ffn.value for module in block.modules()):
            return _try_out(norm)
    return None


def _is_norm(module: nn.Module) -> bool:
    return "norm" in type(module).__name__.lower()


def _try_out(norm: nn.Module) -> Norm:
    """Determine a norm's gain, weight or 1 + weight, and whether it centers."""
    weight = parameter(norm, "weight")
    if weight is None:
        raise ModelError(
            f"The norm {type(norm).__name__} has no weight, so it cannot be folded into effective scores; "
            "omit --final-norm."
        )
    probe = torch.ones_like(weight)
    probe[::2] = -1
    probe -= probe.mean()
    answer = (norm(probe) - _bias(norm)).float()
    gains = [weight.float(), weight.float() + 1]
    gain = min(gains, key=lambda gain: float((answer - gain * probe.float()).abs().max()))
    centred = torch.allclose(norm(probe + 1), norm(probe), atol=1e-2, rtol=1e-2)
    return Norm(norm, weight.dtype, gain, centred)


def _bias(norm: nn.Module) -> Tensor | float:
    bias = parameter(norm, "bias")
    return 0.0 if bias is None else bias
