"""Mixtures of experts: the experts of a layer are treated as one FFN with experts × d_ff neurons.

Neuron expert × d_ff + i is neuron i of that expert. An expert that a token is not routed to has no activation for it:
its neurons count as 0, so as not active. The weight of a neuron in the FFN's output is act(gate) · up · the router's
weight, so that Σ w_i v_i is the output, as in other FFNs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

from neurontui.compute.models.ffns.expert_gates import Gate, GateForm, gate_form
from neurontui.compute.models.ffns.ffn import FFN, Where, parameter
from neurontui.compute.models.passes.active_tokens import count_active
from neurontui.compute.models.passes.token_sums import Statistic, sum_tokens
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer

EXPERTS = "neurontui"
"""Name under which our experts function is registered in transformers."""


class Router(nn.Module):
    """Routing of one pass, as (token, expert) pairs in the order of computation."""

    token: Tensor
    """(S,) index of the token among all tokens of the pass."""
    expert: Tensor
    """(S,) ascending."""
    weight: Tensor
    """(S,) the router's weight."""
    n_tokens: int

    def record(self, index: Tensor, weight: Tensor) -> None:
        """index, weight: (tokens, k). Sorted as in transformers' grouped_mm, which then runs the experts."""
        self.n_tokens, k = index.shape
        self.expert, order = torch.sort(index.reshape(-1))
        self.token, self.weight = order // k, weight.reshape(-1)[order]
        self._measured: Tensor | None = None

    def __deepcopy__(self, _: dict[int, Any]) -> "Router":
        """A copy of a model has no routing yet; that of a pass with gradients could not be copied."""
        return Router()

    def places(self, n_inputs: int) -> tuple[Tensor, Tensor]:
        """(S,) each: the input of the pass that a pair belongs to, and the position in it."""
        length = self.n_tokens // n_inputs
        return self.token // length, self.token % length

    def measured(self, where: Where) -> Tensor:
        """(B, k) indices of the pairs of the token of measurement of each prompt."""
        if self._measured is None:
            rows, positions = self.places(len(where.rows))
            chosen = (positions == where.token[rows]).nonzero()[:, 0]
            by_row = chosen[rows[chosen].argsort(stable=True)]
            self._measured = by_row.view(len(where.rows), -1)
        return self._measured


class _Ungated(nn.Module):
    """Activation of experts without a gate, which transformers calls between their two products."""

    def __init__(self, act: Gate, value: nn.Module) -> None:
        super().__init__()
        self.act, self.value = act, value

    def forward(self, before: Tensor) -> Tensor:
        weights: Tensor = self.value(self.act(before))
        return weights


@dataclass(frozen=True)
class ExpertsFFN(FFN):
    """All experts of one layer. Inputs of `act` and `value` are (S, d_ff), one row per pair of `router`."""

    experts: nn.Module
    router: Router
    factor: float = 1.0
    """What the block multiplies the experts' output by."""

    @property
    def writer(self) -> nn.Module:
        """The module that returns the sum over the experts of a token, without their biases."""
        return self.experts.get_submodule("neurontui_sum") if has_bias(self.experts) else self.experts

    def value_vectors(self) -> Tensor:
        """Rows v_i of all experts' W_V, (experts · d_ff, H) float32."""
        down = parameter(self.experts, "down_proj")
        assert down is not None
        return (down if _is_transposed(self.experts) else down.transpose(1, 2)).flatten(0, 1).float()

    def value_bias(self) -> None:
        """None: the biases of experts are weighted by the router, so `writer` is what is added before them."""

    @property
    def n_experts(self) -> int:
        """Number of experts of the layer."""
        return int(self.experts.get_parameter("down_proj").shape[0])

    def at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, experts · d_ff) at the token of measurement; 0 for experts that it is not routed to."""
        pairs = self.router.measured(where)
        dense = value.new_zeros(len(pairs), self.n_experts, value.shape[-1])
        row = torch.arange(len(pairs), device=value.device)[:, None]
        dense[row, self.router.expert[pairs]] = value[pairs]
        return dense.flatten(1)

    def run_at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, k · d_ff): only of the experts that ran for the token."""
        return value[self.router.measured(where)].flatten(1)

    def at_every_token(self, value: Tensor, where: Where, rows: Tensor, neurons: Tensor) -> Tensor:
        """(N, T): 0 at tokens that are not routed to the neuron's expert."""
        n_inputs, width = len(where.rows), value.shape[-1]
        shape = (n_inputs, self.router.n_tokens // n_inputs, self.n_experts)
        pair_of = torch.full(shape, -1, device=value.device)
        inputs, positions = self.router.places(n_inputs)
        pair_of[inputs, positions, self.router.expert] = torch.arange(len(value), device=value.device)
        pairs = pair_of[rows, :, neurons // width]
        values = value[pairs.clamp(min=0), (neurons % width)[:, None]]
        return values.masked_fill(pairs < 0, 0)

    def weighed(self, value: Tensor) -> Tensor:
        """The input of the value matrices times the router's weights."""
        return value * (self.factor * self.router.weight[:, None]).to(value.dtype)

    def count_active(self, value: Tensor, threshold: float, where: Where) -> Tensor:
        """(B, experts · d_ff) int32: number of tokens at which each neuron is active."""
        real = None if where.real is None else where.real.reshape(-1)[self.router.token][:, None]
        active = count_active(value[:, None], threshold, real)
        n_inputs = len(where.rows)
        counts = active.new_zeros(n_inputs * self.n_experts, value.shape[-1])
        rows, _ = self.router.places(n_inputs)
        counts.index_add_(0, rows * self.n_experts + self.router.expert, active)
        return counts.view(n_inputs, -1)

    def sum_tokens(self, value: Tensor, counted: Tensor, statistics: Sequence[Statistic]) -> Tensor:
        """(S, experts · d_ff) float64: sums over the tokens that are routed to each expert; others have no value."""
        ends = torch.bincount(self.router.expert, minlength=self.n_experts).cumsum(0).tolist()
        of_pair = counted.flatten()[self.router.token]
        parts = [slice(start, end) for start, end in pairwise((0, *ends))]
        return torch.cat([sum_tokens(value[part], of_pair[part], statistics) for part in parts], dim=-1)

    def sum_by_input(self, value: Tensor, counted: Tensor) -> Tensor:
        """(B, experts · d_ff) float32."""
        rows, _ = self.router.places(len(counted))
        exact = value.float() * counted.flatten()[self.router.token][:, None]
        sums = exact.new_zeros(len(counted) * self.n_experts, value.shape[-1])
        sums.index_add_(0, rows * self.n_experts + self.router.expert, exact)
        return sums.view(len(counted), -1)

    def of_pairs(self, by_neuron: Tensor, rows: Tensor) -> Tensor:
        """(S, d_ff): values by neuron (B or 1, experts · d_ff) of the neurons of each pair. rows: (S,) inputs."""
        by_expert = by_neuron.unflatten(-1, (self.n_experts, -1))  # type: ignore[no-untyped-call]
        of_input = rows if len(by_neuron) > 1 else torch.zeros_like(rows)
        values: Tensor = by_expert[of_input, self.router.expert]
        return values


def is_routed(module: nn.Module) -> bool:
    """Whether a module holds experts in the layout that transformers runs by an exchangeable function."""
    return hasattr(module, "_apply_gate") and hasattr(module, "has_gate") and hasattr(module, "down_proj")


def has_bias(experts: Any) -> bool:
    """Whether each expert adds a bias of its own."""
    return bool(experts.has_bias)


def _is_transposed(experts: Any) -> bool:
    return bool(experts.is_transposed)


def experts_ffn(experts: nn.Module, layer: int, stack: str, position: int) -> ExpertsFFN:
    """Add hooks to the experts of one layer; raises ModelError if their structure is unknown."""
    _check(experts)
    router, value = Router(), nn.Identity()
    gate = _insert(experts, value)
    # Inside the model, so that a search for the block of an FFN finds them; they have no weights.
    experts.neurontui_router, experts.neurontui_gate, experts.neurontui_value = router, gate, value
    experts.neurontui_sum = nn.Identity()
    n_experts, *sizes = experts.get_parameter("down_proj").shape
    width = sizes[0] if _is_transposed(experts) else sizes[1]
    return ExpertsFFN(
        layer=Layer(layer, stack, position, n_experts * width),
        act=gate,
        value=value,
        gated=True,
        experts=experts,
        router=router,
    )


def _insert(experts: Any, value: nn.Module) -> Gate:
    """Put modules for A and w between the two products of the experts."""
    if not experts.has_gate:
        own = experts.act_fn.act.act if isinstance(experts.act_fn, _Ungated) else experts.act_fn
        gate = Gate(own)
        experts.act_fn = _Ungated(gate, value)
        return gate
    form = gate_form(experts)
    gate = Gate(form.act)
    experts._apply_gate = partial(_apply_gate, form, gate, value)
    return gate


def _apply_gate(form: GateForm, act: nn.Module, value: nn.Module, gate_up: Tensor) -> Tensor:
    gate, factor = form.split(gate_up)
    weights: Tensor = value(act(gate) * factor)
    return weights


def route_through(model: Any) -> None:
    """Make the model's experts record their routing."""
    ALL_EXPERTS_FUNCTIONS.register(EXPERTS, _run_experts)
    model.set_experts_implementation(EXPERTS)


def _run_experts(experts: Any, hidden: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    experts.neurontui_router.record(index, weight)
    run = ALL_EXPERTS_FUNCTIONS["grouped_mm"]
    if not has_bias(experts):
        output: Tensor = run(experts, hidden, index, weight)
        return output
    written: Tensor = experts.neurontui_sum(run(_WithoutBias(experts), hidden, index, weight))
    biases: Tensor = (experts.down_proj_bias[index] * weight[..., None]).sum(1)
    return written + biases.to(written.dtype)


class _WithoutBias:
    """Experts whose value matrices have no bias."""

    def __init__(self, experts: Any) -> None:
        self._experts = experts
        self.down_proj_bias = torch.zeros_like(experts.down_proj_bias)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._experts, name)


def _check(experts: Any) -> None:
    if not is_routed(experts) or experts.has_post_expert_norm:
        raise ModelError(
            f"The experts of {type(experts).__name__} do not have the structure of Mixtral or Qwen3-MoE, "
            "so their neurons cannot be identified; choose another model."
        )
