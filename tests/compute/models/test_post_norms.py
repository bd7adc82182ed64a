"""What stands between FFN and residual stream is found by what it does, and nothing else is mistaken for it."""

import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from neurontui.compute.models.ffns.architectures import Stack, find_ffns, known_ffns
from neurontui.compute.models.ffns.norms import find_norm
from neurontui.compute.models.ffns.post_norms import find_writes, with_writes
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.store.errors import ModelError
from tests.compute.models.behind import mixture
from tests.compute.tiny import BEHIND, CONFIGS, MIXTURES, load_tiny, randomise, save_tiny

NAMES = {
    "gemma2": "post_feedforward_layernorm",
    "gemma3_text": "post_feedforward_layernorm",
    "gemma3": "post_feedforward_layernorm",
    "olmo2": "post_feedforward_layernorm",
    "olmo3": "post_feedforward_layernorm",
    "exaone4": "post_feedforward_layernorm",
    "glm4": "post_mlp_layernorm",
    "hyperclovax": "post_norm2",
    "afmoe": "post_mlp_layernorm",
}
FACTORS = {"hyperclovax": 0.7, "granite": 0.22}


@pytest.mark.parametrize("architecture", [*NAMES, "granite"])
def test_the_norm_and_the_factor_are_found(architecture: str) -> None:
    loaded = load_tiny(architecture)
    modules = dict(loaded.model.named_modules())
    for ffn in loaded.ffns:
        factor, norm = ffn.write.factor, ffn.write.norm
        assert factor == pytest.approx(FACTORS.get(architecture, 1.0), rel=1e-4)
        if architecture in NAMES:
            assert norm is not None
            path = next(path for path, module in modules.items() if module is norm.module)
            assert path.endswith(f"layers.{ffn.layer.position}.{NAMES[architecture]}")
            one = 1 if "Gemma" in type(norm.module).__name__ else 0
            torch.testing.assert_close(norm.gain, norm.module.weight + one, rtol=1e-4, atol=1e-5)
            assert not norm.centred
        else:
            assert norm is None
    assert loaded.post_norms == len(loaded.ffns)


@pytest.mark.parametrize("architecture", [*sorted(set(CONFIGS) - set(NAMES)), *MIXTURES])
def test_a_plain_residual_connection_changes_nothing(architecture: str) -> None:
    loaded = load_tiny(architecture)
    assert not any(ffn.write.changes for ffn in loaded.ffns)
    assert loaded.post_norms == 0


@pytest.mark.parametrize(("architecture", "changes"), [("bart", {}), ("opt", {"do_layer_norm_before": False})])
def test_a_norm_of_the_sum_is_not_behind_the_ffn(architecture: str, changes: dict, tmp_path: Path) -> None:
    loaded = load_model(ModelOptions(str(save_tiny(architecture, tmp_path / architecture, **changes)), device="cpu"))
    assert not any(ffn.write.changes for ffn in loaded.ffns)


@pytest.mark.parametrize("architecture", ["gemma2", "olmo2", "hyperclovax", "llama", "bloom", "opt", "mixtral"])
def test_half_precision_finds_the_same(architecture: str) -> None:
    loaded = load_tiny(architecture)
    model = copy.deepcopy(loaded.model).to(torch.bfloat16)
    for ffn, write in zip(loaded.ffns, find_writes(model, find_ffns(model), "m"), strict=True):
        assert write is not None
        assert (write.norm is None) == (ffn.write.norm is None)
        assert write.factor == pytest.approx(ffn.write.factor, rel=2e-3)


class ScaledSum(nn.Module):
    """γ tanh(x): neither a norm nor a constant."""

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.tanh(hidden)


def test_a_norm_behind_experts_and_shared_experts_is_found(tmp_path: Path) -> None:
    model, ffns = mixture(tmp_path, lambda: nn.LayerNorm(32))
    for layer, write in zip(model.model.layers, find_writes(model, ffns, "m"), strict=True):
        assert write is not None
        assert write.norm is not None
        assert write.norm.module is layer.mlp.behind
        assert write.norm.centred
        torch.testing.assert_close(write.norm.gain, layer.mlp.behind.weight, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(write.norm.bias, layer.mlp.behind.bias, rtol=1e-4, atol=1e-5)


def test_a_norm_of_the_sum_of_experts_and_residual_is_not_behind_them(tmp_path: Path) -> None:
    model, ffns = mixture(tmp_path, nn.Identity)

    def post_ln(layer: nn.Module, norm: nn.Module):
        layer.norm = norm
        return lambda hidden, **_: norm(hidden + layer.mlp(hidden))

    for layer in model.model.layers:
        layer.forward = post_ln(layer, nn.LayerNorm(32))
    randomise(model)
    assert [write is not None and not write.changes for write in find_writes(model, ffns, "m")] == [True, True]


def test_what_is_neither_norm_nor_constant_is_refused(tmp_path: Path) -> None:
    model, ffns = mixture(tmp_path, ScaledSum)
    with pytest.raises(ModelError, match=r"FFN of layer 0 of 'org/m' .* use --no-post-norm"):
        with_writes(model, ffns, "org/m", use=True)
    assert with_writes(model, ffns, "org/m", use=False) == (ffns, 2)
    assert with_writes(model, ffns, "org/m", use=None) == (ffns, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_named_instead(tmp_path: Path, value: float) -> None:
    """Nothing can be found out from them, and what is wrong is not what stands behind the FFN."""
    folder = save_tiny("bloom", tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    name = next(each for each in weights if "1.mlp.dense_h_to_4h.weight" in each)
    weights[name][0] = value
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    for post_norm in (True, None):
        with pytest.raises(
            ModelError, match=r"in layer 1 activations or outputs are not finite in float32; its weights"
        ):
            load_model(ModelOptions(str(folder), device="cpu", post_norm=post_norm))


def test_a_second_norm_behind_the_first_is_refused(tmp_path: Path) -> None:
    """As in Gemma 4 with experts: the norm's output is one of two summands of another norm."""
    model, _ = mixture(tmp_path, nn.Identity)
    for layer in model.model.layers:
        layer.mlp = Twice()
    randomise(model)
    ffns = known_ffns(model, (Stack("layers", "mlp", "act", "down"),))
    assert find_writes(model, ffns, "m") == (None, None)


class Twice(nn.Module):
    """An FFN, a norm, a sum with something else, and a norm of the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.act, self.down = nn.Linear(32, 48), nn.GELU(), nn.Linear(48, 32)
        self.first, self.second, self.other = nn.LayerNorm(32), nn.LayerNorm(32), nn.Linear(32, 32)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.second(self.first(self.down(self.act(self.up(hidden)))) + self.other(hidden))


@pytest.mark.parametrize("width", [32, 33])
def test_a_norm_is_read_off_its_outputs(width: int) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(5, width) * 3 + 1
    norms = {
        nn.LayerNorm(width): True,
        nn.LayerNorm(width, elementwise_affine=False): True,
        nn.RMSNorm(width): False,
        nn.RMSNorm(width, elementwise_affine=False): False,
    }
    for module, centred in norms.items():
        randomise(module)
        norm = find_norm(module, inputs, module(inputs), 1e-3)
        assert norm is not None
        assert norm.centred == centred
        predicted = norm.apply(inputs) * norm.scale(inputs, module(inputs))[:, None] + norm.bias
        torch.testing.assert_close(predicted, module(inputs), rtol=1e-3, atol=1e-3)
    for module in (nn.Linear(width, width), nn.GELU(), nn.Softmax(-1)):
        assert find_norm(module, inputs, module(inputs), 1e-3) is None


def test_every_architecture_with_something_behind_is_tested() -> None:
    assert set(BEHIND) <= {*NAMES, "granite"}
