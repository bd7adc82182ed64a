"""Signs of a model on the device, against each prompt alone and unpadded on the CPU in float32."""

from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.batch import Capture
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from tests.gpu.models import Setting, batch, load, saved_model
from tests.gpu.table import Mismatch

ROUNDING = 1e-4
"""Most that an activation may differ, as a share of the root mean square of its layer. float32 has 6e-8, and errors of
some hundred terms and a dozen layers add up; TF32 would have 1e-3."""


@dataclass(frozen=True)
class Difference:
    """Two captures of the same prompts."""

    n: int
    flips: int
    """Neurons and inputs with another sign."""
    worst_flip: float
    """Largest activation with another sign, and largest difference of any, as shares of the root mean square."""
    largest: float


def difference(ours: Capture, reference: Capture) -> Difference:
    """Compare activations and weights of value vectors, layer by layer."""
    pairs = [*zip(ours.activations, reference.activations, strict=True)]
    pairs += [*zip(ours.weights, reference.weights, strict=True)]
    parts = [_difference(a.float().cpu(), b.float().cpu()) for a, b in pairs]
    return Difference(
        n=sum(part.n for part in parts),
        flips=sum(part.flips for part in parts),
        worst_flip=max(part.worst_flip for part in parts),
        largest=max(part.largest for part in parts),
    )


def _difference(ours: Tensor, reference: Tensor) -> Difference:
    usual = reference.square().mean(-1, keepdim=True).sqrt().clamp_min(1e-30)
    apart, flipped = (ours - reference).abs() / usual, (ours > 0) != (reference > 0)
    size = (reference.abs() / usual)[flipped]
    return Difference(ours.numel(), int(flipped.sum()), float(size.max()) if len(size) else 0.0, float(apart.max()))


def same_signs(setting: Setting, architecture: str, size: str) -> str:
    """All signs are those of the reference, except where an activation is within rounding of 0."""
    with saved_model(setting, architecture, size) as folder:
        alone = CaptureOptions(token_budget=1)
        reference = capture(load(folder, "cpu"), batch(), alone)
        ours = capture(load(folder, setting.device), batch(), CaptureOptions())
    apart = difference(ours, reference)
    if apart.largest > ROUNDING:
        raise Mismatch(f"an activation differs by {apart.largest:.1e} of its layer's root mean square; {apart}")
    return (
        f"{apart.n:,} values, largest difference {apart.largest:.0e} rms, {apart.flips} signs differ"
        f"{_counts(ours, reference, apart.flips)}"
    )


def _counts(ours: Capture, reference: Capture, flips: int) -> str:
    """Counts of active tokens: an activation near 0 changes one by 1, so a few may differ."""
    assert ours.active_tokens is not None
    assert reference.active_tokens is not None
    pairs = zip(ours.active_tokens, reference.active_tokens, strict=True)
    differing = sum(int((a.cpu() != b.cpu()).sum()) for a, b in pairs)
    near, expected = sum(ours.near_zero), sum(reference.near_zero)
    n = sum(counts.numel() for counts in ours.active_tokens)
    if differing > 3 + n // 10_000 or abs(near - expected) > 3 + n // 10_000:
        raise Mismatch(f"{differing} token counts of {n} differ; near zero {near}, on the CPU {expected}")
    return f", {differing} token counts differ, near zero {near} (CPU {expected})"


def near_zero_in_bfloat16(setting: Setting, architecture: str) -> str:
    """The device counts about as many bfloat16 activations near 0 as the CPU, and they cover the flipped signs."""
    with saved_model(setting, architecture, "middle") as folder:
        exact = capture(load(folder, "cpu"), batch(), CaptureOptions())
        cpu = capture(load(folder, "cpu", "bfloat16"), batch(), CaptureOptions())
        ours = capture(load(folder, setting.device, "bfloat16"), batch(), CaptureOptions())
    near, expected = sum(ours.near_zero), sum(cpu.near_zero)
    n = sum(a.numel() for a in ours.activations)
    flips = sum(int(((a.cpu() > 0) != (b > 0)).sum()) for a, b in zip(ours.activations, exact.activations, strict=True))
    if abs(near - expected) > 0.1 * expected + 5 * expected**0.5:
        raise Mismatch(f"{near} near zero on the device, {expected} on the CPU, of {n}")
    if not 5e-4 < near / n < 2e-2:
        raise Mismatch(f"{near} of {n} activations near zero; about 0.3 % were expected")
    return f"near zero {near / n:.2%} (CPU {expected / n:.2%}); {flips / n:.2%} of signs differ from float32"


def with_tf32(setting: Setting) -> str:
    """What TF32 would change: it is off, unless a user turns it on."""
    with saved_model(setting, "bloom", "middle") as folder:
        loaded = load(folder, setting.device)
        exact = capture(loaded, batch(), CaptureOptions())
        torch.backends.cuda.matmul.allow_tf32 = True
        try:
            fast = capture(loaded, batch(), CaptureOptions())
        finally:
            torch.backends.cuda.matmul.allow_tf32 = False
    apart = difference(fast, exact)
    return f"largest difference {apart.largest:.0e} rms, {apart.flips} of {apart.n:,} signs differ from float32"
