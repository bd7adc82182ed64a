"""Contribution scores (Eq. 9) and effective scores (Eq. 10) of every neuron for some inputs. Pure tensor functions."""

import math

import torch
from torch import Tensor


def value_norms(values: Tensor) -> Tensor:
    """‖v_i‖₂ of value vectors (d_m, H), (d_m,)."""
    # torch.linalg.vector_norm is eight times slower for a transposed weight.
    return values.square().sum(-1).sqrt()


def weighted_norms(weights: Tensor, norms: Tensor) -> Tensor:
    """|A_i| · ‖v_i‖, Eq. 9 before it is divided by the layer's total.

    weights: (…, d_m) factors of the value vectors; norms: (d_m,) from `value_norms`. Returns (…, d_m).
    """
    return weights.abs() * norms


def contribution_scores(raw: Tensor) -> Tensor:
    """Share of each neuron in its layer's output, Eq. 9.

    raw: (…, d_m) from `weighted_norms`. Returns (…, d_m), rows summing to 1; a row of zeros stays zero.
    """
    return raw / raw.sum(-1, keepdim=True).clamp_min(torch.finfo(raw.dtype).tiny)


def effective_scores(weights: Tensor, values: Tensor, directions: Tensor) -> Tensor:
    """Contribution of each neuron to the answer's logit, Eq. 10: A_i · (W_Vᵀ E_r)_i.

    weights: (R, d_m); values: (d_m, H) rows v_i; directions: (R, H) E_r. Returns (R, d_m).
    """
    return weights * (directions @ values.T)


def top_set(raw: Tensor, share: float, least: int = 0) -> tuple[Tensor, Tensor]:
    """The ⌈share · d_m⌉ largest neurons of each layer, without those that contribute nothing.

    raw: (…, d_m). Returns membership (…, d_m) bool and the neurons (…, k), largest first, k at least `least`.
    """
    size, n = math.ceil(share * raw.shape[-1]), raw.shape[-1]
    strongest = raw.topk(min(max(size, least), n), dim=-1).indices
    chosen = torch.zeros_like(raw, dtype=torch.bool)
    return chosen.scatter_(-1, strongest[..., :size], True) & (raw > 0), strongest
