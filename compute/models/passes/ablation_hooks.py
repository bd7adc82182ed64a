"""Ablate neurons while a model runs, with a set of neurons per input.

Hooks on the nonlinearities multiply A by 0 and, if requested, add another value, in place. Compared with the matrix
products this takes no time. Independent of how the neurons are chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.store.errors import MeasureError

SCOPES = ("all", "last")


@dataclass(frozen=True)
class _Switch:
    """Change of the activations of one layer: times `keep`, plus `add`; (B or 1, 1, d_m) each."""

    keep: Tensor
    add: Tensor | None

    def apply(self, activations: Tensor) -> None:
        activations.mul_(self.keep)
        if self.add is not None:
            activations.add_(self.add)

    def at_last(self) -> "_Switch":
        return _Switch(self.keep[:, 0], None if self.add is None else self.add[:, 0])

    def of(self, columns: slice) -> "_Switch":
        """For some of the neurons."""
        return _Switch(self.keep[..., columns], None if self.add is None else self.add[..., columns])


@dataclass
class Intervention:
    """Active hooks. Before each forward pass, `aim` sets its inputs and the ends of their prompts."""

    off: Mapping[int, Tensor]
    """Per ablated layer (R, d_m) bool: True ablates that neuron for that input; R = 1: the same for all."""
    values: Mapping[int, Tensor]
    """Per layer (d_m,): value that A is set to; 0 for other layers."""
    scope: str
    _rows: Tensor | None = None
    _last: Mapping[str, Tensor] | None = None
    _switches: dict[int, _Switch] = field(default_factory=dict)

    def aim(self, rows: Tensor | None = None, last: Mapping[str, Tensor] | None = None) -> None:
        """Set the inputs of the next forward passes.

        rows: (B,) row of `off` for each of the B inputs; None: row i for input i.
        last: per stack (B,) index of the last prompt token, the only position in scope 'last'; None: all positions,
        as for generated tokens.
        """
        if rows is not self._rows:
            self._switches.clear()
        self._rows, self._last = rows, last

    def apply(self, part: FFN, columns: slice, activations: Tensor) -> None:
        """Ablate in place. activations: (B, T, d), or (B·T, d) if an architecture flattens them.

        columns: the d neurons of this part of an FFN, among those of the layer.
        """
        layer, stack = part.layer.layer, part.layer.stack
        switch = self._switch_of(layer, activations).of(columns)
        shaped = self._by_input(layer, activations)
        if len(switch.keep) not in (1, len(shaped)):
            raise MeasureError(
                f"There are {len(switch.keep)} sets of neurons to ablate for {len(shaped)} inputs; "
                "call `aim` with the rows of the forward pass."
            )
        if self.scope == "last" and self._last is not None:
            _apply_at(switch.at_last(), shaped, self._last[stack].to(shaped.device))
        else:
            switch.apply(shaped)

    def apply_to_pairs(self, ffn: ExpertsFFN, columns: slice, activations: Tensor) -> None:
        """The same for experts. activations: (S, d_ff), one row per (token, expert) pair."""
        switch = self._switch_of(ffn.layer.layer, activations).of(columns).at_last()
        row, position = ffn.router.places(self._n_inputs(ffn.layer.layer))
        keep = ffn.of_pairs(switch.keep, row)
        add = None if switch.add is None else ffn.of_pairs(switch.add, row)
        if self.scope == "last" and self._last is not None:
            last = self._last[ffn.layer.stack].to(row.device)
            elsewhere = (position != last[row])[:, None]
            keep = keep.masked_fill(elsewhere, 1)
            add = None if add is None else add.masked_fill(elsewhere, 0)
        _Switch(keep, add).apply(activations)

    def _switch_of(self, layer: int, like: Tensor) -> _Switch:
        if layer not in self._switches:
            self._switches[layer] = self._switch(layer, like)
        return self._switches[layer]

    def _switch(self, layer: int, like: Tensor) -> _Switch:
        off = self.off[layer].to(like.device)
        if self._rows is not None and len(off) > 1:
            off = off[self._rows.to(like.device)]
        value = self.values.get(layer)
        add = None if value is None else (off * value.to(like))[:, None]
        return _Switch((~off).to(like.dtype)[:, None], add)

    def _by_input(self, layer: int, activations: Tensor) -> Tensor:
        if activations.dim() == 3:
            return activations
        return activations.view(self._n_inputs(layer), -1, activations.shape[-1])

    def _n_inputs(self, layer: int) -> int:
        counted = [self.off[layer], *(self._last or {}).values()]
        sized = [self._rows] if self._rows is not None else counted
        return max(map(len, sized))


def _apply_at(switch: _Switch, activations: Tensor, position: Tensor) -> None:
    rows = torch.arange(len(activations), device=activations.device)
    here = activations[rows, position]
    switch.apply(here)
    activations[rows, position] = here


@contextmanager
def ablate(
    ffns: Sequence[FFN],
    off: Mapping[int, Tensor],
    *,
    values: Mapping[int, Tensor] | None = None,
    scope: str = "all",
) -> Iterator[Intervention]:
    """Context in which the neurons in `off` are ablated; the hooks are always removed.

    off: per layer (R, d_m) bool, one row per input, or R = 1; other layers are not changed.
    values: per layer (d_m,) values of A instead of 0, such as a mean.
    scope: 'all' positions, or 'last': the last prompt token and generated tokens.
    """
    ffn_of_layer = {ffn.layer.layer: ffn for ffn in ffns}
    intervention = Intervention(off, values or {}, scope)
    handles = []
    try:
        for layer in off:
            for part, columns in ffn_of_layer[layer].parts_with_columns():
                handles.append(part.act.register_forward_hook(_hook(intervention, part, columns)))
        yield intervention
    finally:
        for handle in handles:
            handle.remove()


def _hook(intervention: Intervention, part: FFN, columns: slice) -> Any:
    def switch_off(_module: Any, _inputs: Any, activations: Tensor) -> None:
        if isinstance(part, ExpertsFFN):
            intervention.apply_to_pairs(part, columns, activations)
        else:
            intervention.apply(part, columns, activations)

    return switch_off
