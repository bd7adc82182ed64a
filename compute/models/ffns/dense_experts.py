"""Experts that all run on every token, as in Llama 4: the router's score multiplies their input, not their output.

The score of an expert that a token is not routed to is 0, so its input and activations are 0. The score is part of A
and of w, and Σ w_i v_i over the neurons of all experts is the output.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN, Where, parameter
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class DenseExpertsFFN(FFN):
    """All experts of one layer; inputs of `act` and `value` are (tokens, experts · d_ff)."""

    experts: nn.Module

    @property
    def writer(self) -> nn.Module:
        """A module that returns the sum over all experts, (tokens, H)."""
        return self.experts.get_submodule("neurontui_sum")

    def value_vectors(self) -> Tensor:
        """Rows v_i of all experts' W_V, (experts · d_ff, H) float32."""
        down = parameter(self.experts, "down_proj")
        assert down is not None
        return down.flatten(0, 1).float()

    def value_bias(self) -> None:
        """None: these experts have no bias."""

    def run_at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, k · d_ff): only of the experts that the token is routed to; the others have exact zeros."""
        n_experts = self.experts.get_parameter("down_proj").shape[0]
        by_expert = self.at_token(value, where).unflatten(-1, (n_experts, -1))  # type: ignore[no-untyped-call]
        largest = by_expert.abs().amax(-1)
        most = int((largest > 0).sum(-1).max())
        rows = torch.arange(len(largest), device=value.device)[:, None]
        ran: Tensor = by_expert[rows, largest.topk(max(most, 1), dim=-1).indices]
        return ran.flatten(1)


def is_dense(module: Any) -> bool:
    """Whether a module holds experts that all run on every token."""
    matrices = (getattr(module, "gate_up_proj", None), getattr(module, "down_proj", None))
    three = all(isinstance(matrix, nn.Parameter) and matrix.dim() == 3 for matrix in matrices)
    return three and not hasattr(module, "has_gate") and isinstance(getattr(module, "act_fn", None), nn.Module)


def dense_experts_ffn(experts: Any, layer: int, stack: str, position: int) -> DenseExpertsFFN:
    """Put modules for A and w into the experts; raises ModelError if their equation is not that of Llama 4."""
    experts.neurontui_value, experts.neurontui_sum = nn.Identity(), nn.Identity()
    _check(experts)
    experts.forward = partial(_forward, experts)
    n_experts, width, _ = experts.down_proj.shape
    return DenseExpertsFFN(
        layer=Layer(layer, stack, position, n_experts * width),
        act=experts.act_fn,
        value=experts.neurontui_value,
        gated=True,
        experts=experts,
    )


def _forward(experts: Any, hidden: Tensor) -> Tensor:
    """hidden: (experts · tokens, H), expert by expert; returns the output of every expert for every token."""
    n_experts, _, width = experts.down_proj.shape
    gate, up = torch.bmm(hidden.view(n_experts, -1, width), experts.gate_up_proj).chunk(2, dim=-1)
    weights = experts.neurontui_value(experts.act_fn(_by_token(gate)) * _by_token(up))
    by_expert = weights.unflatten(-1, (n_experts, -1)).transpose(0, 1)
    outputs = torch.bmm(by_expert, experts.down_proj)
    experts.neurontui_sum(outputs.sum(0))
    return outputs.reshape(-1, width)


def _by_token(values: Tensor) -> Tensor:
    """(experts, tokens, d_ff) to (tokens, experts · d_ff)."""
    return values.transpose(0, 1).flatten(1)


@torch.no_grad()
def _check(experts: Any) -> None:
    n_experts, _, width = experts.down_proj.shape
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(2 * n_experts, width, generator=generator).to(experts.down_proj)
    try:
        expected = type(experts).forward(experts, probe)
        same = torch.allclose(_forward(experts, probe), expected, rtol=1e-2, atol=1e-3)
    except (RuntimeError, ValueError, TypeError):
        same = False
    if not same:
        raise ModelError(
            f"The experts of {type(experts).__name__} do not have the structure of Llama 4, "
            "so their neurons cannot be identified; choose another model."
        )
