"""Masks of real prompts: by the equations from each FFN's input, by nnsight, and at two batch sizes.

Sums in another order round differently. So a sign may differ only where the activation is within ROUNDING of zero,
relative to the typical size (root mean square) of its layer and prompt, and at most one sign in 100,000 may differ.
"""

import nnsight
import pytest
import torch
from torch import Tensor

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from tests.compute.models.reference import ids_of, reference
from tests.compute.models.test_capture_nnsight import by_nnsight
from tests.real.conftest import Pretrained

pytestmark = pytest.mark.real

ROUNDING = 1e-4
AT_MOST = 1e-5
ARCHITECTURES = {"gemma": "gemma3_text", "smollm2": "llama"}


def captured(pretrained: Pretrained, budget: int) -> Tensor:
    """(prompts, layers, neurons) of our capture."""
    activations = capture(pretrained.loaded, pretrained.batch, CaptureOptions(token_budget=budget)).activations
    return torch.stack([layer.flatten(0, 1) for layer in activations], 1)


@pytest.fixture(scope="module")
def ours(pretrained: Pretrained) -> Tensor:
    return captured(pretrained, 1024)


def assert_same(ours: Tensor, theirs: Tensor, what: str) -> None:
    """Activations within ROUNDING of the layer's typical size, and signs equal beyond it."""
    usual = theirs.square().mean(-1, keepdim=True).sqrt()
    differ = (ours > 0) != (theirs > 0)
    largest = ((ours - theirs).abs() / usual).max().item()
    print(f"{what}: {int(differ.sum())} of {differ.numel():,} signs differ, largest difference {largest:.1e}")
    assert largest < ROUNDING
    assert differ.double().mean() <= AT_MOST
    assert bool(((theirs.abs() / usual)[differ] < ROUNDING).all())


def test_masks_equal_the_equations(pretrained: Pretrained, ours: Tensor) -> None:
    loaded = pretrained.loaded
    theirs = []
    for prompt in pretrained.prompts:
        ids = ids_of(loaded.tokenizer, prompt, ends=False)
        found = reference(loaded.model, ARCHITECTURES[pretrained.name], ids, len(loaded.layers))
        theirs.append(torch.stack([layer[-1] for layer in found.activations]))

    assert_same(ours, torch.stack(theirs), f"{pretrained.name}, plain PyTorch")


def test_masks_equal_nnsight(pretrained: Pretrained, ours: Tensor) -> None:
    # A model of its own: nnsight leaves modules wrapped.
    own = load_model(ModelOptions(str(pretrained.path), device="cpu"))
    wrapped = nnsight.NNsight(own.model)
    architecture, n_layers = ARCHITECTURES[pretrained.name], len(own.layers)
    theirs = [torch.stack(by_nnsight(own, architecture, prompt, n_layers, wrapped)) for prompt in pretrained.prompts]

    assert_same(ours, torch.stack(theirs), f"{pretrained.name}, nnsight")


def test_prompts_alone_have_the_masks_of_a_batch(pretrained: Pretrained, ours: Tensor) -> None:
    assert_same(ours, captured(pretrained, 1), f"{pretrained.name}, one prompt per pass")
