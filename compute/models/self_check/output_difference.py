"""Compare what an FFN writes with the sum of value vectors that scores take it to write."""

import math

import torch

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.self_check.probe import Reading
from neurontui.store.errors import MeasureError


def output_difference(ffn: FFN, reading: Reading) -> float:
    """Norm of Σ w_i v_i + b minus the FFN's output, relative to the size of both; the largest of the B prompts.

    The size is the norm of the output plus that of a sum of the same terms with random signs, because the rounding of
    terms that cancel is large in comparison with the output alone.
    """
    values, bias = ffn.value_vectors(), ffn.value_bias()
    weights, output = reading.weights.float().to(values.device), reading.output.float().to(values.device)
    expected = (weights.shape[-1], output.shape[-1])
    if values.shape != expected:
        raise MeasureError(
            f"The value matrix of layer {ffn.layer.layer} has the shape {tuple(values.shape)} instead of {expected}."
        )
    used = weights.any(0)
    if 2 * int(used.sum()) < len(values):  # few experts, or few neurons of a ReLU
        values, weights = values[used], weights[:, used]
    written = weights @ values + (0 if bias is None else bias.to(values.device))
    size = output.norm(dim=-1) + (weights.square() @ values.square().sum(-1)).sqrt()
    difference = (output - written).norm(dim=-1)
    relative = torch.where(difference == 0, 0, difference / size)
    return float(relative.nan_to_num(math.inf).max())
