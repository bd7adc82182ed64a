"""Numbers that multiply the whole residual stream at the end of a block are found by what they do."""

import copy
from types import MethodType
from typing import Any

import pytest
import torch
from torch import nn

from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.ffns.post_norms import with_writes
from neurontui.compute.models.ffns.stream_factors import find_stream_factors
from tests.compute.tiny import load_tiny


def with_number(architecture: str, numbers: list[float], *, whole: bool) -> Any:
    """A tiny model whose blocks multiply their whole output, or what they add to it, by a number."""
    model = copy.deepcopy(load_tiny(architecture).model)
    for block, number in zip(model.model.layers, numbers, strict=True):
        block.number = nn.Buffer(torch.tensor([number]))

        def forward(self: Any, hidden: Any, plain: Any = block.forward, **kwargs: Any) -> Any:
            output = plain(hidden, **kwargs)
            return output * self.number if whole else hidden + (output - hidden) * self.number

        block.forward = MethodType(forward, block)
    return model


@pytest.mark.parametrize("architecture", ["llama", "gemma2"])
def test_a_neuron_is_multiplied_by_the_factors_of_its_block_and_all_later_ones(architecture: str) -> None:
    model = with_number(architecture, [0.5, 3.0], whole=True)
    ffns, n_changed = with_writes(model, find_ffns(model), "m", use=True)
    assert n_changed == 2
    assert [ffn.write.factor for ffn in ffns] == pytest.approx([1.5, 3.0])
    assert [ffn.write.norm is not None for ffn in ffns] == [architecture == "gemma2"] * 2
    assert [float(block.number) for block in model.model.layers] == [0.5, 3.0]


def test_a_number_that_multiplies_only_what_is_added_is_left_to_the_search_behind_ffns() -> None:
    model = with_number("llama", [0.5, 3.0], whole=False)
    ffns = find_ffns(model)
    assert find_stream_factors(model, ffns).of(0) == 1
    found, _ = with_writes(model, ffns, "m", use=True)
    assert [ffn.write.factor for ffn in found] == pytest.approx([0.5, 3.0], rel=1e-3)


def test_blocks_without_numbers_have_no_factor() -> None:
    loaded = load_tiny("llama")
    assert find_stream_factors(loaded.model, loaded.ffns).numbers == ()
