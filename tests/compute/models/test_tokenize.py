"""Prompts as ids: what is a real token, where the last one is, and which prompts cannot be measured."""

from dataclasses import replace

import pytest
import torch

from neurontui.compute.models.prompts.tokenize import (
    InvalidPromptError,
    encode,
    encode_batch,
    pad,
    token_text,
)
from neurontui.compute.tasks.example import Example
from neurontui.store.errors import ExitCode
from tests.compute.tiny import batch, load_tiny


def test_pads_are_on_the_right_and_the_last_index_is_a_real_token() -> None:
    loaded = load_tiny("bloom", padding_side="left", pad_is_eos=True)
    encoded = encode(loaded, ["Ankara", "The capital of Portugal is"])
    tokens = pad(loaded, encoded)
    assert tokens.mask.tolist() == [[1, 0, 0, 0, 0], [1, 1, 1, 1, 1]]
    assert tokens.last.tolist() == [0, 4]
    assert tokens.ids[0, 0] == encoded[0].ids[0]


def test_an_end_of_text_inside_a_prompt_is_a_real_token() -> None:
    """With pad equal to </s>, comparing ids with the pad id would end the prompt there."""
    loaded = load_tiny("bloom", pad_is_eos=True)
    (encoded,) = encode(loaded, ["Paris</s>"])
    assert encoded.ids[-1] == loaded.tokenizer.eos_token_id
    assert pad(loaded, [encoded]).last.tolist() == [len(encoded) - 1]


def test_a_decoder_only_model_goes_on_from_the_prompt_not_from_its_end() -> None:
    loaded = load_tiny("qwen2")
    assert loaded.tokenizer("Paris")["input_ids"][-1] == loaded.tokenizer.eos_token_id
    (encoded,) = encode(loaded, ["Paris"])
    assert token_text(loaded.tokenizer, encoded.ids[-1]) == "Paris"
    assert token_text(loaded.tokenizer, encoded.ids[0]) == "<s>"
    assert encoded.n_ending == 0


def test_an_encoder_reads_its_closing_token() -> None:
    loaded = load_tiny("mt5")
    (encoded,) = encode(loaded, ["Paris"])
    assert token_text(loaded.tokenizer, encoded.ids[-1]) == "</s>"
    assert encoded.n_ending == 1


def test_a_model_without_pad_or_end_token_pads_all_the_same() -> None:
    loaded = load_tiny("gpt2")
    bare = replace(loaded, tokenizer=_Bare(loaded.tokenizer))
    tokens = pad(bare, encode(bare, ["Ankara", "The capital of Portugal is"]))
    assert tokens.mask.sum().item() == 6


class _Bare:
    """A tokenizer that names no special tokens."""

    pad_token_id = None
    eos_token_id = None

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __call__(self, *args: object, **options: object) -> object:
        return self._inner(*args, **options)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_prompt_names_example_and_language(text: str) -> None:
    loaded = load_tiny("llama")
    with pytest.raises(InvalidPromptError, match="example 'e1' in 'tr' is empty") as error:
        encode_batch(loaded, _with(text))
    assert error.value.exit_code is ExitCode.INPUT


def test_a_prompt_that_is_too_long_names_example_language_and_both_lengths() -> None:
    loaded = load_tiny("llama")
    with pytest.raises(InvalidPromptError, match=r"'e1' in 'tr' has 151 tokens, more than the 128"):
        encode_batch(loaded, _with("Paris " * 75))


def test_every_unusable_example_is_reported_at_once() -> None:
    of = _with("")
    worse = replace(of, examples=(*of.examples[:2], _example(of.examples[2], "")))
    with pytest.raises(InvalidPromptError) as error:
        encode_batch(load_tiny("llama"), worse)
    assert [each.position for each in error.value.invalid] == [1, 2]


def test_a_model_with_relative_positions_takes_any_length() -> None:
    long = _with("Paris " * 300)
    assert len(encode_batch(load_tiny("bloom"), long)) == 12


def test_tokens_that_are_no_whole_character_are_shown_as_their_bytes() -> None:
    loaded = load_tiny("bloom")
    (encoded,) = encode(loaded, ["🦜"])
    pieces = [token_text(loaded.tokenizer, each) for each in encoded.ids]
    assert pieces == ["\\xf0", "\\x9f", "\\xa6", "\\x9c"]


def test_ids_stay_on_the_models_device() -> None:
    loaded = load_tiny("bloom")
    assert pad(loaded, encode(loaded, ["Paris"])).ids.device == torch.device(loaded.device)


def _with(text: str) -> object:
    of = batch()
    return replace(of, examples=(of.examples[0], _example(of.examples[1], text), of.examples[2]))


def _example(of: Example, text: str) -> Example:
    return replace(of, prompts={**of.prompts, "tr": text})
