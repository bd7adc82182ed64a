"""Neurons of experts, shared experts and nonlinearities without a module, against the model without their vectors."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neurontui.compute.models.ffns.dense_experts import DenseExpertsFFN
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.mixture import MixtureFFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.prompts.tokenize import encode_batch, pad
from tests.architectures.comparison import path_of
from tests.architectures.names import Architecture
from tests.architectures.plain import run
from tests.architectures.trial import build, plain_model
from tests.compute.tiny import batch

NAMES = ("qwen2_moe", "deepseek_v3", "laguna", "cohere2_moe", "gpt_oss", "llama4_text", "lfm2", "apertus")


@functools.cache
def loaded_and_plain(name: str) -> tuple[LoadedModel, Any]:
    architecture = Architecture(name, "causal")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        build(architecture, path)
        return load_model(ModelOptions(str(path), device="cpu")), plain_model(architecture, path)


def values_of(loaded: LoadedModel, model: Any, ffn: FFN) -> Tensor:
    """The value matrix of a part in the plain model, as a view (d_m or experts, d_ff, H)."""
    if isinstance(ffn, (ExpertsFFN, DenseExpertsFFN)):
        experts = model.get_submodule(path_of(loaded, ffn.experts))
        rows: Tensor = experts.down_proj
        return rows if getattr(experts, "is_transposed", True) else rows.transpose(1, 2)
    weight: Tensor = model.get_submodule(path_of(loaded, ffn.value)).weight
    return weight.T


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_neurons_that_are_off_are_those_whose_vectors_are_zero(name: str) -> None:
    """Ablated in a batch; in the plain model, one prompt at a time, their rows of W_V are 0."""
    loaded, model = loaded_and_plain(name)
    generator = torch.Generator().manual_seed(0)
    off = {ffn.layer.layer: torch.rand(1, ffn.layer.n_neurons, generator=generator) < 0.4 for ffn in loaded.ffns}
    encoded = encode_batch(loaded, batch())
    tokens = pad(loaded, encoded)
    with ablate(loaded.ffns, off) as intervention:
        intervention.aim(torch.zeros(len(encoded), dtype=torch.long))
        hidden = forward(loaded, tokens)
    kept = {path: parameter.clone() for path, parameter in model.named_parameters()}
    try:
        for ffn in loaded.ffns:
            for part, columns in ffn.parts_with_columns():
                rows = values_of(loaded, model, part)
                rows[off[ffn.layer.layer][0, columns].view(rows.shape[:-1])] = 0
        for row, prompt in enumerate(encoded):
            expected = model.base_model(torch.tensor([prompt.ids]), use_cache=False)[0][0, -1]
            torch.testing.assert_close(hidden[row, len(prompt) - 1], expected, rtol=1e-3, atol=1e-4)
    finally:
        for path, parameter in model.named_parameters():
            parameter.copy_(kept[path])


@pytest.mark.parametrize("name", ["qwen2_moe", "deepseek_v3"])
def test_active_tokens_of_a_shared_expert_are_counted_without_pads(name: str) -> None:
    loaded, model = loaded_and_plain(name)
    [*_, ffn] = loaded.ffns
    assert isinstance(ffn, MixtureFFN)
    counts = capture(loaded, batch(), CaptureOptions()).active_tokens
    assert counts is not None
    path = path_of(loaded, ffn.shared.act)
    for row, prompt in enumerate(encode_batch(loaded, batch())):
        active = run(model, list(prompt.ids))[path].outputs[0].reshape(len(prompt), -1) > 0
        ours = counts[ffn.layer.layer].flatten(0, 1)[row, -ffn.shared.layer.n_neurons :]
        assert torch.equal(ours.long(), active.sum(0))


@pytest.mark.parametrize("name", NAMES)
def test_products_have_the_signs_of_the_weights(name: str) -> None:
    """The router's weight and that of a shared expert are positive."""
    loaded, _ = loaded_and_plain(name)
    captured = capture(loaded, batch(), CaptureOptions(activation="product"))
    for activations, weights in zip(captured.activations, captured.weights, strict=True):
        assert torch.equal(activations > 0, weights > 0)
    assert sum(captured.near_zero) == 0


def test_a_shared_expert_counts_with_its_gate() -> None:
    """Qwen2-MoE multiplies its output by a sigmoid, so the weights are act · up times that."""
    loaded, model = loaded_and_plain("qwen2_moe")
    captured = capture(loaded, batch(), CaptureOptions())
    ffn = loaded.ffns[0]
    assert isinstance(ffn, MixtureFFN)
    width = ffn.shared.layer.n_neurons
    for row, prompt in enumerate(encode_batch(loaded, batch())):
        record = run(model, list(prompt.ids))
        block = path_of(loaded, ffn.block)
        share = torch.sigmoid(record[f"{block}.shared_expert_gate"].last_output)
        expected = share * record[f"{block}.shared_expert.down_proj"].last_input
        ours = captured.weights[0].flatten(0, 1)[row, -width:]
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_only_neurons_that_ran_count_as_near_the_threshold(name: str) -> None:
    """Experts that a token is not routed to have no pre-activations, or in Llama 4 zeros."""
    loaded, _ = loaded_and_plain(name)
    assert sum(capture(loaded, batch(), CaptureOptions()).near_zero) == 0


@pytest.mark.parametrize("name", ["llama4_text", "gpt_oss", "qwen2_moe"])
def test_a_run_notes_what_unrouted_experts_count_as(name: str) -> None:
    assert "count as not active" in loaded_and_plain(name)[0].notes[0]
