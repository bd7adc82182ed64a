"""The rules that select neurons for each language from what `statistics` gathers. A new rule is one entry of RULES."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.ablation.selection.average_precision import average_precision
from neurontui.compute.ablation.selection.statistics import ACTIVATIONS, Kept, Sums

PERCENTILE = 0.95
"""Of all activation probabilities: a neuron belongs to the languages in which its own is larger."""
_ENTROPY_DIGITS = 12
"""Entropies that differ only by rounding are equal."""

Keys = tuple[Tensor, ...]
"""What neurons are sorted by, the most important key first, (P, N) float64 over all layers; larger is selected first.

Minus infinity in the first key: the neuron cannot be selected for the language.
"""


@dataclass(frozen=True)
class Rule:
    """How neurons are selected for a language."""

    name: str
    quantity: str
    """What is summed over inputs (QUANTITIES), or kept (ACTIVATIONS)."""
    keys: Callable[[Sums | Kept], Keys]
    about: str
    """In words, for the notes of a run."""
    compares_languages: bool = False
    """Whether it needs at least two languages."""


def lape_keys(sums: Sums | Kept) -> Keys:
    """Language activation probability entropy (Tang et al. 2024): the lowest entropy first, then the most probable.

    p is the share of a language's inputs at which a neuron is active. Its entropy is that of p normalized over the
    languages. A neuron is eligible for the languages in which p exceeds the percentile of all p of the model.
    """
    p = _means(sums)
    shares = p / p.sum(0).clamp_min(torch.finfo(p.dtype).tiny)
    entropy = -torch.special.xlogy(shares, shares).sum(0).round(decimals=_ENTROPY_DIGITS)
    bar = p.flatten().kthvalue(max(1, round(p.numel() * PERCENTILE))).values
    # With few examples more than 5 % of all p are 1, and none can exceed the percentile.
    eligible = (p > bar) if bool(bar < p.max()) else (p == bar) & (p > 0)
    return (-entropy).expand_as(p).masked_fill(~eligible, -torch.inf), p


def largest_mean(sums: Sums | Kept) -> Keys:
    """The largest mean over the inputs of the language first; only neurons whose mean is above 0."""
    means = _means(sums).nan_to_num(0)
    return (means.masked_fill(means <= 0, -torch.inf),)


def largest_average_precision(kept: Sums | Kept) -> Keys:
    """The best detectors of the language first; only neurons above the language's share of the inputs, which is chance.

    A neuron detects a language if its activations are larger in that language than in the others.
    """
    assert isinstance(kept, Kept)
    precision = torch.cat([average_precision(values) for values in kept.values], dim=1)
    return (precision.masked_fill(precision <= 1 / len(precision), -torch.inf),)


def _means(sums: Sums | Kept) -> Tensor:
    """(P, N) over all layers; NaN for a language without inputs."""
    assert isinstance(sums, Sums)
    return torch.cat([total / n[:, None] for n, total in zip(sums.n, sums.totals, strict=True)], dim=1)


RULES = {
    rule.name: rule
    for rule in (
        Rule("lape", "activity", lape_keys, "lowest language activation probability entropy", compares_languages=True),
        Rule(
            "average-precision",
            ACTIVATIONS,
            largest_average_precision,
            "largest average precision as a detector of the language",
            compares_languages=True,
        ),
        Rule("contribution", "contribution", largest_mean, "largest mean contribution score"),
        Rule("effective-score", "effect", largest_mean, "largest mean effective score"),
        Rule("gradient", "gradient", largest_mean, "largest mean gradient attribution of the answer"),
    )
}
