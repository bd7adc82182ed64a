"""Norms as linear maps with a scale, and how an FFN's output is written to the residual stream.

The gain of a norm, and whether it centers, are read off its outputs for probes, because architectures differ: Gemma
multiplies by 1 + weight, and some norms have no weight.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Norm:
    """`y = scale · γ ⊙ (x − mean(x)) + bias`, a LayerNorm; an RMSNorm does not subtract the mean."""

    module: nn.Module
    gain: Tensor
    """γ, (H,) float32."""
    bias: Tensor
    """(H,) float32; 0 in an RMSNorm."""
    centred: bool
    dtype: torch.dtype
    """Of the module's inputs."""

    def apply(self, vectors: Tensor) -> Tensor:
        """γ ⊙ (v − mean(v)) of vectors (n, H): the norm without its scale and bias."""
        if self.centred:
            vectors = vectors - vectors.mean(-1, keepdim=True)
        return vectors * self.gain.to(vectors.device)

    def fold(self, directions: Tensor, inputs: Tensor) -> Tensor:
        """Convert directions (R, H) on the norm's output to its input; inputs (R, H) determine the scale."""
        folded = directions * self.gain
        if self.centred:
            folded = folded - folded.mean(-1, keepdim=True)
        return folded * self.scale(inputs, self.module(inputs.to(self.dtype)))[:, None]

    def scale(self, inputs: Tensor, outputs: Tensor) -> Tensor:
        """(R,) float32: the scale of each input, such as 1 / rms; inputs, outputs: (R, H). 0 for an input of zeros."""
        unscaled = torch.linalg.vector_norm(self.apply(inputs.float()), dim=-1)
        scaled = torch.linalg.vector_norm(outputs.float() - self.bias.to(outputs.device), dim=-1)
        return torch.where(unscaled > 0, scaled / unscaled, 0)


@dataclass(frozen=True)
class Write:
    """What is added to the residual stream for an output o of an FFN: `o · factor`, or `norm(o) · factor`."""

    factor: float = 1.0
    norm: Norm | None = None

    @property
    def changes(self) -> bool:
        """Whether something else than the FFN's output is added."""
        return self.norm is not None or self.factor != 1

    def vectors(self, values: Tensor) -> Tensor:
        """What value vectors (n, H) add to the residual stream, without the scale of the norm."""
        if self.norm is not None:
            values = self.norm.apply(values)
        return values if self.factor == 1 else values * self.factor


def find_norm(module: nn.Module, inputs: Tensor, outputs: Tensor, tolerance: float) -> Norm | None:
    """The norm that a module is; None if it is not one.

    inputs, outputs: (R, H) of the module in a real forward pass, which the norm must explain up to `tolerance`.
    """
    width = inputs.shape[-1]
    probe = torch.ones(1, 1, width, device=inputs.device)
    probe[..., ::2] = -1
    probe -= probe.mean()
    try:
        plus, minus, moved = (_run(module, vector, inputs.dtype) for vector in (probe, -probe, probe + 1))
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
        return None
    if plus.shape != (width,):
        return None
    bias, gain = (plus + minus) / 2, (plus - minus) / 2 / probe.flatten()
    centred = bool((moved - plus).norm() < 0.1 * (plus - bias).norm())
    norm = Norm(module, gain, bias, centred, inputs.dtype)
    return norm if _explains(norm, inputs, outputs, tolerance) else None


def _explains(norm: Norm, inputs: Tensor, outputs: Tensor, tolerance: float) -> bool:
    predicted = norm.apply(inputs.float()) * norm.scale(inputs, outputs)[:, None] + norm.bias
    difference = torch.linalg.vector_norm(predicted - outputs.float())
    return bool(difference <= tolerance * torch.linalg.vector_norm(outputs.float()))


def _run(module: nn.Module, vector: Tensor, dtype: torch.dtype) -> Tensor:
    """(H,) float32; computed in float32 where the module accepts it, so that its gain is not rounded."""
    try:
        output: Tensor = module(vector)
    except RuntimeError:
        output = module(vector.to(dtype))
    return output.float().flatten()
