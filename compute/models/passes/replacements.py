"""What ablated weights are replaced by, at each position of a forward pass.

Positions are of three kinds, and values of one kind never reach another: the first token of a prompt (an attention
sink, whose weights differ from all others), its last token and those after it, and the tokens between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from neurontui.store.journal.manifest import Layer

FIRST, BETWEEN, LAST = range(3)
"""Kinds of positions. The only token of a prompt is its last."""
KINDS = ("first", "between", "last")


@dataclass(frozen=True)
class Places:
    """Positions of one forward pass of B inputs."""

    rows: Tensor
    """(B,) row of each input among those of the intervention."""
    position: Tensor
    """(B or 1, T) index in the prompt, from 0."""
    last: Tensor
    """(B or 1, 1) index of the prompt's last token."""

    @property
    def kinds(self) -> Tensor:
        """(B or 1, T) kind of each position; pads count as last."""
        before = torch.where(self.position == 0, FIRST, BETWEEN)
        return torch.where(self.position >= self.last, LAST, before)


class Source(Protocol):
    """Numbers for each input, position and neuron."""

    def at(self, layer: Layer, places: Places) -> Tensor:
        """(B, T, d_m) for the neurons of a layer."""


@dataclass(frozen=True)
class ByKind:
    """Numbers by group of inputs and kind of position, such as means by language."""

    tables: Mapping[int, Tensor]
    """Per layer (groups, 3, d_m)."""
    group: Tensor
    """(R,) group of each input."""

    def at(self, layer: Layer, places: Places) -> Tensor:
        """(B, T, d_m)."""
        table = self.tables[layer.layer]
        group = self.group.to(table.device)[places.rows.to(table.device)]
        return table[group[:, None], places.kinds.to(table.device)]


@dataclass(frozen=True)
class FromPrompts:
    """Weights of another prompt for each input.

    First token from first token, last from last. Tokens between are aligned from the end; where the other prompt has
    fewer, its first token between is repeated. If it has none, they get those of its last token.
    """

    weights: Mapping[int, Tensor]
    """Per layer (R, T, d_m), or (R, 1, d_m) of the last token."""
    last: Mapping[str, Tensor]
    """Per stack (R,) index of the last token in `weights`."""

    def at(self, layer: Layer, places: Places) -> Tensor:
        """(B, T, d_m)."""
        weights = self.weights[layer.layer]
        rows = places.rows.to(weights.device)[:, None]
        end = self.last[layer.stack].to(weights.device)[rows]
        kinds, to_end = (indices.to(weights.device) for indices in (places.kinds, places.last - places.position))
        between = (end - to_end).clamp(min=1).minimum(end)
        position = torch.where(kinds == LAST, end, torch.where(kinds == FIRST, 0, between))
        return weights[rows, position]


@dataclass(frozen=True)
class Replacement:
    """The new weight of an ablated neuron: factor · w, plus what the source has for its input and position."""

    factor: float = 0.0
    source: Source | None = None
    prompt_only: bool = False
    """Whether tokens after the prompt keep their weights."""

    def change(self, weights: Tensor, off: Tensor, layer: Layer, places: Places, columns: slice) -> None:
        """Replace in place. weights: (B, T, d); off: (B or 1, d) bool; columns: the d neurons among those of the layer.

        Weights of other neurons keep every bit. In place, because memory is what this costs.
        """
        weights.mul_(self.factors(off, weights)[:, None])
        if self.source is not None:
            weights.addcmul_(self.source.at(layer, places)[..., columns].to(weights), off.to(weights.dtype)[:, None])

    def factors(self, off: Tensor, like: Tensor) -> Tensor:
        """What weights are multiplied by, in the shape of `off`: the factor, or 1 where a neuron is not ablated."""
        return like.new_ones(off.shape).masked_fill_(off, self.factor)


ZERO = Replacement()
