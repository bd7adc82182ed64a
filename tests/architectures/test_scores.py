"""The comparison of scores: its plain computation is right, and it notices wrong scores."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from neurontui.compute.measures import answer_direction
from neurontui.compute.models.ffns import post_norms
from neurontui.compute.models.ffns.norms import Write
from neurontui.compute.models.ffns.stream_factors import StreamFactors
from tests.architectures.names import Architecture
from tests.architectures.plain import run
from tests.architectures.plain_writes import Values, stream_factors, written_by_neurons
from tests.architectures.trial import WRONG, build, plain_model, try_architecture

IDS = [2, 40, 17, 9, 33]
DOWN = "model.layers.1.mlp.down_proj"


def last_residual(model: Any) -> torch.Tensor:
    return run(model, IDS)["model.norm"].last_input


@pytest.mark.parametrize("name", ["llama", "granite", "gemma2", "gemma4_unified_text"])
@torch.no_grad()
def test_what_a_neuron_writes_is_missing_without_its_weights(name: str, tmp_path: Path) -> None:
    """Norms behind FFNs get a large ε, so that their scale hardly depends on the FFN's output."""
    architecture = Architecture(name, "causal")
    build(architecture, tmp_path / name)
    model = plain_model(architecture, tmp_path / name)
    for path, module in model.named_modules():
        if path.endswith("post_feedforward_layernorm"):
            module.eps = 1e5
    weight = model.get_submodule(DOWN).weight
    written = written_by_neurons(model, IDS, "model.layers.1", [Values(weight, transposed=True)])
    written *= stream_factors(model, IDS, "model.layers")[1]
    before = last_residual(model)
    for neuron in written.norm(dim=-1).topk(3).indices:
        column = weight[:, neuron].clone()
        weight[:, neuron] = 0
        largest = float(written[neuron].abs().max())
        torch.testing.assert_close(before - last_residual(model), written[neuron], rtol=1e-2, atol=1e-3 * largest)
        weight[:, neuron] = column


def without_gain(write: Write, values: torch.Tensor) -> torch.Tensor:
    return values * write.factor


def without_factor(write: Write, values: torch.Tensor) -> torch.Tensor:
    return values if write.norm is None else write.norm.apply(values)


FAULTS = {
    "gemma2": (Write, "vectors", without_gain),
    "granite": (Write, "vectors", without_factor),
    "gemma4_unified_text": (post_norms, "find_stream_factors", lambda *_: StreamFactors()),
    "gemma4_text": (post_norms, "find_stream_factors", lambda *_: StreamFactors()),
    "llama": (answer_direction, "_terms", lambda target, _options: [] if target is None else [(target.word + 1, 1.0)]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_score_is_an_outcome_of_its_own(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[name])
    outcome = try_architecture(Architecture(name, "causal"), tmp_path)
    assert outcome.group == WRONG
    assert "scores of layer" in outcome.reason or "contributions of layer" in outcome.reason


def test_contrast_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = answer_direction._terms
    monkeypatch.setattr(
        answer_direction, "_terms", lambda target, options: terms(target, dataclasses.replace(options, contrast=False))
    )
    assert try_architecture(Architecture("llama", "causal"), tmp_path).group == WRONG
