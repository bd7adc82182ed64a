"""Cut texts into passages: pieces of at most a number of tokens, each read by itself after the model's first tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, encode, outside_embedding
from neurontui.store.errors import InputError


@dataclass(frozen=True)
class Passage:
    """A piece of a text as tokens."""

    text: int
    """Index of the text among those of its language."""
    place: int
    """Index of the passage in its text."""
    encoded: Encoded

    def __len__(self) -> int:
        return len(self.encoded)


def passages(
    loaded: LoadedModel, language: str, texts: Sequence[str], first: int, most_tokens: int
) -> Iterator[Passage]:
    """The passages of some texts, in order. first: index of the first text; most_tokens: of a passage.

    Raises InputError for a token that the model has no embedding for.
    """
    if loaded.language_codes is not None:
        loaded.tokenizer.src_lang = loaded.language_codes.code(language)
    special = set(loaded.tokenizer.all_special_ids)
    for index, whole in enumerate(encode(loaded, texts), first):
        if fault := outside_embedding(loaded, whole.ids):
            raise InputError(f"Text {index + 1:,} in {language} {fault}")
        for place, piece in enumerate(_pieces(whole, special, most_tokens)):
            yield Passage(index, place, piece)


def longest_passage(loaded: LoadedModel, asked: int) -> int:
    """Most tokens of a passage: as requested, or as many as the model has positions for."""
    return min(asked, loaded.max_tokens or asked)


def _pieces(whole: Encoded, special: set[int], most_tokens: int) -> Iterator[Encoded]:
    """A text in pieces that begin and end with its own special tokens."""
    n_opening = next((i for i, token in enumerate(whole.ids) if token not in special), len(whole.ids))
    end = max(n_opening, len(whole.ids) - whole.n_ending)
    opening, ending = whole.ids[:n_opening], whole.ids[end:]
    room = max(1, most_tokens - len(opening) - len(ending))
    for start in range(n_opening, end, room):
        ids = (*opening, *whole.ids[start : min(start + room, end)], *ending)
        yield replace(whole, ids=ids, subject=None, mask=None)


def counted_tokens(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """(B, T) bool: all tokens but the first of each passage, special tokens and pads."""
    special = torch.tensor(sorted(loaded.tokenizer.all_special_ids), device=tokens.ids.device)
    counted = tokens.mask.bool() & ~torch.isin(tokens.ids, special)
    counted[:, 0] = False
    return counted
