"""Tokenize prompts, always padded on the right, regardless of the tokenizer's padding side.

With causal attention no real token attends to a pad on its right, and pads do not shift positions, so the last real
token gets the same input as without pads. (Padding on the left without position_ids flips 27-31 % of signs on XGLM and
GPT-2.) Lengths come from the ids, never from comparing ids with the pad id, which often equals </s>. All texts are
tokenized by `encode`, so the option for BOS (`LoadedModel.bos`) applies everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from transformers.convert_slow_tokenizer import bytes_to_unicode

from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.length_groups import crossed_switch
from neurontui.compute.models.prompts.bos import with_one_bos
from neurontui.compute.models.prompts.subject import last_character, token_of_character
from neurontui.store.errors import InputError

_BYTES = {character: byte for byte, character in bytes_to_unicode().items()}  # type: ignore[no-untyped-call]
"""The byte of each character in the pieces of a byte-level tokenizer."""


@dataclass(frozen=True)
class Encoded:
    """One prompt as ids, without padding."""

    ids: tuple[int, ...]
    n_ending: int
    """Special tokens that the tokenizer appended, such as </s> of mT5; 0 for a decoder-only model."""
    opening: tuple[int, ...] = ()
    """Ids that the decoder of an encoder-decoder reads before the answer, with the code of the answer's language."""
    subject: int | None = None
    """Index of the subject's last token, if that is the token of measurement."""
    mask: int | None = None
    """Index of the first mask token, if the model is an encoder without a decoder."""

    def __len__(self) -> int:
        return len(self.ids)

    def measured(self, *, before_eos: bool = False) -> int:
        """Index of the token of measurement: subject, mask token or last token.

        before_eos: the last token before the special tokens at the end.
        """
        for index in (self.subject, self.mask):
            if index is not None:
                return index
        return len(self.ids) - 1 - (self.n_ending if before_eos else 0)


@dataclass(frozen=True)
class Tokens:
    """Padded prompts on the device of a model."""

    ids: Tensor
    """(B, T) int64."""
    mask: Tensor
    """(B, T) int64: 1 at real tokens."""
    last: Tensor
    """(B,) int64: index of the last real token."""
    opening: Tensor
    """(B, L) int64: ids that the decoder of an encoder-decoder reads before the answer; L = 0 for other models."""

    @property
    def step(self) -> Tensor:
        """(B,) int64: index of the decoder step that predicts the answer. For encoder-decoders."""
        return torch.full_like(self.last, self.opening.shape[1] - 1)


@dataclass(frozen=True)
class InvalidExample:
    """An example that cannot be measured: its position in the batch, and the reason."""

    position: int
    sentence: str


class InvalidPromptError(InputError):
    """A prompt is empty, too long, or has a token without an embedding; `invalid` has all such examples."""

    def __init__(self, invalid: Sequence[InvalidExample]) -> None:
        super().__init__(invalid[0].sentence)
        self.invalid = tuple(invalid)


def encode(loaded: LoadedModel, texts: Sequence[str], ends: Sequence[int | None] = ()) -> list[Encoded]:
    """Token ids of each text; with `bos="add"`, after exactly one BOS.

    A special token that the tokenizer appends is dropped for a decoder-only model: it would end the prompt, which the
    model has to continue. In a chat the template has all special tokens. ends: last character of each text's subject,
    whose token is the token of measurement; empty: not needed.
    """
    rows = loaded.tokenizer(
        list(texts),
        padding=False,
        truncation=False,
        add_special_tokens=loaded.chat is None,
        return_attention_mask=False,
        return_special_tokens_mask=True,
        return_offsets_mapping=bool(ends),
        verbose=False,
    )
    pairs = zip(rows["input_ids"], rows["special_tokens_mask"], strict=True)
    encoded = [_encoded(loaded, ids, special) for ids, special in pairs]
    if ends:
        places = map(token_of_character, ends, rows["offset_mapping"])
        encoded = [replace(row, subject=place) for row, place in zip(encoded, places, strict=True)]
    return [_with_one_bos(row, loaded.tokenizer.bos_token_id) for row in encoded] if loaded.bos == "add" else encoded


def _with_one_bos(row: Encoded, bos: int) -> Encoded:
    ids = with_one_bos(row.ids, bos)
    added = len(ids) - len(row.ids)
    subject, mask = (None if index is None else index + added for index in (row.subject, row.mask))
    return replace(row, ids=ids, subject=subject, mask=mask)


def _encoded(loaded: LoadedModel, ids: Sequence[int], special: Sequence[int]) -> Encoded:
    end = next((i + 1 for i in reversed(range(len(ids))) if not special[i]), 0)
    if loaded.encoder_only:
        mask = loaded.tokenizer.mask_token_id
        return Encoded(tuple(ids), len(ids) - end, mask=ids.index(mask) if mask is not None and mask in ids else None)
    if loaded.encoder_decoder:
        return Encoded(tuple(ids), len(ids) - end, loaded.opening)
    return Encoded(tuple(ids[:end]), 0)


def encode_prompts(loaded: LoadedModel, batch: Batch) -> list[Encoded]:
    """Ids of all E·P prompts in row order, as turns of a chat or with language codes if the model has them.

    Raises InputError for a language that the model has no code for.
    """
    codes, n = loaded.language_codes, len(batch.languages)
    texts = batch.prompts if loaded.chat is None else [loaded.chat.prompt(prompt) for prompt in batch.prompts]
    at_subject = loaded.measured_at == "subject"
    ends = list(map(last_character, batch.subjects, batch.prompts, texts)) if at_subject else []
    if codes is None:
        return encode(loaded, texts, ends)
    encoded: list[list[Encoded]] = []
    for bit, language in enumerate(batch.languages):
        loaded.tokenizer.src_lang = codes.code(language)
        encoded.append(encode(loaded, texts[bit::n], ends[bit::n]))
    rows = chain.from_iterable(zip(*encoded, strict=True))
    answers = [codes.ids[codes.code(language)] for language in batch.answer_languages]
    return [replace(row, opening=(*row.opening, code)) for row, code in zip(rows, answers, strict=True)]


def encode_batch(loaded: LoadedModel, batch: Batch) -> list[Encoded]:
    """The same, checked; raises InvalidPromptError for those in `unusable_prompts`."""
    encoded = encode_prompts(loaded, batch)
    if invalid := unusable_prompts(loaded, batch, encoded):
        raise InvalidPromptError(invalid)
    return encoded


def unusable_prompts(loaded: LoadedModel, batch: Batch, encoded: Sequence[Encoded]) -> list[InvalidExample]:
    """Prompts that are empty, too long, or have a token without an embedding. encoded: in row order."""
    rows = enumerate(zip(batch.prompts, encoded, strict=True))
    return [
        InvalidExample(row // len(batch.languages), f"{place(batch, row)} {problem}")
        for row, (prompt, ids) in rows
        if (problem := _problem(loaded, prompt, ids)) is not None
    ]


def _problem(loaded: LoadedModel, prompt: str, encoded: Encoded) -> str | None:
    limit = loaded.max_tokens
    if not prompt.strip() or len(encoded) == encoded.n_ending:
        return "is empty; add text or leave the example out."
    if loaded.measured_at == "subject" and encoded.subject is None:
        return "has no subject, or does not contain it; --token subject needs one in every prompt."
    n_read = len(encoded) + (loaded.measured_at == "first-generated" and not loaded.encoder_decoder)
    if limit is not None and n_read > limit:
        return f"has {n_read} tokens, more than the {limit} that the model supports; shorten it or leave it out."
    if n_read > len(encoded) and (switch := crossed_switch(loaded.model.config, len(encoded), 2)):
        return (
            f"has {len(encoded)} tokens, and the model scales positions differently beyond {switch} tokens (longrope), "
            "so prompt and generated token would be read with different scalings; shorten it or leave it out."
        )
    return outside_embedding(loaded, encoded.ids)


def outside_embedding(loaded: LoadedModel, ids: Sequence[int]) -> str | None:
    """The problem with ids that have no row in the embedding, as the end of a sentence; None if there is none."""
    largest = max(ids, default=0)
    if largest < loaded.n_embeddings:
        return None
    return (
        f"has the token '{token_text(loaded.tokenizer, largest)}' with id {largest}, and the model's embedding has ids "
        f"0 to {loaded.n_embeddings - 1}; use the model's own tokenizer or leave the example out."
    )


def place(batch: Batch, row: int) -> str:
    """The prompt of a row, as the beginning of a sentence."""
    position, bit = divmod(row, len(batch.languages))
    return f"The prompt of example '{batch.examples[position].id}' in '{batch.languages[bit]}'"


def pad(loaded: LoadedModel, encoded: Sequence[Encoded]) -> Tokens:
    """Prompts in one tensor, padded on the right, with their mask and last real index."""
    longest = max(len(prompt) for prompt in encoded)
    filler = pad_id(loaded)
    rows = [list(prompt.ids) + [filler] * (longest - len(prompt)) for prompt in encoded]
    lengths = torch.tensor([len(prompt) for prompt in encoded])
    mask = torch.arange(longest)[None, :] < lengths[:, None]
    ids = torch.tensor(rows, device=loaded.device)
    opening = torch.tensor([prompt.opening for prompt in encoded], dtype=torch.long, device=loaded.device)
    return Tokens(ids, mask.long().to(loaded.device), (lengths - 1).to(loaded.device), opening)


def pad_id(loaded: LoadedModel) -> int:
    """An id with a row in the embedding; which one does not matter, because pads are masked and never measured.

    A pad token that was added only to the tokenizer has no row.
    """
    for candidate in (loaded.tokenizer.pad_token_id, loaded.tokenizer.eos_token_id):
        if candidate is not None and candidate < loaded.n_embeddings:
            return int(candidate)
    return 0


def token_text(tokenizer: Any, token: int) -> str:
    """A token as text; bytes of an incomplete character as `\\xe4`, and the raw piece if the text is empty."""
    text = str(tokenizer.decode([token], skip_special_tokens=False))
    if text and "\ufffd" not in text:
        return text
    piece = str(tokenizer.convert_ids_to_tokens(token))
    if not text or not set(piece) <= _BYTES.keys():
        return piece
    return bytes(_BYTES[character] for character in piece).decode("utf-8", "backslashreplace")
