"""Mixtures of experts: the experts of a layer, side by side, are one FFN of experts × d_ff neurons.

Neuron expert × d_ff + i is neuron i of that expert. An expert that a token was not routed to has no activation there:
its neurons count as 0, that is as not active. Their weight in the FFN's output is act(gate) · up · the router's weight,
so that Σ w_i v_i is the output here too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

from neurontui.compute.models.active_tokens import count_active
from neurontui.compute.models.ffn import FFN, Where, parameter
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer

EXPERTS = "neurontui"
"""Name under which transformers finds our experts function."""


class Router(nn.Module):
    """Which token goes to which expert in a pass, as (token, expert) pairs in the order they are computed in."""

    token: Tensor
    """(S,) index of the token among all of the pass."""
    expert: Tensor
    """(S,) ascending."""
    weight: Tensor
    """(S,) the router's weight."""
    n_tokens: int

    def take(self, index: Tensor, weight: Tensor) -> None:
        """index, weight: (tokens, k). Sorts as transformers' grouped_mm does, which then runs the experts."""
        self.n_tokens, k = index.shape
        self.expert, order = torch.sort(index.reshape(-1))
        self.token, self.weight = order // k, weight.reshape(-1)[order]
        self._measured: Tensor | None = None

    def places(self, n_inputs: int) -> tuple[Tensor, Tensor]:
        """(S,) each: which of the inputs of the pass a pair belongs to, and at which position."""
        length = self.n_tokens // n_inputs
        return self.token // length, self.token % length

    def measured(self, where: Where) -> Tensor:
        """(B, k) pairs of the token of measurement of each prompt."""
        if self._measured is None:
            rows, positions = self.places(len(where.rows))
            chosen = (positions == where.token[rows]).nonzero()[:, 0]
            by_row = chosen[rows[chosen].argsort(stable=True)]
            self._measured = by_row.view(len(where.rows), -1)
        return self._measured


class Gate(nn.Module):
    """The nonlinearity of the experts: gives A, (S, d_ff), a row a pair."""

    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.act = act

    def forward(self, gate: Tensor) -> Tensor:
        """The pre-activations' activations, elementwise."""
        return self.act(gate)


@dataclass(frozen=True)
class ExpertsFFN(FFN):
    """All experts of one layer. `act` and `value` see (S, d_ff), a row a pair of `router`."""

    experts: nn.Module
    router: Router

    def value_vectors(self) -> Tensor:
        """Rows v_i of all experts' W_V, (experts · d_ff, H) float32."""
        down = parameter(self.experts, "down_proj")
        assert down is not None
        return down.transpose(1, 2).flatten(0, 1).float()

    def value_bias(self) -> None:
        """Experts with a bias are not taken."""

    @property
    def n_experts(self) -> int:
        """Experts of the layer."""
        return int(self.experts.get_parameter("down_proj").shape[0])

    def at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, experts · d_ff) at the token of measurement; 0 where it was not routed to."""
        pairs = self.router.measured(where)
        dense = value.new_zeros(len(pairs), self.n_experts, value.shape[-1])
        row = torch.arange(len(pairs), device=value.device)[:, None]
        dense[row, self.router.expert[pairs]] = value[pairs]
        return dense.flatten(1)

    def run_at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, k · d_ff): of the experts that did run there, and of no others."""
        return value[self.router.measured(where)].flatten(1)

    def weighed(self, value: Tensor) -> Tensor:
        """The input of the value matrices times the router's weights."""
        return value * self.router.weight[:, None].to(value.dtype)

    def count_active(self, value: Tensor, threshold: float, where: Where) -> Tensor:
        """(B, experts · d_ff) int32 tokens at which each neuron is active."""
        real = None if where.real is None else where.real.reshape(-1)[self.router.token][:, None]
        active = count_active(value[:, None], threshold, real)
        n_inputs = len(where.rows)
        counts = active.new_zeros(n_inputs * self.n_experts, value.shape[-1])
        rows, _ = self.router.places(n_inputs)
        counts.index_add_(0, rows * self.n_experts + self.router.expert, active)
        return counts.view(n_inputs, -1)

    def of_pairs(self, by_neuron: Tensor, rows: Tensor) -> Tensor:
        """(S, d_ff): what (B or 1, experts · d_ff) says of the neurons of each pair. rows: (S,) input of each pair."""
        by_expert = by_neuron.unflatten(-1, (self.n_experts, -1))  # type: ignore[no-untyped-call]
        of_input = rows if len(by_neuron) > 1 else torch.zeros_like(rows)
        found: Tensor = by_expert[of_input, self.router.expert]
        return found


def experts_ffn(experts: nn.Module, layer: int, stack: str, position: int) -> ExpertsFFN:
    """Make the experts of one layer readable; raises ModelError where they are not laid out as Mixtral's."""
    _check(experts)
    router, gate, value = Router(), Gate(experts.act_fn), nn.Identity()  # type: ignore[arg-type]
    # Inside the model, where whoever looks for the block of an FFN finds them; they have no weights.
    experts.neurontui_router, experts.neurontui_gate, experts.neurontui_value = router, gate, value
    # transformers calls `_apply_gate` of an experts module between its two grouped products.
    experts._apply_gate = partial(_apply_gate, gate, value)  # type: ignore[assignment]
    n_experts, _, width = experts.get_parameter("down_proj").shape
    return ExpertsFFN(
        layer=Layer(layer, stack, position, n_experts * width),
        act=gate,
        value=value,
        gated=True,
        experts=experts,
        router=router,
    )


def route_through(model: Any) -> None:
    """Have the model's experts tell their routers who goes where."""
    ALL_EXPERTS_FUNCTIONS.register(EXPERTS, _run_experts)
    model.set_experts_implementation(EXPERTS)


def _run_experts(experts: Any, hidden: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    experts.neurontui_router.take(index, weight)
    output: Tensor = ALL_EXPERTS_FUNCTIONS["grouped_mm"](experts, hidden, index, weight)
    return output


def _apply_gate(act: nn.Module, value: nn.Module, gate_up: Tensor) -> Tensor:
    gate, up = gate_up.chunk(2, dim=-1)
    weights: Tensor = value(act(gate) * up)
    return weights


def _check(experts: Any) -> None:
    plain = (
        getattr(experts, "has_gate", False)
        and not getattr(experts, "has_bias", True)
        and not getattr(experts, "is_transposed", True)
        and not getattr(experts, "has_post_expert_norm", False)
        and getattr(experts, "is_concatenated", False)
        and hasattr(experts, "act_fn")
    )
    if not plain:
        raise ModelError(
            f"The experts of {type(experts).__name__} are not laid out as Mixtral's or Qwen3-MoE's, "
            "so their neurons cannot be told; choose another model."
        )
