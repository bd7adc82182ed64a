"""Activations by the equations of the paper, from nothing but weights and each FFN's input.

One prompt at a time, no padding, no hook on an activation module: A = act(x W_K + b) is formed here, with the
nonlinearities written out, so neither our capture nor transformers' activation classes decide the result.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


def gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def gelu_tanh(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: Tensor) -> Tensor:
    return x / (1 + torch.exp(-x))


def relu(x: Tensor) -> Tensor:
    return x.clamp(min=0)


@dataclass(frozen=True)
class Plan:
    """Where an architecture keeps W_K (and the up matrix), and its nonlinearity."""

    key: str
    act: Callable[[Tensor], Tensor]
    up: str | None = None
    fused: bool = False
    """key holds gate and up, one above the other."""
    stack: str = "decoder"


LLAMA = "model.layers.{}.mlp.gate_proj"
UP = "model.layers.{}.mlp.up_proj"
T5_ENCODER = "encoder.block.{}.layer.1.DenseReluDense."
T5_DECODER = "decoder.block.{}.layer.2.DenseReluDense."
MT5 = (
    Plan(T5_ENCODER + "wi_0", gelu_tanh, T5_ENCODER + "wi_1", stack="encoder"),
    Plan(T5_DECODER + "wi_0", gelu_tanh, T5_DECODER + "wi_1"),
)
PLANS: dict[str, tuple[Plan, ...]] = {
    "bloom": (Plan("transformer.h.{}.mlp.dense_h_to_4h", gelu_tanh),),
    "llama": (Plan(LLAMA, silu, UP),),
    "xglm": (Plan("model.layers.{}.fc1", gelu),),
    "mt5": MT5,
    "umt5": MT5,
    "t5": (
        Plan(T5_ENCODER + "wi", relu, stack="encoder"),
        Plan(T5_DECODER + "wi", relu),
    ),
    "gpt2": (Plan("transformer.h.{}.mlp.c_fc", gelu_tanh),),
    "opt": (Plan("model.decoder.layers.{}.fc1", relu),),
    "qwen3": (Plan(LLAMA, silu, UP),),
    "gemma3_text": (Plan(LLAMA, gelu_tanh, UP),),
    "gemma3": (
        Plan(
            "model.language_model.layers.{}.mlp.gate_proj",
            gelu_tanh,
            "model.language_model.layers.{}.mlp.up_proj",
        ),
    ),
    "mistral": (Plan(LLAMA, silu, UP),),
    "qwen2": (Plan(LLAMA, silu, UP),),
    "gemma2": (Plan(LLAMA, gelu_tanh, UP),),
    "gpt_neox": (Plan("gpt_neox.layers.{}.mlp.dense_h_to_4h", gelu),),
    "phi3": (Plan("model.layers.{}.mlp.gate_up_proj", silu, fused=True),),
}
N_LAYERS = 2


@dataclass(frozen=True)
class Reference:
    """Per layer, for one prompt and every position: (T, d_m)."""

    activations: list[Tensor]
    products: list[Tensor]
    n_tokens: int


@torch.no_grad()
def reference(model: Any, architecture: str, ids: list[int], n_layers: int = N_LAYERS) -> Reference:
    """What each FFN of a model does on one prompt; the decoder of an encoder-decoder runs its first step."""
    taken: dict[str, Tensor] = {}

    def note(path: str) -> Any:
        return lambda _, args: taken.update({path: args[0].clone()})

    plans = [(plan, i) for plan in PLANS[architecture] for i in range(n_layers)]
    paths = [plan.key.format(i) for plan, i in plans]
    handles = [model.get_submodule(path).register_forward_pre_hook(note(path)) for path in paths]
    inputs = {"input_ids": torch.tensor([ids])}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[model.config.decoder_start_token_id]])
    try:
        model(**inputs)
    finally:
        for handle in handles:
            handle.remove()
    pairs = [_formed(model, plan, i, taken[plan.key.format(i)]) for plan, i in plans]
    return Reference([each[0] for each in pairs], [each[1] for each in pairs], len(ids))


def _formed(model: Any, plan: Plan, i: int, x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.reshape(-1, x.shape[-1])
    key = _times(model.get_submodule(plan.key.format(i)), x)
    if plan.fused:
        gate, up = key.chunk(2, -1)
        return plan.act(gate), plan.act(gate) * up
    active = plan.act(key)
    if plan.up is None:
        return active, active
    return active, active * _times(model.get_submodule(plan.up.format(i)), x)


def _times(matrix: Any, x: Tensor) -> Tensor:
    """GPT-2's Conv1D keeps its weight as (in, out)."""
    weight = matrix.weight if type(matrix).__name__ == "Conv1D" else matrix.weight.T
    return x @ weight + (0 if matrix.bias is None else matrix.bias)


def ids_of(tokenizer: Any, prompt: str, *, ends: bool) -> list[int]:
    """Ids of a prompt as its tokenizer makes them; `ends`: the model is meant to see a closing </s>."""
    ids: list[int] = tokenizer(prompt)["input_ids"]
    return ids[:-1] if not ends and ids[-1] == tokenizer.eos_token_id else ids
