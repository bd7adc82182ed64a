"""A model of a real shape with random weights, and a batch of parallel prompts of mixed lengths, for benchmarks."""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from neurontui.compute.answers.targets import AnswerBook
from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.measurer import Ablation, Measurer
from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from neurontui.store.journal.manifest import Manifest
from tests.compute.tiny import randomise, save_tokenizer

LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
ACTS = {"bloom": "transformer.h.{}.mlp.gelu_impl", "llama": "model.layers.{}.mlp.act_fn"}
# Prompts of the fact task take 6 to 30 tokens, of XNLI 50 to 120.
WORDS = (6, 40)


@dataclass(frozen=True)
class Workload:
    """What every contender gets."""

    name: str
    loaded: LoadedModel
    batch: Batch
    acts: tuple[str, ...] = field(repr=False)
    """Paths of the activation modules, for those who have to name them."""
    token_budget: int = 4096

    @property
    def n_neurons(self) -> int:
        return sum(each.n_neurons for each in self.loaded.layers)


def workload(
    architecture: str,
    device: str,
    hidden: int | None = None,
    n_examples: int | None = None,
    n_layers: int | None = None,
) -> Workload:
    """A shape that a CPU can bear, or that of a 7B model in bfloat16 on CUDA."""
    large = device != "cpu"
    hidden = hidden or (4096 if large else 512)
    layers, examples = (n_layers or 30, n_examples or 32) if large else (n_layers or 3, n_examples or 8)
    loaded = build(architecture, device, hidden, layers)
    batch = batch_of(examples, random.Random(0))
    return Workload(
        name=f"{architecture}, {layers} layers × {loaded.layers[0].n_neurons} neurons, {loaded.dtype}",
        loaded=loaded,
        batch=batch,
        acts=tuple(ACTS[architecture].format(i) for i in range(layers)),
        token_budget=16384 if large else 2048,
    )


def build(architecture: str, device: str, hidden: int, layers: int) -> LoadedModel:
    torch.manual_seed(0)
    heads, ffn = hidden // 128 if hidden >= 2048 else 8, hidden * 8 // 3
    shape = {
        "bloom": {"hidden_size": hidden, "n_layer": layers, "n_head": heads},
        "llama": {
            "hidden_size": hidden,
            "intermediate_size": ffn if hidden < 4096 else -(-ffn // 256) * 256,  # 11008 in LLaMA-7B
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
        },
    }[architecture]
    # BLOOM's 250,880 tokens are what makes its LM head dear; a CPU gets fewer.
    vocabulary = 250_880 if device != "cpu" else 32_000
    config = AutoConfig.for_model(architecture, vocab_size=vocabulary, **shape)
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    with torch.device(device):
        # Eager, as TransformerLens has it, so that all contenders form the same sums.
        attention = {"attn_implementation": "eager"} if device == "cpu" else {}
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, **attention)
    model = model.eval().requires_grad_(False)
    randomise(model)
    with tempfile.TemporaryDirectory() as folder:
        save_tokenizer(architecture, Path(folder))
        tokenizer = AutoTokenizer.from_pretrained(folder)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=f"random {architecture}",
        revision=None,
        architecture=architecture,
        dtype=str(dtype).removeprefix("torch."),
        device=device,
        device_name=device,
        placement="benchmark",
        ffns=find_ffns(model),
        encoder_decoder=False,
    )


def batch_of(n_examples: int, chance: random.Random, languages: Sequence[str] = LANGUAGES) -> Batch:
    """Examples whose prompts differ in length between languages as real ones do, up to threefold."""

    def prompt(words: int) -> str:
        return " ".join(chance.choice(["Paris", "ist", "başkenti", "is", "capital"]) for _ in range(words))

    examples = []
    for i in range(n_examples):
        typical = chance.randint(*WORDS)
        prompts = {code: prompt(chance.randint(typical // 2 + 1, typical)) for code in languages}
        examples.append(Example(id=f"e{i}", cluster=f"c{i}", prompts=prompts))
    indices = tuple(range(n_examples))
    folds = tuple(i % 20 for i in indices)
    return Batch(0, indices, folds, tuple(examples), tuple(languages))


def measurer(work: Workload, **options: Any) -> Measurer:
    """What a run measures with."""
    config = RunConfig(model="", task="", out=Path(), batch_tokens=work.token_budget, examples_at_once=32)
    book = AnswerBook({}, {}, {})
    return Measurer(replace(config, **options), work.loaded, book, Ablation())


def manifest_of(loaded: LoadedModel, batches: Sequence[Batch], key: str) -> Manifest:
    """What a journal of these batches needs."""
    return Manifest(
        key=key,
        name=f"{loaded.name} {key}",
        model=loaded.name,
        revision=None,
        architecture=loaded.architecture,
        task="benchmark",
        setting=None,
        n_shots=0,
        languages=batches[0].languages,
        n_examples=sum(len(each.examples) for each in batches),
        n_batches=len(batches),
        dtype=loaded.dtype,
        device=loaded.device_name,
        threshold=0.0,
        started="2025-01-01T00:00:00",
        layers=loaded.layers,
    )
