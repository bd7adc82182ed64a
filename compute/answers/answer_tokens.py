"""A text as the tokens that would follow a prompt: what the model would have to say, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import encode

Ids = tuple[int, ...]

_ANCHORS = (":", "\n", "。")
"""Texts that a word can stand behind, for a boundary at which the tokenizer would melt prompt and answer together."""


@dataclass(frozen=True)
class Following:
    """A text behind a prompt."""

    prompt: str
    joiner: str
    text: str

    @property
    def tail(self) -> str:
        """What is appended: no second space behind a prompt that ends in one."""
        return self.text if self.prompt[-1:].isspace() else self.joiner + self.text


def continuations(loaded: LoadedModel, wanted: Sequence[Following]) -> list[Ids]:
    """Tokens of each text in the place where it is said, without special ones.

    Decoder-only: what the tokenizer makes of prompt + joiner + text, behind the tokens of the prompt. Where it melts
    the two into one token, the text's own tokens, because the model reads the prompt as it is and goes on from there.
    Encoder-decoder: the text on its own, as its decoder begins.
    """
    if loaded.encoder_decoder:
        return _alone(loaded, [each.text for each in wanted])
    prompts = _encode(loaded, [each.prompt for each in wanted])
    wholes = _encode(loaded, [each.prompt + each.tail for each in wanted])
    found = [_behind(before, whole) for before, whole in zip(prompts, wholes, strict=True)]
    melted = [i for i, each in enumerate(found) if each is None]
    apart = _behind_anchor(loaded, [wanted[i].tail for i in melted])
    return [each or apart[melted.index(i)] for i, each in enumerate(found)]


def first_word(loaded: LoadedModel, ids: Ids) -> int:
    """Index of the first token that is more than white space: '▁' alone says nothing about an answer."""
    for index, token in enumerate(ids):
        if str(loaded.tokenizer.decode([token])).strip():
            return index
    return 0


def _encode(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    unique = list(dict.fromkeys(texts))
    if not unique:
        return []
    ids = {text: each.ids for text, each in zip(unique, encode(loaded, unique), strict=True)}
    return [ids[text] for text in texts]


def _behind(before: Ids, whole: Ids) -> Ids | None:
    fits = len(whole) > len(before) and whole[: len(before)] == before
    return whole[len(before) :] if fits else None


def _behind_anchor(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    if not texts:
        return []
    found: list[Ids | None] = [None] * len(texts)
    for anchor in _ANCHORS:
        (before,) = _encode(loaded, [anchor])
        wholes = _encode(loaded, [anchor + text for text in texts])
        found = [old or _behind(before, whole) for old, whole in zip(found, wholes, strict=True)]
    return [old or alone for old, alone in zip(found, _alone(loaded, texts), strict=True)]


def _alone(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    if not texts:
        return []
    found = loaded.tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)
    return [tuple(ids) for ids in found["input_ids"]]
