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
    moved = torch.finfo(before.dtype).eps / 2 * exact.square().mean(-1, keepdim=True).sqrt()
    above = act.forward(exact + moved) > threshold
    below = act.forward(exact - moved) > threshold
    return int((above != below).sum())


def near_threshold_product(activations: Tensor, threshold: float) -> int:
    """The same for act(gate)·up, (R, d_m), whose own size stands in for that of its terms."""
    return near_threshold(activations, torch.nn.Identity(), threshold)
