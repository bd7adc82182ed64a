"""Masks of every architecture against activations formed by hand, one unpadded prompt at a time."""

import functools

import pytest
import torch

from neurontui.compute.models.ffns.architectures import KNOWN
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from tests.compute.models.reference import PLANS, Reference, ids_of, reference
from tests.compute.tiny import CONFIGS, MIXTURES, batch, load_tiny

ARCHITECTURES = tuple(CONFIGS)


@functools.cache
def references(architecture: str) -> list[Reference]:
    loaded = load_tiny(architecture)
    ends = loaded.encoder_decoder
    return [
        reference(loaded.model, architecture, ids_of(loaded.tokenizer, prompt, ends=ends)) for prompt in batch().prompts
    ]


def test_every_known_architecture_has_a_reference() -> None:
    assert set(KNOWN) - set(MIXTURES) == set(PLANS) == set(CONFIGS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_masks_equal_activations_formed_by_hand(architecture: str) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions(token_budget=1000))
    expected = references(architecture)
    assert captured.n_tokens.flatten().tolist() == [each.n_tokens for each in expected]
    for index in range(len(loaded.layers)):
        by_hand = torch.stack([each.activations[index][-1] for each in expected])
        ours = captured.activations[index].flatten(0, 1)
        torch.testing.assert_close(ours, by_hand, rtol=1e-4, atol=1e-5)
        assert torch.equal(ours > 0, by_hand > 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_equal_the_input_of_the_value_matrix(architecture: str) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions(token_budget=1000))
    expected = references(architecture)
    for index, ffn in enumerate(loaded.ffns):
        by_hand = torch.stack([each.products[index][-1] for each in expected])
        ours = captured.weights[index].flatten(0, 1)
        torch.testing.assert_close(ours, by_hand, rtol=1e-4, atol=1e-5)
        if not ffn.gated:
            assert captured.weights[index] is captured.activations[index]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tokens_at_which_a_neuron_is_active_are_counted_without_pads(architecture: str) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions(threshold=0.1, token_budget=1000))
    assert captured.active_tokens is not None
    for row, expected in enumerate(references(architecture)):
        for index in range(len(loaded.layers)):
            by_hand = (expected.activations[index] > 0.1).sum(0)
            ours = captured.active_tokens[index].flatten(0, 1)[row]
            assert torch.equal(ours.long(), by_hand)


@pytest.mark.parametrize("architecture", ["llama", "phi3", "mt5", "bloom"])
def test_product_reads_act_gate_times_up(architecture: str) -> None:
    loaded = load_tiny(architecture)
    options = CaptureOptions(activation="product", token_budget=1000)
    captured = capture(loaded, batch(), options)
    assert captured.active_tokens is not None
    expected = references(architecture)
    for index in range(len(loaded.layers)):
        by_hand = torch.stack([each.products[index][-1] for each in expected])
        assert torch.equal(captured.activations[index].flatten(0, 1) > 0, by_hand > 0)
        counts = torch.stack([(each.products[index] > 0).sum(0) for each in expected])
        assert torch.equal(captured.active_tokens[index].flatten(0, 1).long(), counts)


def test_encoder_can_be_read_before_its_closing_token() -> None:
    loaded = load_tiny("mt5")
    captured = capture(loaded, batch(), CaptureOptions(encoder_token="before-eos"))
    expected = references("mt5")
    for index, layer in enumerate(loaded.layers):
        at = -2 if layer.stack == "encoder" else -1
        by_hand = torch.stack([each.activations[index][at] for each in expected])
        assert torch.equal(captured.activations[index].flatten(0, 1) > 0, by_hand > 0)
    assert captured.last_tokens[0] == " is"
    assert capture(loaded, batch(), CaptureOptions()).last_tokens[0] == "</s>"


def test_stacks_of_an_encoder_decoder_are_layers_of_one_run() -> None:
    layers = load_tiny("mt5").layers
    assert [(each.layer, each.stack, each.position) for each in layers] == [
        (0, "encoder", 0),
        (1, "encoder", 1),
        (2, "decoder", 0),
        (3, "decoder", 1),
    ]
