"""Module paths of the nonlinearity and the value matrix of the FFNs of known architectures.

Paths are relative to the base model (the model without its LM head). Other architectures are handled by `detect_ffns`.
"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from neurontui.compute.models.ffns.detect_ffns import search_ffns
from neurontui.compute.models.ffns.detect_mixtures import route_experts
from neurontui.compute.models.ffns.ffn import FFN, neurons_of
from neurontui.compute.models.ffns.moe import experts_ffn
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class Stack:
    """A stack of blocks with FFNs of the same structure."""

    blocks: str
    """The list of blocks."""
    ffn: str
    """The FFN in a block; empty if the modules are in the block itself."""
    act: str
    value: str
    gate: str | None = None
    """A module that exists only in the gated form of the FFN."""
    experts: str | None = None
    """A module that exists only in a mixture of experts."""
    name: str = "decoder"


_LLAMA = (Stack("layers", "mlp", "act_fn", "down_proj", gate="gate_proj"),)
_FC = (Stack("layers", "", "activation_fn", "fc2"),)
_T5 = (
    Stack("encoder.block", "layer.1.DenseReluDense", "act", "wo", gate="wi_0", name="encoder"),
    Stack("decoder.block", "layer.2.DenseReluDense", "act", "wo", gate="wi_0"),
)

_MOE = (Stack("layers", "mlp", "act_fn", "down_proj", gate="gate_proj", experts="experts"),)

KNOWN: dict[str, tuple[Stack, ...]] = {
    "bloom": (Stack("h", "mlp", "gelu_impl", "dense_4h_to_h"),),
    "xglm": _FC,
    "opt": (Stack("decoder.layers", "", "activation_fn", "fc2"),),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "gemma2": _LLAMA,
    "gemma3_text": _LLAMA,
    "gemma3": (Stack("language_model.layers", "mlp", "act_fn", "down_proj", gate="gate_proj"),),
    "phi3": (Stack("layers", "mlp", "activation_fn", "down_proj", gate="gate_up_proj"),),
    "gpt2": (Stack("h", "mlp", "act", "c_proj"),),
    "gpt_neox": (Stack("layers", "mlp", "act", "dense_4h_to_h"),),
    "mixtral": _MOE,
    "qwen3_moe": _MOE,
    "t5": _T5,
    "mt5": _T5,
    "umt5": _T5,
}


def find_ffns(model: Any) -> tuple[FFN, ...]:
    """The FFNs of a model, stack after stack; raises ModelError if they cannot be identified with certainty."""
    stacks = KNOWN.get(model.config.model_type)
    return search_ffns(model) if stacks is None else known_ffns(model, stacks)


def known_ffns(model: Any, stacks: tuple[Stack, ...]) -> tuple[FFN, ...]:
    """The FFNs of a model of a known architecture, stack after stack."""
    ffns: list[FFN] = []
    for stack in stacks:
        blocks = _at(model.base_model, stack.blocks).children()
        ffns += [_ffn(block, stack, len(ffns), i) for i, block in enumerate(blocks)]
    route_experts(model, ffns)
    return tuple(ffns)


def _ffn(block: nn.Module, stack: Stack, before: int, position: int) -> FFN:
    ffn = _at(block, stack.ffn)
    if stack.experts is not None and _has(ffn, stack.experts):
        return experts_ffn(_at(ffn, stack.experts), before + position, stack.name, position)
    value = _at(ffn, stack.value)
    gated = stack.gate is not None and _has(ffn, stack.gate)
    layer = Layer(before + position, stack.name, position, neurons_of(value))
    return FFN(layer, _at(ffn, stack.act), value, gated)


def _has(module: nn.Module, path: str) -> bool:
    return path in dict(module.named_children())


def _at(module: nn.Module, path: str) -> nn.Module:
    try:
        return module.get_submodule(path)
    except AttributeError as error:
        raise ModelError(
            f"{type(module).__name__} has no '{path}', the expected path of its FFN; "
            "this version of transformers may have moved it, so please report it to neurontui."
        ) from error
