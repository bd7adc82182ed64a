"""The text decoders of models that read images, against plain PyTorch, one unpadded input at a time."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import Ending, greedy
from neurontui.compute.answers.predict import AnswerOptions, padded_prompts, passes, prepare
from neurontui.compute.models.ffns.multimodal import MULTIMODAL
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.bos import reason_for_bos
from neurontui.store.errors import ModelError
from tests.compute.answers import plain as one_by_one
from tests.compute.answers.asked import asked, targets_of
from tests.compute.models.multimodal import TEXT, load_multimodal, plain
from tests.compute.tiny import batch, save_tiny

LANGUAGES = ("en", "zh")
ROUNDING = 1e-7


def test_every_supported_architecture_is_tested() -> None:
    assert set(TEXT) >= MULTIMODAL


@pytest.mark.parametrize("architecture", TEXT)
def test_activity_equals_that_of_each_input_alone(architecture: str) -> None:
    loaded = load_multimodal(architecture)
    prompts = batch(LANGUAGES)
    captured = capture(loaded, prompts, CaptureOptions())
    assert [(layer.stack, layer.n_neurons) for layer in loaded.layers] in ([("decoder", 48)] * 2, [("decoder", 64)] * 2)
    assert any("reads images" in note for note in loaded.notes) == (architecture != "qwen3_5")
    for row, prompt in enumerate(prompts.prompts):
        for layer, by_hand in enumerate(plain(loaded, architecture, loaded.tokenizer(prompt)["input_ids"])):
            ours = captured.activations[layer].flatten(0, 1)[row]
            torch.testing.assert_close(ours, by_hand, rtol=1e-4, atol=1e-5)
            clear = by_hand.abs() > ROUNDING
            assert torch.equal(ours[clear] > 0, by_hand[clear] > 0)
            assert int(clear.sum()) >= 30


class _Never(Ending):
    """Answers that end at end-of-text only."""

    def is_over(self, said: list[int]) -> bool:
        return said[-1] in self.eos


@pytest.mark.parametrize("architecture", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "glm4v", "mistral3", "qwen3_5"])
def test_answers_equal_those_without_cache_and_pads(architecture: str) -> None:
    loaded, questions = load_multimodal(architecture), asked(LANGUAGES)
    prepared = prepare(loaded, questions, targets_of(loaded, questions), AnswerOptions(max_new_tokens=4))
    never = _Never(loaded.tokenizer, frozenset({3}))
    with torch.inference_mode():
        for rows in passes(loaded, prepared, tuple(range(6))):
            decoder = Decoder(loaded)
            reading, logits = decoder.read(padded_prompts(loaded, prepared, rows), prepared.room)
            for row, said in zip(rows, greedy(decoder, reading, logits, never, 4), strict=True):
                assert said == one_by_one.greedy(loaded, questions.prompts[row], 4, eos=3)


def test_sizes_are_those_of_the_text_decoder() -> None:
    loaded = load_multimodal("llava")
    attention, norms = 32 * 32 * 2 + 32 * 16 * 2, 2 * 32
    assert loaded.facts.n_parameters == 2 * (attention + norms + 3 * 32 * 48) + 32


def test_bos_follows_the_family_of_the_text_decoder() -> None:
    assert "Cohere models" in (reason_for_bos(load_multimodal("aya_vision")) or "")
    assert "Llama and Mistral" in (reason_for_bos(load_multimodal("llava")) or "")
    assert reason_for_bos(load_multimodal("qwen2_vl")) is None


@pytest.mark.parametrize("architecture", ["paligemma", "blip-2", "chameleon"])
def test_other_architectures_are_refused(architecture: str, tmp_path: Path) -> None:
    """PaliGemma reads a prompt in both directions if token types say so, which a text alone does not have."""
    save_tiny("llama", tmp_path)
    AutoConfig.for_model(architecture).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=f"its architecture '{architecture}' is not supported"):
        load_model(ModelOptions(str(tmp_path), device="cpu"))
