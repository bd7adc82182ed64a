"""Tiny models that read images too, and the activity of their text decoders without our code."""

import copy
import functools
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from tests.compute.models.reference import gelu_tanh, silu
from tests.compute.tiny import VOCABULARY, randomise, save_tokenizer

_SPECIAL = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
_TEXT = {
    **_SPECIAL, "vocab_size": VOCABULARY + 8, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128,
}  # fmt: skip
_IMAGES = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 8,
    "patch_size": 4, "depth": 1, "embed_dim": 16, "num_heads": 2, "out_hidden_size": 32, "projection_dim": 16,
    "num_key_value_heads": 2, "head_dim": 8,
}  # fmt: skip
_TOKENS = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id", "audio_token_id")
_THREE_POSITIONS = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}}
_WINDOWS = {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}

TEXT: dict[str, dict[str, Any]] = {
    "aya_vision": {"model_type": "cohere2", **_WINDOWS},
    "cohere2_vision": {"model_type": "cohere2", **_WINDOWS},
    "exaone4_5": {"model_type": "exaone4", "sliding_window": 8, "sliding_window_pattern": 2},
    "glm4v": _THREE_POSITIONS,
    "idefics3": {"model_type": "llama"},
    "internvl": {"model_type": "qwen2"},
    "llava": {"model_type": "llama"},
    "llava_next": {"model_type": "llama"},
    "llava_onevision": {"model_type": "qwen2"},
    "mistral3": {"model_type": "mistral", "sliding_window": 8},
    "ovis2": {"model_type": "qwen2"},
    "qwen2_5_vl": _THREE_POSITIONS,
    "qwen2_vl": _THREE_POSITIONS,
    "qwen3_vl": _THREE_POSITIONS,
    "qwen3_vl_moe": {**_THREE_POSITIONS, "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2},
    "smolvlm": {"model_type": "llama"},
    "vipllava": {"model_type": "llama"},
    # With a class for text alone:
    "gemma4": {**_WINDOWS, "hidden_size_per_layer_input": 0, "num_kv_shared_layers": 0},
    "qwen3_5": {**_THREE_POSITIONS, "layer_types": ["full_attention", "full_attention"]},
}
"""Configuration of the text decoder by model_type."""
_OF_IMAGES: dict[str, dict[str, Any]] = {
    **{kind: {"model_type": "clip_vision_model"} for kind in ("llava", "llava_next", "vipllava")},
    **{kind: {"model_type": "siglip_vision_model"} for kind in ("aya_vision", "cohere2_vision", "llava_onevision")},
    "internvl": {"image_size": [8, 8], "patch_size": [4, 4]},
    "mistral3": {"model_type": "pixtral"},
    "ovis2": {"vocab_size": 64},
    "qwen2_vl": {"hidden_size": 32},
    "qwen3_vl": {"deepstack_visual_indexes": [0]},
    "qwen3_vl_moe": {"deepstack_visual_indexes": [0]},
}


@functools.cache
def load_multimodal(architecture: str) -> LoadedModel:
    """A tiny random model whose checkpoint has an image encoder, loaded through the loader."""
    with tempfile.TemporaryDirectory() as folder:
        return load_model(ModelOptions(str(save_multimodal(architecture, Path(folder))), device="cpu"))


def save_multimodal(architecture: str, folder: Path) -> Path:
    """Write a tiny random model and its tokenizer."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        architecture,
        text_config=copy.deepcopy({**_TEXT, **TEXT[architecture]}),  # configurations add to their dicts
        vision_config={**_IMAGES, **_OF_IMAGES.get(architecture, {})},
        image_token_index=VOCABULARY,
        **({"hidden_size": 32, "vocab_size": VOCABULARY + 8} if architecture == "ovis2" else {}),
        **_SPECIAL,
        **{name: VOCABULARY + i for i, name in enumerate(_TOKENS)},
    )
    model = AutoModelForImageTextToText.from_config(config)
    randomise(model)
    model.save_pretrained(folder)
    save_tokenizer("llama", folder)
    return folder


@torch.no_grad()
def plain(loaded: LoadedModel, architecture: str, ids: list[int]) -> list[Tensor]:
    """A = act(x W_gate) at the last token of one unpadded input, for each layer; 0 for experts that do not run."""
    inputs: list[tuple[Tensor, Any]] = []
    layers = [layer.mlp for layer in loaded.model.get_decoder().layers]
    handles = [mlp.register_forward_pre_hook(lambda mlp, args: inputs.append((args[0], mlp))) for mlp in layers]
    try:
        loaded.model(input_ids=torch.tensor([ids]))
    finally:
        for handle in handles:
            handle.remove()
    act = gelu_tanh if architecture == "gemma4" else silu
    return [_activations(mlp, hidden.reshape(-1, 32)[-1], act) for hidden, mlp in inputs]


def _activations(mlp: Any, hidden: Tensor, act: Any) -> Tensor:
    if hasattr(mlp, "experts"):
        return _of_experts(mlp, hidden, act)
    if hasattr(mlp, "gate_up_proj"):
        return act((hidden @ mlp.gate_up_proj.weight.T).chunk(2)[0])
    return act(hidden @ mlp.gate_proj.weight.T)


def _of_experts(mlp: Any, hidden: Tensor, act: Any) -> Tensor:
    chosen = (hidden @ mlp.gate.weight.T).topk(2).indices.tolist()
    by_expert = [act((weight @ hidden).chunk(2)[0]) for weight in mlp.experts.gate_up_proj]
    return torch.cat([a if e in chosen else torch.zeros_like(a) for e, a in enumerate(by_expert)])
