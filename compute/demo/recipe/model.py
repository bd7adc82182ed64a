"""Architectures of the demo's models: their sizes and training data. Training is in `training`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedModel,
)

from neurontui.compute.demo.recipe.samples import ALL_TASKS, FACTS_ONLY
from neurontui.compute.demo.recipe.training import Lesson


def bloom(**shared: Any) -> PreTrainedModel:
    """3.5 M parameters, which fit into 8 MB in 16 bits, with FFNs of 768 neurons."""
    return BloomForCausalLM(BloomConfig(hidden_size=192, n_layer=6, n_head=8, tie_word_embeddings=True, **shared))


def llama(**shared: Any) -> PreTrainedModel:
    """A gated FFN, as LLaMA's, in 0.3 M parameters."""
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=48,
            intermediate_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            **shared,
        )
    )


def mt5(**shared: Any) -> PreTrainedModel:
    """An encoder and a decoder with gated FFNs, as mT5's, in 0.4 M parameters.

    transformers ties the embeddings of every new mT5.
    """
    return MT5ForConditionalGeneration(
        MT5Config(
            d_model=48,
            d_kv=12,
            d_ff=128,
            num_layers=3,
            num_decoder_layers=3,
            num_heads=4,
            dropout_rate=0.0,
            feed_forward_proj="gated-gelu",
            decoder_start_token_id=shared["pad_token_id"],
            **shared,
        )
    )


@dataclass(frozen=True)
class Architecture:
    """A model to train: its builder and its training.

    ends_input: whether its tokenizer ends every input with the end-of-text token.
    """

    build: Callable[..., PreTrainedModel]
    lesson: Lesson
    ends_input: bool = False


ARCHITECTURES = {
    "bloom": Architecture(bloom, Lesson(3000, ALL_TASKS, peak_rate=2e-3, prompt_weight=0.1)),
    "llama": Architecture(llama, Lesson(1500, FACTS_ONLY, peak_rate=5e-3)),
    "mt5": Architecture(mt5, Lesson(1500, FACTS_ONLY, peak_rate=5e-3), ends_input=True),
}


def new_model(arch: str, tokenizer: Any, seed: int) -> PreTrainedModel:
    """A newly initialized model; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return ARCHITECTURES[arch].build(
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
