"""One forward pass through the blocks of a model, without the LM head.

The LM head over all positions would be up to 87 % of a small model's work, and no FFN comes after it.
"""

import torch
from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import Tokens
from neurontui.store.errors import ModelError


def forward(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """Final hidden states (B, T, H); for an encoder-decoder those of the decoder's first step, (B, 1, H)."""
    if loaded.encoder_decoder:
        return _first_step(loaded, tokens)
    cache = {} if loaded.encoder_only else {"use_cache": False}
    outputs = loaded.model.base_model(input_ids=tokens.ids, attention_mask=tokens.mask, **cache)
    hidden: Tensor = outputs[0]
    return hidden


def _first_step(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    encoded = loaded.model.get_encoder()(input_ids=tokens.ids, attention_mask=tokens.mask)[0]
    outputs = loaded.model.get_decoder()(
        input_ids=first_step_ids(loaded, len(tokens.ids)),
        encoder_hidden_states=encoded,
        encoder_attention_mask=tokens.mask,
        use_cache=False,
    )
    hidden: Tensor = outputs[0]
    return hidden


def first_step_ids(loaded: LoadedModel, rows: int) -> Tensor:
    """Start tokens of the decoder of an encoder-decoder, (B, 1)."""
    start = getattr(loaded.model.config, "decoder_start_token_id", None)
    if start is None:
        start = getattr(loaded.model.generation_config, "decoder_start_token_id", None)
    if start is None:
        raise ModelError(
            f"'{loaded.name}' has no decoder_start_token_id in its config.json; add the one it was trained with."
        )
    return torch.full((rows, 1), start, device=loaded.device)
