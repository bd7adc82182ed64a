"""What goes wrong in a forward pass: memory, numbers that are none, layers that run twice."""

from pathlib import Path
from typing import Any

import pytest
import torch

import neurontui.compute.models.passes.capture as capturing
from neurontui.compute.answers.targets import AnswerBook
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.measurer import Ablation, Measurer
from neurontui.compute.measures.types import TypeCounts
from neurontui.compute.models.passes.capture import CaptureOptions, NotFiniteError, capture
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.store.errors import ExitCode, MeasureError
from tests.compute.tiny import batch, load_tiny


def limited(tokens: int, passes: list[int]) -> Any:
    """A forward that runs out of memory in the middle of a pass of more than so many tokens."""

    def run(loaded: Any, padded: Any) -> Any:
        result = forward(loaded, padded)
        if padded.ids.numel() > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory")
        passes.append(padded.ids.numel())
        return result

    return run


def test_out_of_memory_halves_the_passes_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_tiny("bloom")
    expected = capture(loaded, batch(), CaptureOptions())
    passes: list[int] = []
    monkeypatch.setattr(capturing, "forward", limited(30, passes))
    captured = capture(loaded, batch(), CaptureOptions(token_budget=1000))
    assert len(passes) > 1
    for ours, theirs in zip(captured.activations, expected.activations, strict=True):
        assert torch.equal(ours > 0, theirs > 0)
        torch.testing.assert_close(ours, theirs)
    assert captured.active_tokens is not None
    assert expected.active_tokens is not None
    for ours, theirs in zip(captured.active_tokens, expected.active_tokens, strict=True):
        assert torch.equal(ours, theirs)
    assert captured.near_zero == expected.near_zero


def test_memory_that_holds_no_prompt_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "forward", limited(2, []))
    with pytest.raises(MeasureError, match="single prompt"):
        capture(load_tiny("bloom"), batch(), CaptureOptions())


def test_an_error_that_is_not_about_memory_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(capturing, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        capture(load_tiny("bloom"), batch(), CaptureOptions())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("architecture", ["bloom", "llama", "opt"])
def test_activations_that_are_not_finite_name_example_and_language(architecture: str, value: float) -> None:
    """OPT's ReLU turns −inf into 0, which would pass for an inactive neuron."""
    loaded = load_tiny(architecture)
    act = loaded.ffns[1].act
    seven = next(i for i, text in enumerate(batch().prompts) if text.startswith("Türkiye"))
    handle = act.register_forward_pre_hook(_poison(loaded, value, batch().prompts[seven]))
    try:
        with pytest.raises(NotFiniteError, match="Example 'e1' in 'tr'") as error:
            capture(loaded, batch(), CaptureOptions(token_budget=1))
    finally:
        handle.remove()
    assert [each.position for each in error.value.invalid] == [1]
    assert error.value.exit_code is ExitCode.MEASURE


def _poison(loaded: Any, value: float, prompt: str) -> Any:
    """Puts a bad number at the last token of one prompt, which it recognizes by its length."""
    length = len(loaded.tokenizer(prompt)["input_ids"])

    def hook(_: Any, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        x = args[0].clone()
        if x.numel() // x.shape[-1] == length:
            x.view(-1, x.shape[-1])[-1, 3] = value
        return (x,)

    return hook


def test_a_layer_that_runs_twice_is_refused() -> None:
    loaded = load_tiny("bloom")
    mlp = loaded.model.transformer.h[1].mlp
    handle = mlp.register_forward_pre_hook(
        lambda module, args: (module.gelu_impl(module.dense_h_to_4h(args[0])), None)[1]
    )
    try:
        with pytest.raises(MeasureError, match="layer 1 ran 2 times"):
            capture(loaded, batch(), CaptureOptions())
    finally:
        handle.remove()


def test_passes_stay_within_the_budget_and_hold_every_prompt_once() -> None:
    lengths = [5, 90, 3, 40, 41, 7, 3, 12]
    passes = by_length(range(len(lengths)), lengths, [0] * len(lengths), 48)
    assert sorted(row for rows in passes for row in rows) == list(range(len(lengths)))
    for rows in passes:
        longest = max(lengths[row] for row in rows)
        assert len(rows) == 1 or longest * len(rows) <= 48
    assert passes[0] == (1,)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        MemoryError(),
    ],
)
def test_every_kind_of_lack_of_memory_halves_the_passes(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []

    def run(loaded: Any, padded: Any) -> Any:
        if padded.ids.numel() > 30:
            raise error
        passes.append(padded.ids.numel())
        return forward(loaded, padded)

    monkeypatch.setattr(capturing, "forward", run)
    capture(load_tiny("bloom"), batch(), CaptureOptions(token_budget=1000))
    assert len(passes) > 1


def test_memory_that_runs_out_between_passes_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TypeCounts, "add", full)
    config = RunConfig(model="", task="", out=Path(), measures=("types",))
    measurer = Measurer(config, load_tiny("bloom"), AnswerBook({}, {}, {}), Ablation())
    with pytest.raises(MeasureError, match="--examples-at-once"):
        next(measurer(batch()))
