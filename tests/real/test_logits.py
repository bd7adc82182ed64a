"""Logits and answers of real weights: transformers' own model, one prompt at a time, against ours in batches of 16."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import ending, greedy
from neurontui.compute.models.load.gguf_cache import converted
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode_batch, pad
from tests.real.conftest import Pretrained

pytestmark = pytest.mark.real

ROUNDING = 2e-4
"""Largest difference of a logit, relative to the spread (standard deviation) of a prompt's logits."""
NEW_TOKENS = 4


@dataclass(frozen=True)
class Answered:
    """Logits of the next token, (prompts, vocabulary), and the generated tokens of each prompt."""

    logits: Tensor
    tokens: list[list[int]]


def by_us(pretrained: Pretrained, size: int) -> Answered:
    """Prompts in passes of `size`, as `run` reads them."""
    loaded = pretrained.loaded
    encoded = encode_batch(loaded, pretrained.batch)
    decoder, stop = Decoder(loaded), ending(loaded.model, loaded.tokenizer)
    logits, tokens = [], []
    with torch.inference_mode():
        for start in range(0, len(encoded), size):
            reading, first = decoder.read(pad(loaded, encoded[start : start + size]), NEW_TOKENS)
            logits.append(first)
            tokens += greedy(decoder, reading, first, stop, NEW_TOKENS)
    return Answered(torch.cat(logits), tokens)


@pytest.fixture(scope="module")
def in_batches(pretrained: Pretrained) -> Answered:
    capture(pretrained.loaded, pretrained.batch, CaptureOptions())  # leaves nothing behind in the model
    return by_us(pretrained, 16)


@pytest.fixture(scope="module")
def plain(pretrained: Pretrained) -> Any:
    """transformers' own model of the same files, which our code has never touched."""
    path = pretrained.path
    folder = converted(path, print).folder if path.is_file() else path
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def assert_close(ours: Tensor, theirs: Tensor, what: str) -> None:
    largest = ((ours - theirs).abs().amax(-1) / theirs.std(-1)).max().item()
    print(f"{what}: largest difference {largest:.1e} standard deviations of the logits")
    assert largest < ROUNDING


@torch.inference_mode()
def test_logits_equal_those_of_transformers(pretrained: Pretrained, in_batches: Answered, plain: Any) -> None:
    tokenizer = pretrained.loaded.tokenizer
    inputs = (tokenizer(prompt, return_tensors="pt") for prompt in pretrained.prompts)
    theirs = torch.cat([plain(**ids, logits_to_keep=1).logits[:, -1] for ids in inputs])

    assert_close(in_batches.logits, theirs, f"{pretrained.name}, transformers")


@torch.inference_mode()
def test_answers_equal_those_of_transformers(pretrained: Pretrained, in_batches: Answered, plain: Any) -> None:
    tokenizer = pretrained.loaded.tokenizer
    for prompt, ours in list(zip(pretrained.prompts, in_batches.tokens, strict=True))[::5]:
        inputs = tokenizer(prompt, return_tensors="pt")
        whole = plain.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False)[0]
        theirs = whole[inputs["input_ids"].shape[1] :].tolist()
        assert theirs[: len(ours)] == ours, prompt


def test_a_prompt_alone_has_the_logits_and_answers_of_a_batch(pretrained: Pretrained, in_batches: Answered) -> None:
    alone = by_us(pretrained, 1)

    assert alone.tokens == in_batches.tokens
    assert_close(in_batches.logits, alone.logits, f"{pretrained.name}, one prompt per pass")
