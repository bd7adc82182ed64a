"""Tiny translation models with the real tokenizer classes, whose decoder writes a language code before the answer."""

import random
from pathlib import Path

import torch
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MBart50Tokenizer,
    MBartConfig,
    MBartForConditionalGeneration,
    MBartTokenizer,
    NllbTokenizer,
)

from tests.compute.tiny import randomise

LETTERS = "abcdefgh"
FLORES = ("eng_Latn", "deu_Latn", "zho_Hans")
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_SIZES = {
    "d_model": 48,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "max_position_embeddings": 64,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "init_std": 0.2,  # letters must not be weaker than positions, so that copying is learned quickly
    "encoder_layerdrop": 0.0,
    "decoder_layerdrop": 0.0,
}


def nllb_tokenizer() -> NllbTokenizer:
    """One token a letter, with a space before it, and three language codes."""
    tokens = [*_SPECIAL, "▁", *LETTERS, *("▁" + letter for letter in LETTERS)]
    vocabulary = {token: row for row, token in enumerate(tokens)}
    merges = [("▁", letter) for letter in LETTERS]
    return NllbTokenizer(vocab=vocabulary, merges=merges, additional_special_tokens=list(FLORES))


def nllb_model(tokenizer: NllbTokenizer, seed: int = 0) -> M2M100ForConditionalGeneration:
    torch.manual_seed(seed)
    model = M2M100ForConditionalGeneration(M2M100Config(vocab_size=len(tokenizer), **_SIZES))
    randomise(model)
    return model


def save_nllb(folder: Path) -> Path:
    """A random model of NLLB's architecture with its tokenizer."""
    tokenizer = nllb_tokenizer()
    nllb_model(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_mbart(folder: Path, kind: type[MBartTokenizer] | type[MBart50Tokenizer]) -> Path:
    """A random mBART, whose decoder begins with the code, or mBART-50, whose decoder reads </s> before it."""
    letters = [(token, -1.0) for token in ("▁", *LETTERS)]
    tokenizer = kind(vocab=[(token, 0.0) for token in _SPECIAL] + letters)
    torch.manual_seed(0)
    model = MBartForConditionalGeneration(MBartConfig(vocab_size=len(tokenizer), **_SIZES))
    randomise(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def train_to_copy(tokenizer: NllbTokenizer, steps: int, n_letters: int = 1) -> M2M100ForConditionalGeneration:
    """A model that answers with its prompt, after the code of the language that it is asked to answer in."""
    torch.manual_seed(0)
    draw = random.Random(0)
    model = M2M100ForConditionalGeneration(M2M100Config(vocab_size=len(tokenizer), **_SIZES))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(steps):
        tokenizer.src_lang, tokenizer.tgt_lang = draw.choice(FLORES), draw.choice(FLORES)
        texts = [" ".join(draw.sample(LETTERS, n_letters)) for _ in range(32)]
        inputs = tokenizer(texts, text_target=texts, return_tensors="pt")
        loss = model(**inputs).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.config.forced_bos_token_id = None
    return model.eval()
