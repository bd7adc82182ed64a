"""Models of the check: a dozen architectures with random weights, tiny and of a middle size, and their prompts."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from neurontui.compute.batch import Batch
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from tests.compute.tiny import CONFIGS, LANGUAGES, MIXTURES, PROMPTS, randomise, save_tokenizer

ARCHITECTURES = (
    "bloom", "llama", "gemma3_text", "xglm", "opt", "gpt2", "gpt_neox", "qwen3", "phi3", "mixtral", "qwen3_moe", "mt5",
    "olmo2",
)  # fmt: skip
_SHAPES = {**CONFIGS, **MIXTURES, "olmo2": CONFIGS["llama"]}
_MIDDLE = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "word_embed_proj_dim"), 512),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "d_ff"), 1536),
    **dict.fromkeys(("n_layer", "num_layers", "num_decoder_layers", "num_hidden_layers"), 6),
    **dict.fromkeys(("n_head", "num_heads", "num_attention_heads", "attention_heads"), 8),
    "num_key_value_heads": 4,
    **dict.fromkeys(("head_dim", "d_kv", "query_pre_attn_scalar"), 64),
    "moe_intermediate_size": 256,
}
"""Sizes by the names that configurations use for them."""
ANSWERS = {"en": ("Lisbon", "Turkey", "France"), "de": ("Lissabon", "so", "Frankreich"),
           "tr": ("Lizbon", "Ankara", "Fransa"), "zh": ("里斯本", "安卡拉", "巴黎")}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """Where the check runs."""

    device: str
    folder: Path

    @property
    def cuda(self) -> bool:
        """Whether there is a GPU."""
        return self.device.startswith("cuda")

    @property
    def size(self) -> str:
        """Size of the models of checks that use one size."""
        return "middle" if self.cuda else "tiny"


def save_model(architecture: str, size: str, folder: Path, **changes: Any) -> Path:
    """Write a model with random weights and its tokenizer."""
    torch.manual_seed(0)
    shape = _SHAPES[architecture]
    if size == "middle":
        shape = {name: _MIDDLE.get(name, value) for name, value in shape.items()}
    config = AutoConfig.for_model(architecture, **{**shape, **changes})
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model = auto.from_config(config)
    randomise(model)
    model.save_pretrained(folder)
    save_tokenizer(architecture, folder)
    return folder


@contextmanager
def saved_model(setting: Setting, architecture: str, size: str, **changes: Any) -> Iterator[Path]:
    """The folder of a model, removed at the end."""
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        yield save_model(architecture, size, Path(folder) / architecture, **changes)


def load(folder: Path, device: str, dtype: str = "float32") -> LoadedModel:
    """A saved model on a device."""
    return load_model(ModelOptions(str(folder), device=device, dtype=dtype))


def examples(n: int = 3) -> tuple[Example, ...]:
    """Examples in four languages, of very different lengths, with answers and two choices."""
    return tuple(_example(i) for i in range(n))


def batch(n: int = 3) -> Batch:
    """Those examples as one batch."""
    return Batch(0, tuple(range(n)), tuple(i % 20 for i in range(n)), examples(n), LANGUAGES)


def save_task(folder: Path, n: int) -> Path:
    """The same examples as a task file."""
    path = folder / "capitals.jsonl"
    lines = [
        {"id": e.id, "prompts": dict(e.prompts), "answers": dict(e.answers), "choices": _lists(e.choices)}
        for e in examples(n)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def _example(i: int) -> Example:
    # A number makes the examples of a longer task differ.
    prompts = {code: (f"{i}. " if i > 2 else "") + PROMPTS[code][i % 3] for code in LANGUAGES}
    answers = {code: ANSWERS[code][i % 3] for code in LANGUAGES}
    choices = {code: (ANSWERS[code][i % 3], ANSWERS[code][(i + 1) % 3]) for code in LANGUAGES}
    return Example(id=f"e{i}", cluster=f"c{i}", prompts=prompts, answers=answers, choices=choices)


def _lists(texts: Mapping[str, Any]) -> dict[str, list[str]]:
    return {code: list(some) for code, some in texts.items()}
