"""Switch neurons off while a model runs, each input its own ones.

Hooks on the nonlinearities multiply A by 0 (and add another value where one is asked for), in place: next to the
matrix products around it this costs nothing. Knows nothing about why these neurons were chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.ffn import FFN
from neurontui.compute.models.moe import ExpertsFFN
from neurontui.store.errors import MeasureError

SCOPES = ("all", "last")


@dataclass(frozen=True)
class _Switch:
    """What happens to the activations of one layer: times `keep`, plus `add`; (B or 1, 1, d_m) each."""

    keep: Tensor
    add: Tensor | None

    def apply(self, activations: Tensor) -> None:
        activations.mul_(self.keep)
        if self.add is not None:
            activations.add_(self.add)

    def at_last(self) -> "_Switch":
        return _Switch(self.keep[:, 0], None if self.add is None else self.add[:, 0])


@dataclass
class Intervention:
    """Hooks at work. Before each forward, `aim` says which inputs it holds and where their prompts end."""

    off: Mapping[int, Tensor]
    """Per ablated layer (R, d_m) bool: True switches that neuron off for that input; R = 1: the same for all."""
    values: Mapping[int, Tensor]
    """Per layer (d_m,): what A is set to; layers that are not in it set it to 0."""
    scope: str
    _rows: Tensor | None = None
    _last: Mapping[str, Tensor] | None = None
    _switches: dict[int, _Switch] = field(default_factory=dict)

    def aim(self, rows: Tensor | None = None, last: Mapping[str, Tensor] | None = None) -> None:
        """Tell the hooks about the next forwards.

        rows: (B,) which row of `off` each of the B inputs takes; None: input i takes row i.
        last: per stack (B,) the index of the last prompt token, to which scope 'last' keeps itself; None: every
        position counts, as it does for generated tokens.
        """
        if rows is not self._rows:
            self._switches.clear()
        self._rows, self._last = rows, last

    def apply(self, layer: int, stack: str, activations: Tensor) -> None:
        """Switch off in place. activations: (B, T, d_m), or (B·T, d_m) where an architecture flattens them."""
        switch = self._switch_of(layer, activations)
        shaped = self._by_input(layer, activations)
        if len(switch.keep) not in (1, len(shaped)):
            raise MeasureError(
                f"{len(switch.keep)} sets of neurons to switch off were given for {len(shaped)} inputs; "
                "tell the intervention which rows the forward holds."
            )
        if self.scope == "last" and self._last is not None:
            _apply_at(switch.at_last(), shaped, self._last[stack].to(shaped.device))
        else:
            switch.apply(shaped)

    def apply_to_pairs(self, ffn: ExpertsFFN, activations: Tensor) -> None:
        """The same for experts. activations: (S, d_ff), a row a (token, expert) pair."""
        switch = self._switch_of(ffn.layer.layer, activations).at_last()
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
        known = [self._rows] if self._rows is not None else counted
        return max(map(len, known))


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
    """Switch off the neurons in `off` for as long as the block runs; the hooks are always removed.

    off: per layer (R, d_m) bool, a row an input, or R = 1; layers that are not in it stay as they are.
    values: per layer (d_m,) what A becomes instead of 0, such as a mean.
    scope: 'all' positions, or 'last': the last prompt token and whatever is generated after it.
    """
    known = {ffn.layer.layer: ffn for ffn in ffns}
    intervention = Intervention(off, values or {}, scope)
    handles = []
    try:
        for layer in off:
            ffn = known[layer]
            handles.append(ffn.act.register_forward_hook(_hook(intervention, ffn)))
        yield intervention
    finally:
        for handle in handles:
            handle.remove()


def _hook(intervention: Intervention, ffn: FFN) -> Any:
    def switch_off(_module: Any, _inputs: Any, activations: Tensor) -> None:
        if isinstance(ffn, ExpertsFFN):
            intervention.apply_to_pairs(ffn, activations)
        else:
            intervention.apply(ffn.layer.layer, ffn.layer.stack, activations)

    return switch_off
