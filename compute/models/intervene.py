"""Switch neurons off while a model runs, each input its own ones.

Hooks on the nonlinearities multiply A by 0 (and add another value where one is asked for), in place: next to the
matrix products around it this costs nothing. Knows nothing about why these neurons were chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.ffn import FFN
from neurontui.store.errors import MeasureError

SCOPES = ("all", "last")


@dataclass
class Intervention:
    """Hooks at work. Before each forward, `aim` says which inputs it holds and where their prompts end."""

    off: Mapping[int, Tensor]
    """Per ablated layer (R, d_m) bool: True switches that neuron off for that input; R = 1: the same for all."""
    values: Mapping[int, Tensor]
    """Per layer (d_m,): what A is set to; layers that are not in it set it to 0."""
    scope: str
    rows: Tensor | None = None
    last: Mapping[str, Tensor] | None = None

    def aim(self, rows: Tensor | None = None, last: Mapping[str, Tensor] | None = None) -> None:
        """Tell the hooks about the next forward.

        rows: (B,) which row of `off` each of its B inputs takes; None: input i takes row i.
        last: per stack (B,) the index of the last prompt token, to which scope 'last' keeps itself; None: every
        position of this forward counts, as it does for generated tokens.
        """
        self.rows, self.last = rows, last

    def apply(self, layer: int, stack: str, activations: Tensor) -> None:
        """Switch off in place. activations: (B, T, d_m), or (B·T, d_m) where an architecture flattens them."""
        off = self.off[layer]
        if self.rows is not None and len(off) > 1:
            off = off[self.rows.to(off.device)]
        shaped = activations
        if activations.dim() == 2:
            shaped = activations.view(self._n_inputs(off), -1, activations.shape[-1])
        if len(off) not in (1, len(shaped)):
            raise MeasureError(
                f"{len(off)} sets of neurons to switch off were given for {len(shaped)} inputs; "
                "tell the intervention which rows the forward holds."
            )
        if self.scope == "last" and self.last is not None:
            self._at_last(shaped, off, layer, self.last[stack])
        else:
            _switch(shaped, off[:, None], self.values.get(layer))

    def _n_inputs(self, off: Tensor) -> int:
        if self.rows is not None:
            return len(self.rows)
        return len(off) if self.last is None else len(next(iter(self.last.values())))

    def _at_last(self, shaped: Tensor, off: Tensor, layer: int, last: Tensor) -> None:
        rows, last = torch.arange(len(shaped), device=shaped.device), last.to(shaped.device)
        here = shaped[rows, last]
        _switch(here, off, self.values.get(layer))
        shaped[rows, last] = here


def _switch(activations: Tensor, off: Tensor, value: Tensor | None) -> None:
    off = off.to(activations.device)
    activations.mul_((~off).to(activations.dtype))
    if value is not None:
        activations.add_(off * value.to(activations))


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
        intervention.apply(ffn.layer.layer, ffn.layer.stack, activations)

    return switch_off
