"""Folders with quantized weights: dequantized exactly, or refused with the method and what to use instead."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.load.quantized import ask_to_dequantize, require_readable_weights
from neurontui.store.errors import ModelError
from tests.compute.tiny import save_tiny

BLOCK = 16
FP8: dict[str, Any] = {"quant_method": "fp8", "weight_block_size": [BLOCK, BLOCK], "activation_scheme": "dynamic"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("saved"))


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as error:
        load_model(ModelOptions(str(folder), device="cpu"))
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
    return str(error.value)


def in_blocks(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix as float8 and the scale of each block."""
    rows, columns = (n // BLOCK for n in weight.shape)
    blocks = weight.view(rows, BLOCK, columns, BLOCK)
    scale = blocks.abs().amax((1, 3)) / 448
    return (blocks / scale[:, None, :, None]).view_as(weight).to(torch.float8_e4m3fn), scale


def as_fp8(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Quantize the projections of a folder; returns their values, block by block times scale."""
    weights, expected = load_file(folder / "model.safetensors"), {}
    for name in [name for name in weights if name.endswith("proj.weight")]:
        weights[name], scale = in_blocks(weights[name])
        weights[f"{name}_scale_inv"] = scale
        expected[name] = weights[name].float().numpy() * np.kron(scale.numpy(), np.ones((BLOCK, BLOCK), np.float32))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    configure(folder, quantization_config=FP8)
    return expected


def test_fp8_is_dequantized_exactly(folder: Path) -> None:
    expected = as_fp8(folder)
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    parameters = dict(loaded.model.named_parameters())
    assert len(expected) == 14
    for name, values in expected.items():
        np.testing.assert_allclose(parameters[name].numpy(), values, rtol=1e-6)
    assert loaded.dtype == "float32"
    assert loaded.facts.quantization == "fp8, dequantized"
    down = expected["model.layers.1.mlp.down_proj.weight"]
    np.testing.assert_allclose(loaded.ffns[1].value_vectors().numpy(), down.T, rtol=1e-6)


def test_fp8_without_a_scale_is_refused(folder: Path) -> None:
    as_fp8(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight_scale_inv"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "no scale model.layers.1.mlp.up_proj.weight_scale_inv" in refusal(folder)


def test_fp8_in_blocks_of_another_size_is_refused(folder: Path) -> None:
    as_fp8(folder)
    configure(folder, quantization_config={**FP8, "weight_block_size": [24, 24]})
    assert "does not divide it into whole blocks" in refusal(folder)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.uint8, torch.int8])
def test_quantized_weights_that_the_configuration_does_not_mention_are_refused(
    folder: Path, dtype: torch.dtype
) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.0.mlp.down_proj.weight"] = weights["model.layers.0.mlp.down_proj.weight"].to(dtype)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "model.layers.0.mlp.down_proj.weight has the type" in refusal(folder)


FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
EXPERTS = {
    "vocab_size": 64, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 32, "num_local_experts": 2, "num_experts_per_tok": 1, "pad_token_id": 0,
}  # fmt: skip


def test_mxfp4_experts_are_dequantized_exactly(tmp_path: Path) -> None:
    """Two values of 4 bits a byte, and one exponent for 32 values."""
    AutoModelForCausalLM.from_config(AutoConfig.for_model("gpt_oss", **EXPERTS)).save_pretrained(tmp_path)
    weights, expected = load_file(tmp_path / "model.safetensors"), {}
    for name in [name for name in weights if name.endswith("_proj")]:
        experts, inputs, outputs = weights.pop(name).shape
        blocks = torch.randint(0, 256, (experts, outputs, inputs // 32, 16), dtype=torch.uint8)
        scales = torch.randint(120, 128, (experts, outputs, inputs // 32), dtype=torch.uint8)
        weights |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
        pairs = np.stack([FP4[blocks.numpy() & 15], FP4[blocks.numpy() >> 4]], -1).reshape(*blocks.shape[:-1], 32)
        values = pairs * 2.0 ** (scales.numpy().astype(int) - 127)[..., None]
        expected[name] = values.reshape(experts, outputs, inputs).swapaxes(1, 2)
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    configure(tmp_path, quantization_config={"quant_method": "mxfp4"})
    config = AutoConfig.from_pretrained(tmp_path)
    assert ask_to_dequantize(config, "tiny") == "mxfp4, dequantized"
    model = AutoModelForCausalLM.from_pretrained(tmp_path, config=config, dtype=torch.float32)
    require_readable_weights(tmp_path, model.config, "tiny")
    assert len(expected) == 2
    for name, values in expected.items():
        np.testing.assert_array_equal(model.get_parameter(name).detach().numpy(), values)


METHODS = ("bitsandbytes", "gptq", "awq", "compressed-tensors", "fbgemm_fp8", "torchao", "hqq", "quanto", "aqlm",
           "eetq", "vptq", "spqr", "higgs", "quark", "bitnet", "auto-round", "nvfp4", "modelopt")  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_other_methods_are_refused_by_name(folder: Path, method: str) -> None:
    configure(folder, quantization_config={"quant_method": method, "bits": 4})
    message = refusal(folder)
    assert f"quantized with {method}" in message
    assert "use the original model" in message


def test_four_bits_without_a_method_are_refused(folder: Path) -> None:
    configure(folder, quantization_config={"load_in_4bit": True})
    assert "quantized with bitsandbytes" in refusal(folder)


def test_a_quantized_text_stack_inside_a_multimodal_model_is_refused(tmp_path: Path) -> None:
    folder = save_tiny("gemma3", tmp_path / "tiny")
    text = json.loads((folder / "config.json").read_text())["text_config"]
    configure(folder, text_config={**text, "quantization_config": {"quant_method": "gptq", "bits": 4}})
    assert "quantized with gptq" in refusal(folder)
