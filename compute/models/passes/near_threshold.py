"""Count activations so close to the threshold that the precision of the forward pass decides them."""

import torch
from torch import Tensor, nn


def near_threshold(before: Tensor, act: nn.Module, threshold: float) -> int:
    """Number of pre-activations that cross the threshold if moved by the rounding of their dtype.

    before: (R, d_m), inputs of `act`. A dot product whose terms have a relative rounding error of up to u has an error
    of about u times its typical size, the root mean square over the neurons of the layer. Counts neurons for which
    act(x − u·rms) > t differs from act(x + u·rms) > t, with u half the distance from 1 to the next number.
    """
    exact = before.float()
    moved = _unit(before) * exact.square().mean(-1, keepdim=True).sqrt()
    above = act.forward(exact + moved) > threshold
    below = act.forward(exact - moved) > threshold
    return int((above != below).sum())


def near_threshold_product(activations: Tensor, threshold: float) -> int:
    """The same for act(gate)·up, (R, d_m), with its own root mean square as the typical size.

    Exact zeros are left out: they come from ReLU or from an expert that did not run.
    """
    exact = activations.double()
    ran = exact != 0
    usual = (exact.square().sum(-1, keepdim=True) / ran.sum(-1, keepdim=True).clamp_min(1)).sqrt()
    return int((ran & ((exact - threshold).abs() < _unit(activations) * usual)).sum())


def _unit(values: Tensor) -> float:
    """Largest relative error of rounding to the dtype of these values, or to TF32 where matrix products use it."""
    if values.is_cuda and values.dtype is torch.float32 and torch.backends.cuda.matmul.allow_tf32:
        return _TF32
    return float(torch.finfo(values.dtype).eps) / 2


_TF32 = 2.0**-11
"""TF32 has 10 bits after the leading one."""
