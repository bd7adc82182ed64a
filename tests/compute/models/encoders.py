"""Tiny encoders with a tokenizer that has a mask token, and their activations without our code."""

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, processors
from torch import Tensor
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

from neurontui.compute.batch import Batch
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from tests.compute.models.reference import gelu, gelu_tanh, silu
from tests.compute.tiny import VOCABULARY, randomise, save_tokenizer

MASK = VOCABULARY
"""Id of the mask token."""
SIZES = {
    "vocab_size": VOCABULARY + 1, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "embedding_size": 32,
    "type_vocab_size": 2, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3, "mask_token_id": MASK,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "big_bird": {"attention_type": "original_full"},
    "distilbert": {"dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 4},
    "modernbert": {"local_attention": 8, "global_attn_every_n_layers": 2},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8},
    "electra": {"embedding_size": 16},
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 24},
}


@dataclass(frozen=True)
class Plan:
    """Paths of the matrix before the nonlinearity and of the value matrix, and the nonlinearity."""

    key: str
    value: str
    act: Callable[[Tensor], Tensor]
    first_half: bool = False
    """The matrix holds gate and up, one above the other."""


_BERT = Plan("encoder.layer.{}.intermediate.dense", "encoder.layer.{}.output.dense", gelu)
PLANS = {
    "big_bird": replace(_BERT, act=gelu_tanh),
    "distilbert": Plan("transformer.layer.{}.ffn.lin1", "transformer.layer.{}.ffn.lin2", gelu),
    "eurobert": Plan("layers.{}.mlp.gate_proj", "layers.{}.mlp.down_proj", silu),
    "gte": Plan("layers.{}.mlp.gate_proj", "layers.{}.mlp.down_proj", gelu),
    "nomic_bert": Plan("layers.{}.mlp.gate_proj", "layers.{}.mlp.down_proj", silu),
    "jina_embeddings_v3": Plan("layers.{}.mlp.fc1", "layers.{}.mlp.fc2", gelu),
    "modernbert": Plan("layers.{}.mlp.Wi", "layers.{}.mlp.Wo", gelu, first_half=True),
}


@functools.cache
def load_encoder(architecture: str) -> LoadedModel:
    """A tiny random encoder, loaded through the loader."""
    with tempfile.TemporaryDirectory() as folder:
        return load_model(ModelOptions(str(save_encoder(architecture, Path(folder))), device="cpu"))


def save_encoder(architecture: str, folder: Path, **changes: Any) -> Path:
    """Write a tiny random encoder and its tokenizer; its inputs are `<s> … </s>`."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(architecture, **{**SIZES, **OWN.get(architecture, {}), **changes})
    model = AutoModelForMaskedLM.from_config(config)
    randomise(model)
    model.save_pretrained(folder)
    save_tokenizer("other", folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"mask_token": AddedToken("<mask>", lstrip=True)})
    assert tokenizer.mask_token_id == MASK
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    tokenizer.save_pretrained(folder)
    return folder


def with_prompts(prompts: Mapping[str, tuple[str, ...]]) -> Batch:
    """Prompts by language as one batch."""
    n = len(next(iter(prompts.values())))
    examples = tuple(Example(f"e{i}", f"c{i}", {code: prompts[code][i] for code in prompts}) for i in range(n))
    return Batch(0, tuple(range(n)), (0,) * n, examples, tuple(prompts))


@torch.no_grad()
def plain(model: Any, architecture: str, ids: list[int]) -> list[tuple[Tensor, Tensor]]:
    """A = act(x W_K + b) and the input of W_V of each layer, (T, d_m), of one unpadded input."""
    plan, recorded = PLANS.get(architecture, _BERT), {}
    handles = []
    for path in (plan.key, plan.value):
        for layer in range(2):
            name = path.format(layer)
            module = model.base_model.get_submodule(name)
            hook = functools.partial(lambda name, _m, args, output: recorded.update({name: (args[0], output)}), name)
            handles.append(module.register_forward_hook(hook))
    try:
        model(input_ids=torch.tensor([ids]))
    finally:
        for handle in handles:
            handle.remove()
    pairs = []
    for layer in range(2):
        before, after = recorded[plan.key.format(layer)][1][0], recorded[plan.value.format(layer)][0][0]
        pairs.append((plan.act(before.chunk(2, -1)[0] if plan.first_half else before), after))
    return pairs
