"""Activities that the precision of the forward pass could have decided either way."""

import torch
from torch import Tensor, nn


def near_threshold(before: Tensor, act: nn.Module, threshold: float) -> int:
    """Pre-activations that cross the threshold when moved by the rounding of their dtype.

    before: (R, d_m), what `act` takes. A dot product whose terms each carry a relative rounding error of up to u is
    off by about u times its usual size, which is the root mean square over the neurons of the layer: counts where
    act(x − u·rms) > t differs from act(x + u·rms) > t, with u half the distance from 1 to the next number.
    """
    exact = before.float()
    moved = _unit(before) * exact.square().mean(-1, keepdim=True).sqrt()
    above = act.forward(exact + moved) > threshold
    below = act.forward(exact - moved) > threshold
    return int((above != below).sum())


def near_threshold_product(activations: Tensor, threshold: float) -> int:
    """The same for act(gate)·up, (R, d_m), whose own size stands in for that of its terms.

    Exact zeros are left out: they come from ReLU, or from an expert that did not run.
    """
    exact = activations.double()
    ran = exact != 0
    usual = (exact.square().sum(-1, keepdim=True) / ran.sum(-1, keepdim=True).clamp_min(1)).sqrt()
    return int((ran & ((exact - threshold).abs() < _unit(activations) * usual)).sum())


def _unit(values: Tensor) -> float:
    """Largest relative error of rounding to the dtype of these values."""
    return float(torch.finfo(values.dtype).eps) / 2
