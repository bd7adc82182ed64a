"""The finder against the table of known architectures, on ones it has never seen, and where it must refuse."""

from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

from neurontui.compute.models.ffns.architectures import KNOWN, find_ffns
from neurontui.compute.models.ffns.detect_ffns import search_ffns
from neurontui.store.errors import ModelError
from tests.compute.tiny import CONFIGS, load_tiny, randomise

SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def build(architecture: str, **options: Any) -> Any:
    torch.manual_seed(0)
    config = AutoConfig.for_model(architecture, **{**SMALL, **options})
    model = AutoModelForCausalLM.from_config(config)
    randomise(model)
    return model.eval()


@pytest.mark.parametrize("architecture", CONFIGS)
def test_it_finds_what_the_table_of_known_architectures_says(architecture: str) -> None:
    loaded = load_tiny(architecture)
    assert search_ffns(loaded.model) == loaded.ffns


@pytest.mark.parametrize(
    ("architecture", "act", "value", "gated"),
    [
        ("gemma", "mlp.act_fn", "mlp.down_proj", True),
        ("glm", "mlp.activation_fn", "mlp.down_proj", True),
        ("starcoder2", "mlp.act", "mlp.c_proj", False),
        ("phi", "mlp.activation_fn", "mlp.fc2", False),
    ],
)
def test_ffns_of_architectures_outside_the_table_are_detected(
    architecture: str, act: str, value: str, gated: bool
) -> None:
    assert architecture not in KNOWN
    model = build(architecture)
    ffns = find_ffns(model)
    for i, ffn in enumerate(ffns):
        block = model.model.layers[i]
        assert ffn.act is block.get_submodule(act)
        assert ffn.value is block.get_submodule(value)
        assert ffn.gated is gated
    assert [each.layer.n_neurons for each in ffns] == [48, 48]


def test_a_shared_expert_has_neurons_of_its_layer() -> None:
    model = build("qwen2_moe", num_experts=4, moe_intermediate_size=16, shared_expert_intermediate_size=24)
    assert [ffn.layer.n_neurons for ffn in search_ffns(model)] == [4 * 16 + 24] * 2


def test_an_ffn_beside_a_block_of_experts_is_refused() -> None:
    model = build("granitemoeshared", num_local_experts=4, num_experts_per_tok=2, shared_intermediate_size=24)
    with pytest.raises(ModelError, match="4 were found in 2 blocks, some beside experts"):
        search_ffns(model)


def test_a_block_that_adds_more_than_its_experts_is_refused() -> None:
    model = build("mixtral", num_local_experts=4)
    for layer in model.model.layers:
        layer.mlp.register_forward_hook(lambda _, args, output: output + args[0])
    with pytest.raises(ModelError, match="neurons of other kinds"):
        search_ffns(model)


def with_forward(act: Any) -> Any:
    """A Mistral whose FFNs call their nonlinearity as a function."""
    model = build("mistral")
    for layer in model.model.layers:
        mlp = layer.mlp
        mlp.forward = lambda x, mlp=mlp: mlp.down_proj(act(mlp.gate_proj(x)) * mlp.up_proj(x))
    return model


def test_a_nonlinearity_that_is_a_function_gets_a_module() -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    plain = build("mistral")
    model = with_forward(nn.functional.silu)
    ffns = search_ffns(model)
    taken: list[torch.Tensor] = []
    ffns[0].act.register_forward_hook(lambda _, __, output: taken.append(output))
    plain.model.layers[0].mlp.act_fn.register_forward_hook(lambda _, __, output: taken.append(output))
    with torch.no_grad():
        assert torch.equal(model(ids).logits, plain(ids).logits)
    assert torch.equal(taken[0], taken[1])


def test_an_unknown_nonlinearity_outside_a_module_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be identified with certainty"):
        search_ffns(with_forward(lambda x: x * torch.sigmoid(x)))


def test_blocks_without_an_ffn_are_refused() -> None:
    model = build("mistral")
    model.model.layers[1].mlp = nn.Identity()
    with pytest.raises(ModelError, match="1 were found in 2 blocks"):
        search_ffns(model)


def test_blocks_that_the_configuration_declares_to_be_something_else_have_no_ffn() -> None:
    model = build("mistral", num_hidden_layers=3)
    model.model.layers[1].mlp = nn.Identity()
    model.config.layers_block_type = ["mlp", "full_attention", "mlp"]
    assert [ffn.act for ffn in search_ffns(model)] == [model.model.layers[i].mlp.act_fn for i in (0, 2)]
    model.config.layers_block_type = ["mlp", "mlp", "mlp"]
    with pytest.raises(ModelError, match="2 were found in 3 blocks"):
        search_ffns(model)


def test_blocks_that_share_one_activation_module_get_their_own() -> None:
    model = build("mistral")
    shared = model.model.layers[0].mlp.act_fn
    model.model.layers[1].mlp.act_fn = shared
    first, second = search_ffns(model)
    assert first.act is not second.act


def test_a_value_matrix_that_takes_something_else_is_refused() -> None:
    """Something between the activation and the value matrix: their input is no longer A."""
    model = build("starcoder2")
    for layer in model.model.layers:
        layer.mlp.c_proj.register_forward_pre_hook(lambda _, args: (args[0] + 1,))
    with pytest.raises(ModelError, match="no matrix takes the output"):
        search_ffns(model)


def test_a_refusal_says_what_to_do() -> None:
    model = build("mistral")
    model.model.layers[0].mlp = nn.Identity()
    model.model.layers[1].mlp = nn.Identity()
    with pytest.raises(ModelError, match=r"add it to compute/models/ffns/architectures\.py"):
        search_ffns(model)
