"""A text as the tokens that would follow a prompt, which the model would have to generate."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode

Ids = tuple[int, ...]

_LAST_WORD = re.compile(r"\s\S+\s*$")
_ANCHORS = (":", "\n", "。")
"""Texts that a word can follow, used if the tokenizer would merge the end of the prompt with the answer."""


@dataclass(frozen=True)
class Continuation:
    """A text after a prompt."""

    prompt: str
    joiner: str
    text: str

    @property
    def tail(self) -> str:
        """The appended text, without a second space if the prompt ends in one."""
        return self.text if self.prompt[-1:].isspace() else self.joiner + self.text


def continuations(loaded: LoadedModel, answers: Sequence[Continuation]) -> list[Ids]:
    """Tokens of each text as a continuation of its prompt, without special tokens.

    Decoder-only: the tokens of prompt + joiner + text after those of the prompt. If the tokenizer merges characters of
    both into one token, the text is tokenized without the prompt, because the model continues the prompt as it is.
    Encoder-decoder: the text on its own, at the start of the decoder.
    """
    if loaded.encoder_decoder:
        return _alone(loaded, [answer.text for answer in answers])
    return _continue(loaded, [_in_chat(loaded, answer) for answer in answers], _encode)


def continuations_of_each(
    loaded: LoadedModel, prompts: Sequence[tuple[str, str]], texts: Sequence[str]
) -> list[list[Ids]]:
    """Tokens of every text after every prompt, the same as from `continuations`. prompts: (prompt, joiner).

    The tokens after a prompt depend on its last word only, so texts are tokenized once per distinct last word.
    """
    if loaded.encoder_decoder:
        return [_alone(loaded, texts)] * len(prompts)
    opened = [_in_chat(loaded, Continuation(prompt, joiner, "")) for prompt, joiner in prompts]
    keys = [(end, glue) for end, (_, glue) in zip(_ends(loaded, [before for before, _ in opened]), opened, strict=True)]
    ids_after = {
        (end, glue): _continue(loaded, [(end.text, glue + text) for text in texts], _encode if end.whole else _alone)
        for end, glue in dict.fromkeys(keys)
    }
    return [ids_after[key] for key in keys]


@dataclass(frozen=True)
class _End:
    """The text that determines the tokens after a prompt: its last word, or the whole prompt."""

    text: str
    whole: bool


def _ends(loaded: LoadedModel, prompts: Sequence[str]) -> list[_End]:
    """The last word of each prompt if the tokenizer gives it the same tokens alone as in the prompt.

    The first token is not compared, because some tokenizers add a space before the first word of a text.
    """
    words = [match[0] if (match := _LAST_WORD.search(prompt)) else "" for prompt in prompts]
    unique = [word for word in dict.fromkeys(words) if word]
    ids_of_word = dict(zip(unique, _alone(loaded, unique), strict=True))
    ends = []
    for prompt, word, ids in zip(prompts, words, _encode(loaded, prompts), strict=True):
        alone = ids_of_word.get(word, ())
        shared = alone[1:] or alone
        local = bool(shared) and ids[-len(shared) :] == shared
        ends.append(_End(word, whole=False) if local else _End(prompt, whole=True))
    return ends


def _continue(
    loaded: LoadedModel,
    texts: Sequence[tuple[str, str]],
    tokens: Callable[[LoadedModel, Sequence[str]], list[Ids]],
) -> list[Ids]:
    """Tokens of the second text of each pair after the first."""
    prompts = tokens(loaded, [prompt for prompt, _ in texts])
    wholes = tokens(loaded, [prompt + tail for prompt, tail in texts])
    after_prompt = [_after(before, whole) for before, whole in zip(prompts, wholes, strict=True)]
    merged = [i for i, ids in enumerate(after_prompt) if ids is None]
    apart = _after_anchor(loaded, [texts[i][1] for i in merged])
    return [ids or apart[merged.index(i)] for i, ids in enumerate(after_prompt)]


def _in_chat(loaded: LoadedModel, answer: Continuation) -> tuple[str, str]:
    """Prompt and appended text as the model reads them; in a chat, the template determines what is between them."""
    if loaded.chat is None:
        return answer.prompt, answer.tail
    return loaded.chat.prompt(answer.prompt), loaded.chat.joiner + answer.text


def first_word(loaded: LoadedModel, ids: Ids) -> int:
    """Index of the first token that is not white space; '▁' alone does not identify an answer."""
    for index, token in enumerate(ids):
        if str(loaded.tokenizer.decode([token])).strip():
            return index
    return 0


def _encode(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    unique = list(dict.fromkeys(texts))
    if not unique:
        return []
    ids = {text: encoded.ids for text, encoded in zip(unique, encode(loaded, unique), strict=True)}
    return [ids[text] for text in texts]


def _after(before: Ids, whole: Ids) -> Ids | None:
    fits = len(whole) > len(before) and whole[: len(before)] == before
    return whole[len(before) :] if fits else None


def _after_anchor(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    if not texts:
        return []
    after_anchor: list[Ids | None] = [None] * len(texts)
    for anchor in _ANCHORS:
        (before,) = _encode(loaded, [anchor])
        wholes = _encode(loaded, [anchor + text for text in texts])
        after_anchor = [old or _after(before, whole) for old, whole in zip(after_anchor, wholes, strict=True)]
    return [old or alone for old, alone in zip(after_anchor, _alone(loaded, texts), strict=True)]


def _alone(loaded: LoadedModel, texts: Sequence[str]) -> list[Ids]:
    if not texts:
        return []
    encoded = loaded.tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)
    return [tuple(ids) for ids in encoded["input_ids"]]
