"""One forward pass through the blocks of a model, without the LM head, or with it at one position.

The LM head over all positions would be up to 87 % of a small model's work, and no FFN comes after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import Tokens


def forward(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """Final hidden states (B, T, H); for an encoder-decoder those of the decoder before the answer, (B, L, H)."""
    if loaded.encoder_decoder:
        return _before_answer(loaded, tokens)
    cache = {} if loaded.encoder_only else {"use_cache": False}
    outputs = loaded.model.base_model(input_ids=tokens.ids, attention_mask=tokens.mask, **cache)
    hidden: Tensor = outputs[0]
    return hidden


def forward_with_head(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """Logits (B, T, V) of what the decoder reads; within `head_at` only those of some tokens."""
    inputs = {"input_ids": tokens.ids, "attention_mask": tokens.mask, "use_cache": False}
    if loaded.encoder_decoder:
        inputs["decoder_input_ids"] = tokens.opening
    logits: Tensor = loaded.model(**inputs).logits
    return logits


def _before_answer(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    encoded = loaded.model.get_encoder()(input_ids=tokens.ids, attention_mask=tokens.mask)[0]
    outputs = loaded.model.get_decoder()(
        input_ids=tokens.opening,
        encoder_hidden_states=encoded,
        encoder_attention_mask=tokens.mask,
        use_cache=False,
    )
    hidden: Tensor = outputs[0]
    return hidden


@contextmanager
def head_at(model: Any, index: Tensor) -> Iterator[None]:
    """Restrict the LM head to one position of each row. index: (R,); logits become (R, 1, V)."""
    rows = torch.arange(len(index), device=index.device)
    with head_at_places(model, rows[:, None], index[:, None]):
        yield


@contextmanager
def head_at_places(model: Any, rows: Tensor, positions: Tensor) -> Iterator[None]:
    """Restrict the LM head to some tokens. rows, positions: (N,), logits become (1, N, V); or (R, L) to (R, L, V).

    A hook on the head keeps the operations around it (scaling in T5, soft caps in Gemma).
    """

    def narrow(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden = args[0]
        chosen = hidden[rows.to(hidden.device), positions.to(hidden.device)]
        return (chosen if chosen.dim() > 2 else chosen[None], *args[1:])

    handle = model.get_output_embeddings().register_forward_pre_hook(narrow)
    try:
        yield
    finally:
        handle.remove()
