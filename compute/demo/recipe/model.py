"""The shapes of the demo's models: how big, how deep, which architecture. No training here."""

import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)


def bloom(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """3.5 M parameters: as much as fits into 8 MB in 16 bits, with FFNs of 768 neurons."""
    config = BloomConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        n_layer=6,
        n_head=8,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return BloomForCausalLM(config)


ARCHITECTURES = {"bloom": bloom}


def new_model(arch: str, tokenizer: PreTrainedTokenizerFast, seed: int) -> PreTrainedModel:
    """A freshly initialised model; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return ARCHITECTURES[arch](tokenizer)
