"""Near-threshold counts: what precision could have decided either way."""

import pytest
import torch
from torch import nn

from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.near_threshold import near_threshold
from tests.compute.pretended_gpus import on_gpu, pretended_gpus
from tests.compute.tiny import batch, load_tiny


def test_at_threshold_zero_it_counts_pre_activations_smaller_than_the_rounding() -> None:
    generator = torch.Generator().manual_seed(1)
    before = torch.randn(7, 5000, generator=generator).bfloat16()
    margin = 2.0**-8 * before.float().square().mean(-1, keepdim=True).sqrt()
    expected = int((before.float().abs() < margin).sum())
    assert expected > 100
    for act in (nn.GELU(), nn.SiLU(), nn.ReLU(), nn.GELU(approximate="tanh")):
        assert near_threshold(before, act, 0.0) == pytest.approx(expected, abs=3)


def test_at_another_threshold_it_looks_where_the_activation_crosses_it() -> None:
    before = torch.linspace(-2, 2, 100_001)[None]
    margin = 2.0**-24 * before.square().mean().sqrt()
    doubles = before.double()
    expected = int(((doubles - 0.3).abs() < margin).sum())
    assert near_threshold(before, nn.ReLU(), 0.3) == pytest.approx(expected, abs=1)


def test_signs_that_bfloat16_flips_are_about_as_many_as_it_counts() -> None:
    """The count foretells the flips, to a small factor: neither misses them nor cries wolf."""
    generator = torch.Generator().manual_seed(2)
    x, keys = torch.randn(50, 256, generator=generator), torch.randn(256, 4096, generator=generator)
    exact, rounded = x @ keys, x.bfloat16() @ keys.bfloat16()
    flips = int(((exact > 0) != (rounded > 0)).sum())
    counted = near_threshold(rounded, nn.GELU(), 0.0)
    assert flips < counted < flips * 8


def test_a_capture_in_bfloat16_counts_more_than_one_in_float32() -> None:
    loaded = load_tiny("bloom")
    single = capture(loaded, batch(), CaptureOptions())
    assert sum(single.near_zero) == 0
    loaded.model.bfloat16()
    try:
        half = capture(loaded, batch(), CaptureOptions())
    finally:
        load_tiny.cache_clear()
    assert sum(half.near_zero) > 0
    assert all(each.dtype == torch.bfloat16 for each in half.activations)


def test_tf32_counts_as_much_less_precise(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.randn(3, 100_000, generator=torch.Generator().manual_seed(3))
    with pretended_gpus():
        values = on_gpu(before, "cuda:0")
        exact = near_threshold(values, nn.ReLU(), 0.0)
        monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", True)
        fast = near_threshold(values, nn.ReLU(), 0.0)
        monkeypatch.undo()
    margin = 2.0**-11 * before.square().mean(-1, keepdim=True).sqrt()
    assert exact < 3
    assert fast == pytest.approx(int((before.abs() < margin).sum()), abs=1)
    assert not torch.backends.cuda.matmul.allow_tf32
