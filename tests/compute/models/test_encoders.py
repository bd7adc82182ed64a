"""Encoders against plain PyTorch, one unpadded input at a time, and what cannot be measured of them."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from neurontui.compute.models.ffns.encoders import ENCODERS
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import InvalidPromptError
from neurontui.store.errors import ModelError
from tests.compute.models.encoders import MASK, load_encoder, plain, save_encoder, with_prompts
from tests.compute.tiny import batch, save_tiny

ALONE = CaptureOptions(token_budget=1000)


@pytest.mark.parametrize("architecture", ENCODERS)
def test_activity_equals_that_of_each_input_alone(architecture: str) -> None:
    loaded = load_encoder(architecture)
    captured = capture(loaded, batch(), CaptureOptions(threshold=0.1))
    assert captured.active_tokens is not None
    assert {layer.stack for layer in loaded.layers} == {"encoder"}
    for row, prompt in enumerate(batch().prompts):
        ids = loaded.tokenizer(prompt)["input_ids"]
        assert (ids[0], ids[-1]) == (2, 3)
        for layer, (activations, weights) in enumerate(plain(loaded.model, architecture, ids)):
            ours = captured.activations[layer].flatten(0, 1)[row]
            torch.testing.assert_close(ours, activations[-1], rtol=1e-4, atol=1e-5)
            assert torch.equal(ours > 0, activations[-1] > 0)
            torch.testing.assert_close(captured.weights[layer].flatten(0, 1)[row], weights[-1], rtol=1e-4, atol=1e-5)
            counts = captured.active_tokens[layer].flatten(0, 1)[row]
            assert torch.equal(counts.long(), (activations > 0.1).sum(0))


MASKED = {
    "en": ("The capital of Portugal is <mask>.", "Ankara", "<mask> is the capital of <mask>"),
    "de": ("<mask>", "Die Hauptstadt <mask> Portugal ist", "Paris"),
}


def test_an_input_is_read_at_its_first_mask_token() -> None:
    loaded = load_encoder("xlm-roberta")
    captured = capture(loaded, with_prompts(MASKED), ALONE)
    for row, prompt in enumerate(with_prompts(MASKED).prompts):
        ids = loaded.tokenizer(prompt)["input_ids"]
        at = ids.index(MASK) if "<mask>" in prompt else len(ids) - 1
        for layer, (activations, _) in enumerate(plain(loaded.model, "xlm-roberta", ids)):
            assert torch.equal(captured.activations[layer].flatten(0, 1)[row] > 0, activations[at] > 0)
    assert captured.last_tokens == ["<mask>", "<mask>", "</s>", "<mask>", "<mask>", "</s>"]


def test_an_input_without_a_mask_can_be_read_before_its_closing_token() -> None:
    loaded = load_encoder("modernbert")
    captured = capture(loaded, with_prompts(MASKED), CaptureOptions(encoder_token="before-eos"))
    assert captured.last_tokens[2] == loaded.tokenizer.decode(loaded.tokenizer("Ankara")["input_ids"][-2])
    assert captured.last_tokens[0] == "<mask>"


def test_a_mask_token_of_a_decoder_does_not_move_the_token_of_measurement(tmp_path: Path) -> None:
    folder = save_tiny("llama", tmp_path)
    tokenizer = load_model(ModelOptions(str(folder), device="cpu")).tokenizer
    tokenizer.add_special_tokens({"mask_token": "<unk>"})
    tokenizer.save_pretrained(folder)
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    captured = capture(loaded, with_prompts({"en": ("a <unk> b",)}), ALONE)
    assert captured.last_tokens == [loaded.tokenizer.decode(loaded.tokenizer("a <unk> b")["input_ids"][-1])]


@pytest.mark.parametrize(("architecture", "longest"), [("xlm-roberta", 62), ("mpnet", 62), ("bert", 64)])
def test_the_longest_input_fits_and_one_token_more_is_refused(architecture: str, longest: int) -> None:
    """RoBERTa counts positions from the id of its pad token on."""
    loaded = load_encoder(architecture)
    assert loaded.max_tokens == longest
    fits = "x" * (longest - 2)
    assert int(capture(loaded, with_prompts({"en": (fits,)}), ALONE).n_tokens) == longest
    with pytest.raises(InvalidPromptError, match=f"has {longest + 1} tokens"):
        capture(loaded, with_prompts({"en": (fits + "x",)}), ALONE)


@pytest.mark.parametrize("architecture", ["fnet", "xlm", "nystromformer"])
def test_encoders_that_mix_in_pads_are_refused(architecture: str, tmp_path: Path) -> None:
    save_tiny("llama", tmp_path)
    AutoConfig.for_model(architecture).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=f"an encoder of the architecture '{architecture}'"):
        load_model(ModelOptions(str(tmp_path), device="cpu"))


def test_a_causal_bert_is_a_decoder(tmp_path: Path) -> None:
    folder = save_encoder("bert", tmp_path, is_decoder=True)
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    assert not loaded.encoder_only
    assert [(layer.stack, layer.n_neurons) for layer in loaded.layers] == [("decoder", 48)] * 2
