"""The text of each token of a prompt, so that joined they are the text that the model reads."""

from collections.abc import Sequence
from itertools import dropwhile, pairwise

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import Encoded, token_text

Place = tuple[int, int]
"""First character of a token, and the one after its last; equal for a token that the tokenizer added."""


def prompt_token_texts(loaded: LoadedModel, prompt: str, language: str, encoded: Encoded) -> list[str]:
    """The same for a prompt of a batch, read as a turn of a chat or with the code of its language."""
    if loaded.language_codes is not None:
        loaded.tokenizer.src_lang = loaded.language_codes.code(language)
    return token_texts(loaded, prompt if loaded.chat is None else loaded.chat.prompt(prompt), encoded)


def token_texts(loaded: LoadedModel, text: str, encoded: Encoded) -> list[str]:
    """Texts of the tokens in `encoded.ids`, which were made from `text`.

    A character that several tokens share belongs to the first of them; a token without one has an empty text. Special
    tokens that are not in the text have their own text, and so have all tokens of a tokenizer without offsets.
    """
    placed = _placed(loaded, text) if loaded.tokenizer.is_fast else []
    extra = len(encoded) - len(placed)
    places = [place for _, place in placed][: len(encoded)] + [(0, 0)] * extra
    if any(token != own for (token, _), own in zip(placed, encoded.ids, strict=False)):
        places = [(0, 0)] * len(encoded)
    texts = [token_text(loaded.tokenizer, token) for token in encoded.ids]
    return [
        own if start == end else text[before:after]
        for own, (start, end), (before, after) in zip(texts, places, _pieces(places), strict=True)
    ]


def _placed(loaded: LoadedModel, text: str) -> list[tuple[int, Place]]:
    """Ids and places of the tokens of a text, as `encode` makes them."""
    row = loaded.tokenizer(
        text, add_special_tokens=loaded.chat is None, return_offsets_mapping=True, return_attention_mask=False
    )
    placed = [
        (token, (start, end)) for token, (start, end) in zip(row["input_ids"], row["offset_mapping"], strict=True)
    ]
    if loaded.bos != "add":
        return placed
    bos = loaded.tokenizer.bos_token_id
    return [(bos, (0, 0)), *dropwhile(lambda one: one[0] == bos, placed)]


def _pieces(places: Sequence[Place]) -> list[Place]:
    """Characters of each token, each exactly once: those between two tokens belong to the second."""
    pieces, done = [], 0
    for (start, end), (following, its_end) in pairwise([*places, (0, 0)]):
        # A marker of a word's beginning has the place of the word's first character, which the next token has too.
        stop = min(end, following) if start <= following < end < its_end else end
        stop = max(stop, done) if end > start else done
        pieces.append((done, stop))
        done = stop
    return pieces
