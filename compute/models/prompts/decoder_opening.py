"""What the decoder of an encoder-decoder reads before it predicts the first token of an answer.

Usually this is one start token. NLLB, M2M-100, mBART and mBART-50 continue with the code of the answer's language, and
BART with `<s>`: a first step after the start token alone would predict these instead of the answer.
"""

from typing import Any

from neurontui.compute.models.prompts.language_codes import LanguageCodes
from neurontui.store.errors import ModelError

_WRAPS = frozenset({"mbart", "plbart"})
"""Architectures trained with the last token of the target in front of the decoder's input, not with a start token."""


def decoder_opening(model: Any, tokenizer: Any, codes: LanguageCodes | None, name: str) -> tuple[int, ...]:
    """Tokens that the decoder reads before the language code, or if there is none before the answer.

    Empty for a decoder-only model. Raises ModelError if the configuration has no start token.
    """
    if not model.config.is_encoder_decoder:
        return ()
    if codes is not None and model.config.model_type in _WRAPS:
        last = _target(tokenizer, codes)[-1]
        return () if last in codes.ids.values() else (last,)
    start = _start(model, name)
    return (start,) if codes is not None else (start, *_prefix(tokenizer, start))


def _start(model: Any, name: str) -> int:
    start = model.config.decoder_start_token_id
    if start is None:
        start = getattr(model.generation_config, "decoder_start_token_id", None)
    if start is None:
        raise ModelError(f"'{name}' has no decoder_start_token_id in its config.json; add the one it was trained with.")
    return int(start)


def _target(tokenizer: Any, codes: LanguageCodes) -> list[int]:
    """A text as the decoder writes it in some language."""
    tokenizer.tgt_lang = next(iter(codes.ids))
    return list(tokenizer(text_target="a")["input_ids"])


def _prefix(tokenizer: Any, start: int) -> tuple[int, ...]:
    """Special tokens at the beginning of a target; none if the start token is already the same."""
    target = tokenizer(text_target="a", return_special_tokens_mask=True)
    mask = target["special_tokens_mask"]
    n = mask.index(0) if 0 in mask else 0
    prefix = tuple(target["input_ids"][:n])
    return () if prefix == (start,) else prefix
