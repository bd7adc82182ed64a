"""The same signs in whatever forward passes the prompts are run, and whatever side the tokenizer pads on."""

from dataclasses import replace

import pytest
import torch

import neurontui.compute.models.passes.capture as capturing
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.tasks.example import Example
from tests.compute.tiny import CONFIGS, PROMPTS, batch, load_tiny

ARCHITECTURES = tuple(CONFIGS)


def sixteen() -> Batch:
    """Four examples in four languages; the last one is a long text in all of them."""
    long = {code: " ".join(texts * 2) for code, texts in PROMPTS.items()}
    example = Example(id="long", cluster="long", prompts=long)
    of = batch()
    return replace(of, examples=(*of.examples, example), indices=(0, 1, 2, 3), folds=(4, 7, 4, 1))


def in_passes_of(size: int, loaded: object, monkeypatch: pytest.MonkeyPatch) -> Capture:
    """The sixteen prompts in passes of a fixed number of prompts, in row order: lengths well mixed."""

    def run(lengths, groups, budget, step, passes):  # type: ignore[no-untyped-def]
        for start in range(0, len(lengths), size):
            step(tuple(range(start, start + size)))

    monkeypatch.setattr(capturing, "run_halving", run)
    return capture(loaded, sixteen(), CaptureOptions())  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_signs_do_not_depend_on_the_batch(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_tiny(architecture)
    alone, four, all_at_once = (in_passes_of(n, loaded, monkeypatch) for n in (1, 4, 16))
    monkeypatch.undo()
    by_length = capture(loaded, sixteen(), CaptureOptions(token_budget=200))
    for other in (four, all_at_once, by_length):
        for ours, theirs in zip(alone.activations, other.activations, strict=True):
            assert torch.equal(ours > 0, theirs > 0)
        assert alone.last_tokens == other.last_tokens
        assert alone.active_tokens is not None
        assert other.active_tokens is not None
        for ours, theirs in zip(alone.active_tokens, other.active_tokens, strict=True):
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_signs_do_not_depend_on_the_tokenizers_padding(architecture: str) -> None:
    right = load_tiny(architecture)
    left = load_tiny(architecture, padding_side="left", pad_is_eos=True)
    assert left.tokenizer.padding_side == "left"
    assert left.tokenizer.pad_token_id == left.tokenizer.eos_token_id
    one, other = (capture(each, sixteen(), CaptureOptions(token_budget=200)) for each in (right, left))
    assert one.last_tokens == other.last_tokens
    assert torch.equal(one.n_tokens, other.n_tokens)
    for ours, theirs in zip(one.activations, other.activations, strict=True):
        assert torch.equal(ours, theirs)


def test_hooks_are_gone_after_a_batch_and_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_tiny("llama")
    capture(loaded, batch(), CaptureOptions())

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(capturing, "forward", fail)
    with pytest.raises(RuntimeError, match="broken"):
        capture(loaded, batch(), CaptureOptions())
    for ffn in loaded.ffns:
        assert not ffn.act._forward_hooks
        assert not ffn.value._forward_pre_hooks


def test_only_the_token_of_measurement_is_kept() -> None:
    loaded = load_tiny("bloom")
    captured = capture(loaded, batch(), CaptureOptions(any_token=False))
    assert captured.active_tokens is None
    for each in captured.activations:
        assert each.untyped_storage().nbytes() == each.numel() * each.element_size()
