"""A mixture of experts beside a shared expert, which every token is routed to: one FFN with the neurons of both.

The shared expert's neurons follow those of the experts. Its weight in the output can be a gate's (Qwen2-MoE), and a
block can scale the experts' sum or take a mean; both are found by running the block on random inputs.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.store.errors import ModelError

_PROBE_TOKENS = 6
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-4}
"""Relative difference that rounding explains."""
_TOLERANCE_HALF = 0.02


class SharedWeight(nn.Module):
    """Weight of a shared expert in the output of its block, at every token of the current pass."""

    def __init__(self, gate: nn.Module | None, factor: float) -> None:
        super().__init__()
        self.factor = factor
        # In a tuple, so that its parameters are not registered twice.
        self._gate = (gate,)
        self.value: Tensor | float = factor

    def record(self, _module: nn.Module, args: tuple[Tensor, ...]) -> None:
        """Hook on the shared expert; args: its input, (…, H)."""
        [gate] = self._gate
        self.value = self.factor if gate is None else self.factor * torch.sigmoid(gate.forward(args[0]))


@dataclass(frozen=True)
class SharedFFN(FFN):
    """The FFN that every token is routed to."""

    weight: SharedWeight

    def weighed(self, value: Tensor) -> Tensor:
        """The input of the value matrix times the weight of the shared expert, (…, d_m)."""
        return value * self.weight.value

    def value_bias(self) -> Tensor | None:
        """Bias of the value matrix as it reaches the output, (H,) float32, or None."""
        bias = super().value_bias()
        return None if bias is None else bias * self.weight.factor


@dataclass(frozen=True)
class MixtureFFN(FFN):
    """Experts and a shared expert; `act` and `value` are those of the experts."""

    routed: FFN
    shared: SharedFFN
    block: nn.Module

    @property
    def parts(self) -> tuple[FFN, ...]:
        """The experts, then the shared expert."""
        return (self.routed, self.shared)

    @property
    def writer(self) -> nn.Module:
        """The block of both."""
        return self.block

    def value_vectors(self) -> Tensor:
        """Rows v_i of all experts' W_V and of the shared expert's, (d_m, H) float32."""
        return torch.cat([part.value_vectors().to(self._device) for part in self.parts])

    def value_bias(self) -> Tensor | None:
        """Bias of the shared expert, (H,) float32, or None."""
        return self.shared.value_bias()

    @property
    def _device(self) -> torch.device:
        return next(self.block.parameters()).device


def mixture_ffn(block: nn.Module, routed: FFN, shared: FFN, expert: nn.Module) -> MixtureFFN:
    """One FFN of experts and a shared expert; raises ModelError if the block does not return their weighted sum.

    expert: the module of the shared expert, whose output enters the sum.
    """
    factor, weight = _weights(block, routed, expert)
    if shared.value_bias() is not None and weight._gate != (None,):
        raise _refusal(block, "its shared expert has a bias that is weighted by a gate")
    expert.neurontui_weight = weight
    expert.register_forward_pre_hook(weight.record)
    layer = replace(routed.layer, n_neurons=routed.layer.n_neurons + shared.layer.n_neurons)
    if isinstance(routed, ExpertsFFN):
        routed = replace(routed, factor=factor)
    elif factor != 1:
        raise _refusal(block, "it scales the output of its experts")
    return MixtureFFN(
        layer=layer,
        act=routed.act,
        value=routed.value,
        gated=True,
        routed=routed,
        shared=SharedFFN(shared.layer, shared.act, shared.value, True, weight),
        block=block,
    )


def require_no_others(block: nn.Module, routed: FFN) -> None:
    """Raise ModelError if a block of experts adds anything to the sum of its experts."""
    outputs, whole = _outputs(block, {"experts": _summing(routed)}, routed)
    experts = outputs["experts"].reshape(-1, whole.shape[-1]).float()
    factors = {factor for factor, _ in _candidates(block)}
    if not any(_same(factor * experts, whole, outputs["experts"].dtype) for factor in factors):
        raise _refusal(block, "its output is not that of its experts, so it has neurons of other kinds")


@torch.no_grad()
def _weights(block: nn.Module, routed: FFN, expert: nn.Module) -> tuple[float, SharedWeight]:
    """Factor of the experts' output and weight of the shared expert's in the output of the block."""
    outputs, whole = _outputs(block, {"experts": _summing(routed), "shared": expert}, routed)
    summed, beside = (outputs[name].reshape(-1, whole.shape[-1]).float() for name in ("experts", "shared"))
    for factor, weight in _candidates(block):
        weight.record(expert, (outputs["input of shared"],))
        scale = weight.value.reshape(-1, 1).float() if isinstance(weight.value, Tensor) else weight.value
        if _same(factor * summed + scale * beside, whole, outputs["shared"].dtype):
            return factor, weight
    raise _refusal(block, "its output is not the sum of its experts' outputs")


@torch.no_grad()
def _outputs(block: nn.Module, modules: Mapping[str, nn.Module], routed: FFN) -> tuple[dict[str, Tensor], Tensor]:
    """What some modules of a block get and return for random inputs, and the output of the block, (T, H) float32."""
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            outputs.update({f"input of {name}": args[0].clone(), name: output.clone()})

        return hook

    handles = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    try:
        whole = _run(block, routed.value_vectors().shape[-1])
    finally:
        for handle in handles:
            handle.remove()
    if not outputs.keys() >= modules.keys():
        raise _refusal(block, "its experts do not run on every input")
    return outputs, whole


def _summing(routed: FFN) -> nn.Module:
    """The module that returns the sum of the experts while transformers' own function runs them."""
    return routed.experts if isinstance(routed, ExpertsFFN) else routed.writer


def _same(sums: Tensor, whole: Tensor, dtype: torch.dtype) -> bool:
    return float((sums - whole).norm()) < _TOLERANCE.get(dtype, _TOLERANCE_HALF) * float(whole.norm())


def _run(block: nn.Module, width: int) -> Tensor:
    """Output of a block for random inputs, (T, H) float32."""
    down = next(parameter for name, parameter in block.named_parameters() if name.endswith("down_proj"))
    inputs = torch.randn(1, _PROBE_TOKENS, width, generator=torch.Generator().manual_seed(0)).to(down)
    try:
        takes_ids = "input_ids" in inspect.signature(block.forward).parameters  # for routing by hash
        output = block(inputs, input_ids=_ids(inputs)) if takes_ids else block(inputs)
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise _refusal(block, "it cannot be run on hidden states alone") from error
    first: Tensor = output[0] if isinstance(output, tuple) else output
    return first.reshape(-1, width).float()


def _ids(inputs: Tensor) -> Tensor:
    return torch.arange(_PROBE_TOKENS, device=inputs.device)[None]


def _candidates(block: Any) -> Sequence[tuple[float, SharedWeight]]:
    """Factors of the experts with weights of the shared expert, the usual ones first."""
    gate = getattr(block, "shared_expert_gate", None)
    scale = float(getattr(block, "routed_scaling_factor", 1.0) or 1.0)
    gate = gate if isinstance(gate, nn.Linear) else None
    factors = ((1.0, 1.0), (scale, 1.0), (0.5, 0.5))
    return [(of_experts, SharedWeight(gate, of_shared)) for of_experts, of_shared in factors]


def _refusal(block: nn.Module, why: str) -> ModelError:
    return ModelError(
        f"The experts of {type(block).__name__} cannot be measured ({why}), so nothing is measured; "
        "choose another model."
    )
