"""Fold the final norm into the answer's direction, as an option of Eq. 10.

A norm is linear if its scale is fixed, see `norms`. Norms behind FFNs are part of what neurons write, with or without
this option. T5 also multiplies by a constant before its head; that is left out, because it changes no comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.norms import Norm, find_norm
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, pad
from neurontui.store.errors import ModelError

_TOLERANCE = 0.03
"""Relative difference between a norm and its linear map; rounding of bfloat16 included."""


@dataclass(frozen=True)
class Folding:
    """The final norm with its inputs."""

    final: Norm | None
    final_inputs: Tensor
    """(R, H) residual stream at the token of measurement, after the last block."""

    def fold(self, directions: Tensor) -> Tensor:
        """Convert directions (R, H) on the input of the LM head to the residual stream after the last block."""
        if self.final is None:
            return directions
        inputs = self.final_inputs  # the final norm may be on another GPU than the directions (`device_map`)
        return self.final.fold(directions.to(inputs.device), inputs).to(directions.device)


def find_folding(loaded: LoadedModel, encoded: Sequence[Encoded], token_budget: int) -> Folding:
    """The final norm and its inputs, for which the prompts are run once more; raises ModelError."""
    module = _final_norm(loaded)
    if module is None:
        return Folding(None, torch.empty(0))
    inputs = _inputs(loaded, module, encoded, token_budget)
    norm = find_norm(module, inputs, module(inputs), _TOLERANCE)
    if norm is None:
        raise ModelError(
            f"The final norm {type(module).__name__} is not linear for a fixed scale, so it cannot be folded into "
            "effective scores; omit --final-norm."
        )
    return Folding(norm, inputs)


def _inputs(loaded: LoadedModel, norm: nn.Module, encoded: Sequence[Encoded], token_budget: int) -> Tensor:
    input_of_row: dict[int, Tensor] = {}

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        ends = torch.tensor([encoded[row].measured() for row in rows], device=tokens.last.device)
        at = tokens.step if loaded.encoder_decoder else ends
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


def _is_norm(module: nn.Module) -> bool:
    return "norm" in type(module).__name__.lower()
