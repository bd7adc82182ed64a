"""Sums of w over the tokens of prompts, by language and kind of position: from them means and standard deviations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.passes.replacements import BETWEEN, KINDS, LAST, Places
from neurontui.compute.models.passes.weights import ends, run_watched
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, pad
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.journal.manifest import Layer

_AT_ONCE = 1 << 22
"""Numbers that are converted to float64 together: 32 MiB."""


@dataclass(frozen=True)
class Moments:
    """Means and standard deviations of w over the prompts of a run."""

    means: Mapping[int, Tensor]
    """Per layer (P, 3, d_m) float32, by language and kind of position; NaN where no prompt has such a token."""
    deviations: Mapping[int, Tensor]
    """Per layer (d_m,) float32, over all languages: at last tokens, or at all tokens but the first of each prompt."""

    def to(self, devices: Mapping[int, torch.device]) -> "Moments":
        """With each layer on a device."""
        means, deviations = ({layer: table.to(devices[layer]) for layer, table in tables.items()}
                             for tables in (self.means, self.deviations))  # fmt: skip
        return Moments(means, deviations)


@dataclass(frozen=True)
class WeightSums:
    """Sums over some prompts; they can be added."""

    n: dict[str, Tensor] = field(default_factory=dict)
    """Per stack (P, 3) float64: number of tokens of each language and kind."""
    sums: dict[int, Tensor] = field(default_factory=dict)
    """Per layer (P, 3, d_m) float64."""
    squares: dict[int, Tensor] = field(default_factory=dict)
    """Per layer (P, 3, d_m) float64."""

    def __add__(self, other: "WeightSums") -> "WeightSums":
        pairs = ((self.n, other.n), (self.sums, other.sums), (self.squares, other.squares))
        return WeightSums(*(_added(*pair) for pair in pairs))

    def moments(self, layers: Sequence[Layer], scope: str) -> Moments:
        """Means by language and kind, and standard deviations at the positions of a scope."""
        return Moments(
            {layer.layer: (self.sums[layer.layer] / self.n[layer.stack][..., None]).float() for layer in layers},
            {layer.layer: self._deviation(layer, [LAST] if scope == "last" else [BETWEEN, LAST]) for layer in layers},
        )

    def _deviation(self, layer: Layer, kinds: Sequence[int]) -> Tensor:
        n = self.n[layer.stack][:, kinds].sum()
        mean, square = (total[layer.layer][:, kinds].sum((0, 1)) / n for total in (self.sums, self.squares))
        return (square - mean.square()).clamp(min=0).sqrt().float()


def sum_weights(
    loaded: LoadedModel, encoded: Sequence[Encoded], n_languages: int, budget: int, progress: Phase = SILENT
) -> WeightSums:
    """Sums over prompts in row order, P languages each, in passes of at most `budget` tokens."""
    total, lengths = [WeightSums()], [len(prompt) for prompt in encoded]

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        total[0] += _sums_of_pass(loaded, tokens, rows, n_languages)

    run_halving(lengths, loaded.groups(lengths), budget, step, progress)
    return total[0]


def _sums_of_pass(loaded: LoadedModel, tokens: Tokens, rows: Rows, n_languages: int) -> WeightSums:
    groups, shape = _groups(loaded, tokens, rows, n_languages), (n_languages, len(KINDS), -1)
    sums = WeightSums({stack: of_stack.sum((0, 1)).view(n_languages, -1).cpu() for stack, of_stack in groups.items()})

    def take(ffn: FFN, weights: Tensor) -> None:
        of_token = groups[ffn.layer.stack].flatten(0, 1).to(weights.device)
        first, second = _sums(weights.flatten(0, 1), of_token)
        sums.sums[ffn.layer.layer] = first.view(shape).cpu()
        sums.squares[ffn.layer.layer] = second.view(shape).cpu()

    run_watched(loaded, loaded.ffns, tokens, take)
    return sums


def _groups(loaded: LoadedModel, tokens: Tokens, rows: Rows, n_languages: int) -> dict[str, Tensor]:
    """Per stack (B, T, P · 3) float64: 1 where a token has a language and kind of position; pads have none."""
    language = torch.tensor([row % n_languages for row in rows], device=tokens.ids.device)
    groups = {}
    for stack, end in ends(loaded, tokens).items():
        length = (tokens.opening if loaded.encoder_decoder and stack == "decoder" else tokens.ids).shape[1]
        places = Places(language, torch.arange(length, device=end.device)[None], end[:, None])
        group = language[:, None] * len(KINDS) + places.kinds
        real = (places.position <= places.last)[..., None]
        groups[stack] = one_hot(group, n_languages * len(KINDS)).double() * real
    return groups


def _sums(weights: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
    """Sums and sums of squares, (P · 3, d_m) float64. weights: (N, d_m); groups: (N, P · 3).

    A product of matrices, because the order of its terms is fixed.
    """
    step = max(1, _AT_ONCE // weights.shape[1])
    sums = torch.zeros(groups.shape[1], weights.shape[1], dtype=torch.float64, device=weights.device)
    squares = torch.zeros_like(sums)
    for start in range(0, len(weights), step):
        exact, of_group = weights[start : start + step].double(), groups[start : start + step].T
        sums += of_group @ exact
        squares += of_group @ exact.square()
    return sums, squares


def _added(one: Mapping[Any, Tensor], other: Mapping[Any, Tensor]) -> dict[Any, Tensor]:
    both = {key: one[key] + other[key] for key in one if key in other}
    return {**one, **other, **both}
