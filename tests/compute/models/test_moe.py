"""Neurons of experts against a plain loop: each token, each expert it is routed to, one matrix at a time."""

import copy
import functools
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.ffns.moe import ExpertsFFN, experts_ffn
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.replacements import ByKind, Replacement
from neurontui.compute.models.prompts.tokenize import encode, pad
from neurontui.store.errors import MeasureError, ModelError
from tests.compute.models.reference import ids_of, silu
from tests.compute.tiny import MIXTURES, batch, load_tiny


@dataclass(frozen=True)
class Plain:
    """One layer on one prompt, (T, d_m) each; neurons of experts that a token was not routed to are 0."""

    activations: Tensor
    weights: Tensor
    output: Tensor


@functools.cache
@torch.no_grad()
def plain(architecture: str, prompt: str) -> list[Plain]:
    loaded = load_tiny(architecture)
    taken: dict[int, Tensor] = {}

    def note(i: int) -> Any:
        return lambda _, args: taken.update({i: args[0][0].clone()})

    layers = loaded.model.model.layers
    handles = [layer.mlp.register_forward_pre_hook(note(i)) for i, layer in enumerate(layers)]
    loaded.model(torch.tensor([ids_of(loaded.tokenizer, prompt, ends=False)]))
    for handle in handles:
        handle.remove()
    return [
        by_expert(layer.mlp, x, loaded.model.config) if hasattr(layer.mlp, "experts") else dense(layer.mlp, x)
        for layer, x in zip(layers, taken.values(), strict=True)
    ]


def dense(mlp: Any, x: Tensor) -> Plain:
    active = silu(x @ mlp.gate_proj.weight.T)
    weights = active * (x @ mlp.up_proj.weight.T)
    return Plain(active, weights, weights @ mlp.down_proj.weight.T)


def by_expert(mlp: Any, x: Tensor, config: Any) -> Plain:
    """Softmax over all experts, the k largest, renormalised: Mixtral and Qwen3-MoE with norm_topk_prob."""
    gate_up, down = mlp.experts.gate_up_proj, mlp.experts.down_proj
    n_experts, _, width = down.shape
    active, weights = (torch.zeros(len(x), n_experts, width) for _ in range(2))
    output = torch.zeros_like(x)
    for t, token in enumerate(x):
        shares = torch.softmax(mlp.gate.weight @ token, -1)
        chosen = shares.topk(config.num_experts_per_tok).indices.tolist()
        for e in chosen:
            key, up = (gate_up[e] @ token).chunk(2)
            active[t, e] = silu(key)
            weights[t, e] = silu(key) * up * shares[e] / shares[chosen].sum()
            output[t] += down[e] @ weights[t, e]
    return Plain(active.flatten(1), weights.flatten(1), output)


@pytest.mark.parametrize("budget", [1, 40, 1000])
@pytest.mark.parametrize("architecture", MIXTURES)
def test_masks_equal_a_plain_computation_expert_by_expert(architecture: str, budget: int) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions(token_budget=budget))
    expected = [plain(architecture, prompt) for prompt in batch().prompts]
    assert captured.active_tokens is not None
    for index, layer in enumerate(loaded.layers):
        by_hand = torch.stack([each[index].activations[-1] for each in expected])
        ours = captured.activations[index].flatten(0, 1)
        assert ours.shape[1] == layer.n_neurons
        assert torch.equal(ours > 0, by_hand > 0)
        torch.testing.assert_close(ours, by_hand, rtol=1e-4, atol=1e-5)
        weights = torch.stack([each[index].weights[-1] for each in expected])
        theirs = captured.weights[index].flatten(0, 1)
        torch.testing.assert_close(theirs, weights, rtol=1e-4, atol=1e-5)
        counts = torch.stack([(each[index].activations > 0).sum(0) for each in expected])
        assert torch.equal(captured.active_tokens[index].flatten(0, 1).long(), counts)


@pytest.mark.parametrize("architecture", MIXTURES)
def test_products_are_active_where_gate_and_up_agree(architecture: str) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions(activation="product"))
    expected = [plain(architecture, prompt) for prompt in batch().prompts]
    for index in range(len(loaded.layers)):
        by_hand = torch.stack([each[index].weights[-1] for each in expected])
        assert torch.equal(captured.activations[index].flatten(0, 1) > 0, by_hand > 0)
    assert sum(captured.near_zero) == 0


@pytest.mark.parametrize("architecture", MIXTURES)
def test_weights_times_value_vectors_are_the_output_of_the_ffn(architecture: str) -> None:
    loaded = load_tiny(architecture)
    captured = capture(loaded, batch(), CaptureOptions())
    for row, prompt in enumerate(batch().prompts):
        for index, ffn in enumerate(loaded.ffns):
            weights = captured.weights[index].flatten(0, 1)[row]
            expected = plain(architecture, prompt)[index].output[-1]
            torch.testing.assert_close(weights @ ffn.value_vectors(), expected, rtol=1e-4, atol=1e-4)


def test_a_neuron_is_numbered_by_its_expert_and_its_place_in_it() -> None:
    ffn = load_tiny("mixtral").ffns[0]
    assert isinstance(ffn, ExpertsFFN)
    assert ffn.layer.n_neurons == 5 * 24
    experts = load_tiny("mixtral").model.model.layers[0].mlp.experts
    assert torch.equal(ffn.value_vectors()[3 * 24 + 7], experts.down_proj[3, :, 7])
    assert ffn.value_bias() is None


def test_layers_of_experts_and_ordinary_ones_stand_side_by_side() -> None:
    loaded = load_tiny("qwen3_moe")
    assert [each.n_neurons for each in loaded.layers] == [6 * 16, 48, 6 * 16]
    assert [isinstance(each, ExpertsFFN) for each in loaded.ffns] == [True, False, True]


def test_reading_experts_changes_nothing_the_model_says() -> None:
    torch.manual_seed(3)
    config = AutoConfig.for_model("mixtral", **MIXTURES["mixtral"])
    model = AutoModelForCausalLM.from_config(config).eval()
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        before = model(ids).logits
        find_ffns(model)
        after = model(ids).logits
    assert torch.equal(before, after)


def test_a_run_is_reported_what_unrouted_experts_count_as() -> None:
    assert "count as not active" in load_tiny("mixtral").notes[0]
    assert load_tiny("llama").notes == ()


def test_only_experts_that_ran_count_as_near_the_threshold() -> None:
    loaded = load_tiny("mixtral")
    captured = capture(loaded, batch(), CaptureOptions())
    assert sum(captured.near_zero) == 0


def test_experts_of_another_layout_are_refused() -> None:
    experts = load_tiny("mixtral").model.model.layers[0].mlp.experts
    experts.has_post_expert_norm = True
    try:
        with pytest.raises(ModelError, match="not have the structure of Mixtral"):
            experts_ffn(experts, 0, "decoder", 0)
    finally:
        experts.has_post_expert_norm = False


@pytest.mark.parametrize("factor", [0.0, -1.5])
@pytest.mark.parametrize("scope", ["all", "last"])
def test_weights_of_experts_are_multiplied_input_by_input(scope: str, factor: float) -> None:
    """Against a plain forward of one input at a time, whose loop over experts leaves these neurons out."""
    loaded = load_tiny("mixtral")
    encoded = encode(loaded, batch().prompts[:3])
    tokens = pad(loaded, encoded)
    generator = torch.Generator().manual_seed(0)
    off = {i: torch.rand(3, 5 * 24, generator=generator) < 0.4 for i in (0, 1)}
    with torch.no_grad(), ablate(loaded.ffns, off, replacement=Replacement(factor), scope=scope) as intervention:
        intervention.aim(torch.arange(3), {"decoder": tokens.last})
        hidden = forward(loaded, tokens)
    for row, each in enumerate(encoded):
        kept = {i: torch.where(off[i][row], factor, 1.0).view(5, 24) for i in off}
        expected = forward_without(loaded.model, each.ids, kept, scope)
        torch.testing.assert_close(hidden[row, len(each) - 1], expected, rtol=1e-4, atol=1e-5)


def test_experts_have_no_other_weights() -> None:
    loaded = load_tiny("mixtral")
    off = {0: torch.ones(1, 5 * 24, dtype=torch.bool)}
    source = ByKind({0: torch.zeros(1, 3, 5 * 24)}, torch.zeros(3, dtype=torch.long))
    tokens = pad(loaded, encode(loaded, batch().prompts[:3]))
    with (
        torch.no_grad(),
        ablate(loaded.ffns, off, replacement=Replacement(0.0, source)),
        pytest.raises(MeasureError, match="of an expert"),
    ):
        forward(loaded, tokens)


@torch.no_grad()
def forward_without(model: Any, ids: Any, kept: dict[int, Tensor], scope: str) -> Tensor:
    """Final hidden state at the last token, with other experts put in the place of the model's own."""

    def instead(i: int) -> Any:
        def run(module: Any, args: tuple[Tensor, ...], _: Tensor) -> Tensor:
            hidden, index, weight = args
            output = torch.zeros_like(hidden)
            for t in range(len(hidden)):
                everywhere = scope == "all" or t == len(hidden) - 1
                for e, share in zip(index[t].tolist(), weight[t], strict=True):
                    key, up = (module.gate_up_proj[e] @ hidden[t]).chunk(2)
                    product = silu(key) * up * (kept[i][e] if everywhere else 1)
                    output[t] += share * (module.down_proj[e] @ product)
            return output

        return run

    layers = model.model.layers
    handles = [layers[i].mlp.experts.register_forward_hook(instead(i)) for i in kept]
    hidden = model.model(torch.tensor([list(ids)]))[0]
    for handle in handles:
        handle.remove()
    last: Tensor = hidden[0, -1]
    return last


def test_a_model_can_be_copied_after_a_pass_with_gradients() -> None:
    loaded = load_tiny("mixtral")
    (first, *_) = loaded.ffns
    assert isinstance(first, ExpertsFFN)
    weight = torch.ones(3, 2, requires_grad=True) * 2
    first.router.record(torch.zeros(3, 2, dtype=torch.long), weight)
    copied = copy.deepcopy(loaded)
    assert copied.ffns[0].router is copied.ffns[0].experts.neurontui_router
