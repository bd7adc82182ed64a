"""How much the activations of one prompt differ between two forward passes, and whether that is more than rounding."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.self_check.probe import Reading
from neurontui.compute.models.self_check.rounding import LARGEST, batch_rounding, same_shape_rounding


@dataclass(frozen=True)
class BatchDifference:
    """Difference of one layer between two passes."""

    values: float
    """Norm of the difference, divided by the norm of the values: the larger one of activations and weights."""
    signs: float
    """Share of neurons that are active in one pass only, by more than rounding."""
    allowed: float
    """Largest value of both that rounding can cause."""

    @property
    def is_rounding(self) -> bool:
        """False also for a difference that is not finite."""
        return self.values <= self.allowed and self.signs <= self.allowed


def batch_differences(
    loaded: LoadedModel, one: Sequence[Reading], other: Sequence[Reading], *, same_shape: bool = False
) -> list[BatchDifference]:
    """Per layer the difference between two passes over one prompt, (1, …) each.

    same_shape: the passes have the same size, so that every number is rounded in the same way, except in experts,
    which get other numbers of tokens.

    In half precision, rounding can decide which of two experts with nearly equal scores a token is routed to. Such a
    pair of experts is left out, and later layers may differ more.
    """
    exact = same_shape and not any(_experts(ffn) for ffn in loaded.ffns)
    differences, swapped = [], False
    for index, ffn in enumerate(loaded.ffns):
        mine, its = one[index], other[index]
        same = _ran_in_both(ffn, mine.activations, its.activations)
        swapped = swapped or not bool(same.all())
        usual = same_shape_rounding(loaded.torch_dtype) if exact else batch_rounding(loaded.torch_dtype, index)
        differences.append(_difference(mine, its, same, LARGEST if swapped else usual))
    return differences


def _difference(one: Reading, other: Reading, same: Tensor, allowed: float) -> BatchDifference:
    values = max(
        _relative(one.activations[same], other.activations[same]), _relative(one.weights[same], other.weights[same])
    )
    return BatchDifference(values, _signs(one.activations[same], other.activations[same], allowed), allowed)


def _relative(one: Tensor, other: Tensor) -> float:
    one, other = one.double(), other.double()  # float32 may overflow
    difference, size = float((one - other).norm()), float(one.norm())
    if not math.isfinite(difference):
        return math.inf
    return difference / size if size else math.inf if difference else 0.0


def _signs(one: Tensor, other: Tensor, allowed: float) -> float:
    if not one.numel():
        return 0.0
    one, other = one.float(), other.float()
    by_more = (one - other).abs() > allowed * one.square().mean().sqrt()
    return float((((one > 0) != (other > 0)) & by_more).float().mean())


def _ran_in_both(ffn: FFN, one: Tensor, other: Tensor) -> Tensor:
    """(1, d_m) bool: all neurons, without those of a few experts that ran in one half-precision pass only."""
    same = torch.ones_like(one, dtype=torch.bool)
    if torch.finfo(one.dtype).bits < 32:
        for experts, columns in _experts(ffn):
            same[:, columns] = _without_swapped(experts, one[:, columns], other[:, columns])
    return same


def _experts(ffn: FFN) -> list[tuple[ExpertsFFN, slice]]:
    """The experts among the neurons of an FFN, and where they are."""
    return [(part, columns) for part, columns in ffn.parts_with_columns() if isinstance(part, ExpertsFFN)]


def _without_swapped(experts: ExpertsFFN, one: Tensor, other: Tensor) -> Tensor:
    """(1, experts · d_ff) bool. More than a quarter of a token's experts, or other numbers of them, are no rounding."""
    ran, also = (values.view(experts.n_experts, -1).any(-1) for values in (one, other))
    n_ran, n_swapped = int(ran.sum()), int((ran & ~also).sum())
    is_rounding = int(also.sum()) == n_ran and n_swapped <= max(1, n_ran // 4)
    kept = ran == also if is_rounding else torch.ones_like(ran)
    return kept.repeat_interleave(one.shape[-1] // experts.n_experts)[None]
