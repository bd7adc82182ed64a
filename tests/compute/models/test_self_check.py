"""The self-check passes models that are right, and names what is wrong, and where, in models with planted faults."""

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import accelerate
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.self_check import probe
from neurontui.compute.models.self_check.batch_difference import batch_differences
from neurontui.compute.models.self_check.probe import LENGTHS, Reading, probe_prompts, read_pass
from neurontui.compute.models.self_check.self_check import self_checked
from neurontui.compute.run_key import run_key, settings
from neurontui.compute.tasks.example import Example, TaskData
from tests.compute.models.self_checked import copied, refusal
from tests.compute.tiny import CONFIGS, MIXTURES, VOCABULARY, load_tiny


def all_readings(loaded: LoadedModel) -> list[tuple[Tensor, Tensor]]:
    with torch.inference_mode():
        return [(reading.weights, reading.output) for reading in read_pass(loaded, probe_prompts(loaded))]


@pytest.mark.parametrize("architecture", [*CONFIGS, *MIXTURES, "gpt_neo", "mpt"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_models_that_are_right_pass(architecture: str, dtype: torch.dtype) -> None:
    loaded = copied(architecture, dtype)
    check = self_checked(loaded).self_check
    assert check is not None
    assert check.tokens == (5, 10)
    assert check.layers == len(loaded.ffns)
    exact = dtype is torch.float32
    assert check.largest_batch_difference < (1e-5 if exact else 0.05)
    assert check.largest_output_difference < (1e-6 if exact else 0.01)


def test_a_loaded_model_is_a_checked_one() -> None:
    assert load_tiny("mixtral").self_check is not None
    assert load_tiny("mixtral").facts.self_check == load_tiny("mixtral").self_check


@pytest.mark.parametrize("architecture", ["llama", "opt", "t5", "bloom"])
def test_a_model_whose_weights_are_elsewhere_passes(architecture: str) -> None:
    loaded = copied(architecture)
    accelerate.cpu_offload(loaded.model, torch.device("cpu"))
    assert loaded.ffns[0].value.weight.is_meta
    assert self_checked(loaded).self_check == load_tiny(architecture).self_check


def test_the_result_is_recorded_and_is_not_part_of_the_key(tmp_path: Path) -> None:
    facts = load_tiny("llama").facts
    example = Example(id="1", cluster="1", prompts={"en": "one", "de": "eins", "fr": "un"})
    data = TaskData("numbers", None, 0, ("en", "de", "fr"), (example,))
    config = RunConfig(model="llama", task="numbers", out=tmp_path / "results.duckdb")
    recorded = settings(config, facts)["self_check"]
    assert facts.self_check is not None
    assert json.loads(json.dumps(recorded)) == {
        "tokens": [5, 10],
        "layers": 2,
        "largest_batch_difference": facts.self_check.largest_batch_difference,
        "largest_output_difference": facts.self_check.largest_output_difference,
    }
    assert run_key(config, data, facts) == run_key(config, data, replace(facts, self_check=None))


def test_prompts_have_no_special_tokens_and_stay_the_same() -> None:
    loaded = load_tiny("gemma3")
    prompts = probe_prompts(loaded)
    assert prompts == probe_prompts(loaded)
    assert tuple(map(len, prompts)) == LENGTHS
    ids = {token for prompt in prompts for token in prompt.ids}
    assert len(ids) == sum(LENGTHS) == 25
    assert max(ids) < VOCABULARY
    assert not ids & {*loaded.tokenizer.all_special_ids, loaded.model.config.image_token_id}


# Batch


def leak_between_tokens(module: nn.Module) -> None:
    """Add the mean over all tokens to the input of a module, pads included."""

    def leak(_module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (args[0] + args[0].mean(1, keepdim=True), *args[1:])

    module.register_forward_pre_hook(leak)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_that_reads_pads(dtype: torch.dtype) -> None:
    loaded = copied("llama", dtype)
    leak_between_tokens(loaded.model.model.layers[1].mlp)
    sentence = refusal(loaded)
    assert re.match(r"in layer 1 the activations of a prompt of 5 tokens differ by \S+ times their size", sentence)
    assert "with the other prompts of its batch" in sentence


def test_the_difference_in_a_batch_is_what_plain_hooks_give() -> None:
    loaded = copied("llama")
    mlp = loaded.model.model.layers[0].mlp
    leak_between_tokens(mlp)
    short, long, _ = probe_prompts(loaded)
    pads = len(long) - len(short)
    ids = torch.tensor([[*short.ids, *[loaded.tokenizer.pad_token_id] * pads], long.ids])
    mask = torch.ones_like(ids)
    mask[0, len(short) :] = 0
    taken: list[Tensor] = []
    mlp.act_fn.register_forward_hook(lambda _module, _args, output: taken.append(output[0, 4].clone()))
    mlp.down_proj.register_forward_hook(lambda _module, args, _output: taken.append(args[0][0, 4].clone()))
    loaded.model(torch.tensor([short.ids]))
    loaded.model(ids, attention_mask=mask)
    alone, together = taken[:2], taken[2:]
    expected = max(((a - b).norm() / a.norm()).item() for a, b in zip(alone, together, strict=True))
    assert f"differ by {expected:.2g} times their size" in refusal(loaded)


def test_a_model_that_reads_pads_in_its_encoder_alone() -> None:
    loaded = copied("mt5")
    leak_between_tokens(loaded.model.encoder.block[1].layer[1].DenseReluDense)
    assert refusal(loaded).startswith("in layer 1 (block 1 of the encoder) the activations")


def test_a_decoder_that_reads_the_pads_of_the_encoder() -> None:
    loaded = copied("mt5")

    def without_mask(_module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        return args, {**kwargs, "encoder_attention_mask": None}

    loaded.model.get_decoder().register_forward_pre_hook(without_mask, with_kwargs=True)
    assert refusal(loaded).startswith("in layer 2 (block 0 of the decoder) the activations")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_experts_with_a_capacity(dtype: torch.dtype) -> None:
    """The first four tokens that an expert gets in a pass are weighted, the others dropped."""
    loaded = copied("mixtral", dtype)

    def drop(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, index, weight = args
        order = functional.one_hot(index, 5).sum(1).cumsum(0).gather(1, index)
        return hidden, index, weight * (order <= 4)

    loaded.model.model.layers[0].mlp.experts.register_forward_pre_hook(drop)
    assert re.match(r"in layer [01] the activations of a prompt of", refusal(loaded))


def swapped(reading: Reading, width: int, experts: int) -> Reading:
    """The same values, of other experts: each of the first ones that ran becomes one that did not."""
    ran = reading.activations.view(-1, width).any(-1)
    to = torch.arange(len(ran))
    used, unused = ran.nonzero()[:experts, 0], (~ran).nonzero()[:experts, 0]
    to[used], to[unused] = unused, used
    moved = (values.view(-1, width)[to].view(1, -1) for values in (reading.activations, reading.weights))
    return Reading(*moved, reading.output)


@pytest.mark.parametrize(
    ("dtype", "experts", "is_rounding"),
    [(torch.bfloat16, 1, True), (torch.bfloat16, 2, False), (torch.float32, 1, False)],
)
def test_one_expert_may_be_another_in_half_precision_alone(dtype: torch.dtype, experts: int, is_rounding: bool) -> None:
    loaded = copied("qwen3_moe", dtype)
    with torch.inference_mode():
        readings = read_pass(loaded, probe_prompts(loaded)[:1])
    others = [swapped(readings[0], 16, experts), *readings[1:]]
    differences = batch_differences(loaded, readings, others)
    assert differences[0].is_rounding is is_rounding
    assert (differences[2].allowed == 0.4) is is_rounding


def test_a_model_that_draws_random_numbers() -> None:
    loaded = copied("bloom")
    mlp = loaded.model.transformer.h[0].mlp
    mlp.register_forward_pre_hook(lambda _, args: (functional.dropout(args[0], 0.1), *args[1:]))
    sentence = refusal(loaded)
    assert sentence.startswith("in layer 0 the activations of a prompt of 5 tokens differ by")
    assert "from pass to pass, so they depend on chance; disable dropout" in sentence


def test_positions_counted_from_the_end_of_a_batch() -> None:
    loaded = copied("gpt2")

    def from_the_end(_module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        return args, {**kwargs, "position_ids": torch.arange(kwargs["input_ids"].shape[1]).flip(0)[None]}

    loaded.model.transformer.register_forward_pre_hook(from_the_end, with_kwargs=True)
    assert "prompt of 5 tokens" in refusal(loaded)


# One run of each FFN in a pass


def test_an_ffn_that_runs_twice() -> None:
    loaded = copied("llama")
    mlp = loaded.model.model.layers[1].mlp
    once = mlp.forward
    mlp.forward = lambda x: (once(x) + once(x)) / 2
    assert refusal(loaded).startswith("The FFN of layer 1 ran 2 times in one forward pass instead of once")


def test_a_value_matrix_that_runs_twice() -> None:
    loaded = copied("bloom")
    mlp = loaded.model.transformer.h[1].mlp

    def run_value(_module: Any, args: tuple[Tensor, ...]) -> None:
        mlp.dense_4h_to_h(torch.zeros(*args[0].shape[:2], 128))

    mlp.dense_h_to_4h.register_forward_pre_hook(run_value)
    assert refusal(loaded).startswith("The value matrix of layer 1 ran 2 times")


# Σ w_i v_i + b


@pytest.mark.parametrize("architecture", ["llama", "bloom", "opt", "t5", "mixtral", "gpt2"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_scaled_output(architecture: str, dtype: torch.dtype) -> None:
    loaded = copied(architecture, dtype)
    ffn = loaded.ffns[1]
    ffn.writer.register_forward_hook(lambda _module, _args, output: output * 1.5)
    sentence = refusal(loaded)
    assert sentence.startswith("in layer 1 ")
    assert f"from the output of {type(ffn.writer).__name__}, so scores would be wrong" in sentence


def test_the_difference_of_a_scaled_output_is_what_numpy_gives() -> None:
    loaded = copied("llama")
    ffn = loaded.ffns[0]
    ffn.value.register_forward_hook(lambda _module, _args, output: output * 1.5)
    weights, output = (tensor.double().numpy() for tensor in all_readings(loaded)[0])
    matrix, bias = ffn.value.weight.double().numpy(), ffn.value.bias.double().numpy()
    written = weights @ matrix.T + bias
    size = (output**2).sum(1) ** 0.5 + ((weights[:, None, :] * matrix) ** 2).sum((1, 2)) ** 0.5
    expected = max(((output - written) ** 2).sum(1) ** 0.5 / size)
    assert f"differs by {expected:.2g} times its size" in refusal(loaded)


def test_an_adapter_beside_the_value_matrix() -> None:
    loaded = copied("bloom")
    value = loaded.ffns[0].value
    down, up = torch.randn(2, 128) / 11, torch.randn(32, 2) / 3
    value.register_forward_hook(lambda _module, args, output: output + args[0] @ down.T @ up.T)
    assert "the sum of weights times value vectors differs" in refusal(loaded)


def test_a_weight_that_is_stored_with_a_scale() -> None:
    """As int8 weights are: the numbers in `weight` are not those that are multiplied."""
    loaded = copied("llama")
    value = loaded.ffns[0].value
    scale = value.weight.abs().max() / 127
    stored = (value.weight / scale).round()
    value.forward = lambda x: functional.linear(x, stored * scale, value.bias)
    value.weight = nn.Parameter(stored, requires_grad=False)
    assert "the sum of weights times value vectors differs" in refusal(loaded)


def test_a_weight_that_is_packed() -> None:
    """As 4-bit weights are: two numbers in each."""
    loaded = copied("llama")
    value = loaded.ffns[1].value
    matrix = value.weight
    value.forward = lambda x: functional.linear(x, matrix, value.bias)
    value.weight = nn.Parameter(torch.zeros(32, 24), requires_grad=False)
    assert "The value matrix of layer 1 has the shape (24, 32) instead of (48, 32)" in refusal(loaded)


def test_something_between_activation_and_value_matrix() -> None:
    loaded = copied("gpt2")
    loaded.ffns[1].value.register_forward_pre_hook(lambda _module, args: (args[0] / args[0].norm(),))
    assert refusal(loaded).startswith("in layer 1 the sum of weights times value vectors differs")


def test_an_output_that_is_changed_in_place_afterwards_is_right() -> None:
    """Falcon adds the attention's output to that of its FFN in place."""
    loaded = copied("bloom")
    loaded.model.transformer.h[0].mlp.register_forward_hook(lambda _module, _args, output: output.add_(1))
    assert self_checked(loaded).self_check is not None


# Ablation


def test_neurons_that_cannot_be_ablated(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = copied("llama")
    monkeypatch.setattr(probe, "ablate", lambda *_, **__: nullcontext(SimpleNamespace(aim=lambda _: None)))
    sentence = refusal(loaded)
    assert sentence.startswith("in layer 0 with all neurons ablated Linear still writes up to ")
    assert "beside its bias" in sentence


# Models that cannot run
