"""Ablate neurons while a model runs, with a set of neurons per input.

Hooks on the value matrices replace w, the weights of the value vectors, in place, before they are written. Compared
with the matrix products this takes no time. Independent of how the neurons are chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.passes.replacements import ZERO, Places, Replacement
from neurontui.store.errors import MeasureError

SCOPES = ("all", "last")


@dataclass
class Intervention:
    """Active hooks. Before each forward pass, `aim` sets its inputs and the ends of their prompts."""

    off: Mapping[int, Tensor]
    """Per ablated layer (R, d_m) bool: True ablates that neuron for that input; R = 1: the same for all."""
    replacement: Replacement
    scope: str
    _rows: Tensor | None = None
    _last: Mapping[str, Tensor] | None = None

    def aim(self, rows: Tensor | None = None, last: Mapping[str, Tensor] | None = None) -> None:
        """Set the inputs of the next forward passes.

        rows: (B,) row of `off` for each of the B inputs; None: row i for input i.
        last: per stack (B,) index of the last prompt token, the only position in scope 'last'; None: all positions
        are those of tokens after the prompt.
        """
        self._rows, self._last = rows, last

    def apply(self, part: FFN, columns: slice, weights: Tensor) -> None:
        """Ablate in place. weights: (B, T, d), or (B·T, d) if an architecture flattens them.

        columns: the d neurons of this part of an FFN, among those of the layer.
        """
        if self._last is None and self.replacement.prompt_only:
            return
        shaped = self._by_input(part.layer.layer, weights)
        off = self._off(part.layer.layer, weights.device)[:, columns]
        if len(off) not in (1, len(shaped)):
            raise MeasureError(
                f"There are {len(off)} sets of neurons to ablate for {len(shaped)} inputs; "
                "call `aim` with the rows of the forward pass."
            )
        places = self._places(part, shaped)
        if self.scope == "all" or self._last is None:
            self.replacement.change(shaped, off, part.layer, places, columns)
            return
        rows, last = torch.arange(len(shaped), device=shaped.device), places.last[:, 0]
        here = shaped[rows, last][:, None]
        self.replacement.change(here, off, part.layer, Places(places.rows, places.last, places.last), columns)
        shaped[rows, last] = here[:, 0]

    def apply_to_pairs(self, ffn: ExpertsFFN, columns: slice, weights: Tensor) -> None:
        """The same for experts. weights: (S, d_ff), one row per (token, expert) pair."""
        if self.replacement.source is not None:
            raise MeasureError("A neuron of an expert has no weight at other tokens that could replace its own.")
        off = self._off(ffn.layer.layer, weights.device)[:, columns]
        row, position = ffn.router.places(self._n_inputs(ffn.layer.layer))
        of_pairs = ffn.of_pairs(off, row)
        if self.scope == "last" and self._last is not None:
            last = self._last[ffn.layer.stack].to(row.device)
            of_pairs = of_pairs & (position == last[row])[:, None]
        weights.mul_(self.replacement.factors(of_pairs, weights))

    def _off(self, layer: int, device: torch.device) -> Tensor:
        """(B or 1, d_m)."""
        off = self.off[layer].to(device)
        return off if self._rows is None or len(off) == 1 else off[self._rows.to(device)]

    def _places(self, part: FFN, weights: Tensor) -> Places:
        device, (n_inputs, n_tokens) = weights.device, weights.shape[:2]
        rows = torch.arange(n_inputs, device=device) if self._rows is None else self._rows.to(device)
        position = torch.arange(n_tokens, device=device)[None]
        if self._last is None:
            return Places(rows, position, torch.zeros(1, 1, dtype=torch.long, device=device))
        return Places(rows, position, self._last[part.layer.stack].to(device)[:, None])

    def _by_input(self, layer: int, weights: Tensor) -> Tensor:
        if weights.dim() == 3:
            return weights
        return weights.view(self._n_inputs(layer), -1, weights.shape[-1])

    def _n_inputs(self, layer: int) -> int:
        counted = [self.off[layer], *(self._last or {}).values()]
        sized = [self._rows] if self._rows is not None else counted
        return max(map(len, sized))


@contextmanager
def ablate(
    ffns: Sequence[FFN],
    off: Mapping[int, Tensor],
    *,
    replacement: Replacement = ZERO,
    scope: str = "all",
) -> Iterator[Intervention]:
    """Context in which the neurons in `off` are ablated; the hooks are always removed.

    off: per layer (R, d_m) bool, one row per input, or R = 1; other layers are not changed.
    replacement: what w is replaced by, if not by 0.
    scope: 'all' positions, or 'last': the last prompt token and generated tokens.
    """
    ffn_of_layer = {ffn.layer.layer: ffn for ffn in ffns}
    intervention = Intervention(off, replacement, scope)
    handles = []
    try:
        for layer in off:
            for part, columns in ffn_of_layer[layer].parts_with_columns():
                handles.append(part.value.register_forward_pre_hook(_hook(intervention, part, columns)))
        yield intervention
    finally:
        for handle in handles:
            handle.remove()


def _hook(intervention: Intervention, part: FFN, columns: slice) -> Any:
    def replace(_module: Any, args: tuple[Tensor, ...]) -> None:
        if isinstance(part, ExpertsFFN):
            intervention.apply_to_pairs(part, columns, args[0])
        else:
            intervention.apply(part, columns, args[0])

    return replace
