"""How experts turn the output of their gate-and-up product into A and the input of the value matrix.

transformers calls `_apply_gate` of an experts module between its two grouped products. Some architectures clamp both
halves, interleave them, or add one to the second. The form of a module is the one that gives the same numbers.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.store.errors import ModelError


class Gate(nn.Module):
    """The nonlinearity of the experts: returns A, (S, d_ff), one row per pair."""

    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.act = act

    def forward(self, gate: Tensor) -> Tensor:
        """Activations of the pre-activations, elementwise."""
        return self.act(gate)


@dataclass(frozen=True)
class GateForm:
    """A = act(gate), and the input of the value matrix is A · factor."""

    split: Callable[[Tensor], tuple[Tensor, Tensor]]
    """(S, 2 d_ff) to gate and factor, (S, d_ff) each."""
    act: Callable[[Tensor], Tensor]


def _halves(gate_up: Tensor) -> tuple[Tensor, Tensor]:
    gate, up = gate_up.chunk(2, dim=-1)
    return gate, up


def _interleaved(gate_up: Tensor) -> tuple[Tensor, Tensor]:
    return gate_up[..., ::2], gate_up[..., 1::2]


def _attribute(experts: Any, *names: str) -> Any:
    return next((getattr(experts, name) for name in names if hasattr(experts, name)), None)


def _forms(experts: Any) -> list[GateForm]:
    """Forms that the attributes of an experts module allow."""
    act = _attribute(experts, "act_fn") or nn.functional.silu
    limit, alpha = _attribute(experts, "limit", "swiglu_limit"), _attribute(experts, "alpha", "swiglu_alpha")
    forms = [GateForm(_halves, act)]
    if limit is None:
        return forms
    halves = _interleaved if not experts.is_concatenated else _halves

    def clamped(gate_up: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = halves(gate_up)
        return gate, up.clamp(-limit, limit)

    def clamped_plus_one(gate_up: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = clamped(gate_up)
        return gate, up + 1

    forms.append(GateForm(clamped, lambda gate: act(gate.clamp(max=limit))))
    if alpha is not None:
        forms.append(GateForm(clamped_plus_one, lambda gate: _scaled_silu(gate.clamp(max=limit), alpha)))
    return forms


def _scaled_silu(gate: Tensor, alpha: float) -> Tensor:
    return gate * torch.sigmoid(gate * alpha)


def gate_form(experts: Any) -> GateForm:
    """The form of an experts module, found by its numbers; raises ModelError if no form gives the same."""
    like = next(experts.parameters())
    generator = torch.Generator().manual_seed(0)
    probe = (10 * torch.randn(32, 16, generator=generator)).to(like)
    expected = type(experts)._apply_gate(experts, probe)
    for form in _forms(experts):
        gate, factor = form.split(probe)
        with suppress(TypeError):  # a nonlinearity of two arguments
            if torch.equal(form.act(gate) * factor, expected):
                return form
    raise ModelError(
        f"The experts of {type(experts).__name__} combine gate and up matrix in an unknown way, "
        "so their activations cannot be identified; choose another model."
    )
