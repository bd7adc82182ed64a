"""A of one neuron at every token of some prompts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN


@dataclass
class Heat:
    """What a neuron was in one forward pass."""

    values: list[Tensor] = field(default_factory=list)
    """One (tokens,) tensor, prompt by prompt with their pads; empty until the neuron's FFN has run."""

    def of(self, row: int, n_rows: int, n_tokens: int) -> tuple[float, ...]:
        """A at the first `n_tokens` tokens of one of `n_rows` prompts."""
        by_row = self.values[0].view(n_rows, -1)
        return tuple(by_row[row, :n_tokens].float().tolist())


@contextmanager
def watching(ffn: FFN, neuron: int, *, product: bool) -> Iterator[Heat]:
    """Context of a forward pass in which A of a neuron is kept; `product`: A is act(gate)·up."""
    heat = Heat()
    part, column = _part_of(ffn, neuron)

    def on_value(_module: nn.Module, args: tuple[Tensor, ...]) -> None:
        _keep(heat, _column(part, part.weighed(args[0]), column))

    def on_act(_module: nn.Module, _args: Any, output: Tensor) -> None:
        _keep(heat, _column(part, output, column))

    if product and part.gated:
        handle = part.value.register_forward_pre_hook(on_value)
    else:
        handle = part.act.register_forward_hook(on_act)
    try:
        yield heat
    finally:
        handle.remove()


def _keep(heat: Heat, values: Tensor) -> None:
    if not heat.values:  # later passes are those of the answer's tokens
        heat.values.append(values)


def _part_of(ffn: FFN, neuron: int) -> tuple[FFN, int]:
    """The part of an FFN that has a neuron, and the neuron's place in it."""
    return next((part, neuron - columns.start) for part, columns in ffn.parts_with_columns() if neuron < columns.stop)


def _column(part: FFN, value: Tensor, column: int) -> Tensor:
    """(tokens,): copy of a neuron's values; 0 at tokens that its expert does not get."""
    if not isinstance(part, ExpertsFFN):
        values: Tensor = value[..., column].reshape(-1).clone()
        return values
    expert, place = divmod(column, value.shape[-1])
    routed = part.router.expert == expert
    dense: Tensor = value.new_zeros(part.router.n_tokens)
    dense[part.router.token[routed]] = value[routed, place]
    return dense
