"""Models whose forward pass fails, or gives numbers that are not finite, are refused in one sentence."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.store.errors import ModelError
from tests.compute.models.self_checked import copied, one_sentence, refusal
from tests.compute.tiny import ENCODER_DECODER, VOCABULARY, randomise, save_tokenizer


@pytest.mark.parametrize(
    "error",
    [RuntimeError("shapes\ndiffer"), KeyError("mask"), AssertionError(), AttributeError("no x"), TypeError("x")],
)
def test_an_error_of_the_model_is_a_sentence(error: Exception) -> None:
    loaded = copied("llama")

    def fail(_module: Any, _args: Any) -> None:
        raise error

    loaded.model.model.layers[1].register_forward_pre_hook(fail)
    sentence = refusal(loaded)
    assert sentence.startswith(f"a short forward pass fails ({type(error).__name__}: ")
    assert "choose another model" in sentence


def test_too_little_memory_is_a_sentence() -> None:
    loaded = copied("llama")

    def fail(_module: Any, _args: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    loaded.model.model.layers[1].register_forward_pre_hook(fail)
    assert "memory does not suffice for a batch of 20 tokens; use --device cpu" in refusal(loaded)


def test_a_model_that_drops_pads_is_refused() -> None:
    """As flash attention does: the FFNs get only the 15 real tokens of the batch."""
    loaded = copied("bloom")

    def drop(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor]:
        return (args[0].reshape(-1, 128)[:15],)

    loaded.ffns[0].act.register_forward_pre_hook(drop)
    assert "a short forward pass fails (RuntimeError" in refusal(loaded)


@pytest.mark.parametrize(
    ("dtype", "advice"), [(torch.float16, "use --dtype float32 or bfloat16"), (torch.float32, "download them again")]
)
def test_activations_that_are_not_finite(dtype: torch.dtype, advice: str) -> None:
    loaded = copied("llama", dtype)
    loaded.model.model.layers[1].mlp.up_proj.weight.mul_(1e38)
    sentence = refusal(loaded)
    assert sentence.startswith("in layer 1 activations or outputs are not finite in ")
    assert advice in sentence


@pytest.mark.parametrize("architecture", ["llama", "mt5"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_not_finite(architecture: str, value: float) -> None:
    """No activation shows it, and every answer would be read from them."""
    loaded = copied(architecture)
    loaded.model.lm_head.weight[7] = value
    assert refusal(loaded) == "logits are not finite in float32; its weights may be damaged, so download them again."


SMALL = {"vocab_size": VOCABULARY, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
UNFIT = {
    "xlnet": {**SMALL, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48},
    "fsmt": {
        "langs": ["en", "de"],
        "src_vocab_size": VOCABULARY,
        "tgt_vocab_size": VOCABULARY,
        **ENCODER_DECODER,
    },
}


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        (
            "xlnet",
            r"in layer 0 the activations of a prompt of 5 tokens differ by .+ with the other prompts of its batch",
        ),
        ("fsmt", r"a short forward pass fails \(TypeError: .+ missing 3 required positional arguments"),
    ],
)
def test_architectures_whose_passes_do_not_fit_are_refused_at_load(
    architecture: str, words: str, tmp_path: Path
) -> None:
    """XLNet computes time-major, (T, B, d); the decoder of FSMT takes arguments of its own."""
    config = AutoConfig.for_model(architecture, **UNFIT[architecture])
    model = (AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM).from_config(config)
    randomise(model)
    model.save_pretrained(tmp_path)
    save_tokenizer(architecture, tmp_path)
    with pytest.raises(ModelError) as error:
        load_model(ModelOptions(str(tmp_path), device="cpu"))
    assert re.match(words, one_sentence(error.value))
