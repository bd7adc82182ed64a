"""Does what the model said match the answer? Text only: knows no model.

Both are brought into one form (NFKC, case folded, one kind of quote and dash, single spaces, no punctuation around);
then the answer must be all of the prediction (exact), or its beginning up to the end of a word (prefix).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_UNSPACED = re.compile(r"CJK|HIRAGANA|KATAKANA|THAI|LAO |KHMER|MYANMAR")
"""Begins the Unicode names of letters that are written without spaces between words."""
_ONE_KIND = str.maketrans(
    {
        **dict.fromkeys("‘’‛ʼ´`′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
    }
)
_MEANING = frozenset("%#&")
"""Punctuation by its category, but part of what is said."""


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """One form for all spellings of a text; may be empty."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("i\u0307", "i").translate(_ONE_KIND)  # İstanbul and Istanbul are one
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return _without_edges(" ".join(visible.split()))


def matches_exactly(prediction: str, answer: str) -> bool:
    """Whether both are the same text after normalisation."""
    wanted = normalise(answer)
    return wanted != "" and normalise(prediction) == wanted


def begins_with(prediction: str, answer: str) -> bool:
    """Whether the prediction is the answer, or goes on behind it with a new word."""
    said, wanted = normalise(prediction), normalise(answer)
    return bool(wanted) and said.startswith(wanted) and _ends_word(wanted, said[len(wanted) :])


def chosen(prediction: str, choices: Sequence[str]) -> int | None:
    """Index of the choice that a prediction states, the longest where several match; None if it states none."""
    matching = [i for i, each in enumerate(choices) if begins_with(prediction, each)]
    return max(matching, key=lambda i: len(normalise(choices[i])), default=None)


def is_correct(
    prediction: str, answer: str, choices: Sequence[str] = (), *, exact: bool = False
) -> bool:
    """Whether a prediction states the answer, and not a longer choice that merely begins like it."""
    if exact:
        return matches_exactly(prediction, answer)
    if not begins_with(prediction, answer):
        return False
    stated = chosen(prediction, choices)
    return stated is None or len(normalise(choices[stated])) <= len(normalise(answer))


def _without_edges(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_edge(text, start):
        start += 1
    while end > start and _is_edge(text, end - 1):
        end -= 1
    return text[start:end]


def _is_edge(text: str, at: int) -> bool:
    """Whether a character at an end of a text carries nothing; the minus of a number does."""
    if text[at] == "-" and text[at + 1 : at + 2].isdigit():
        return False
    return text[at].isspace() or (
        unicodedata.category(text[at])[0] in "PC" and text[at] not in _MEANING
    )


def _ends_word(wanted: str, rest: str) -> bool:
    if not rest:
        return True
    if unicodedata.category(rest[0])[0] == "M":
        return False
    return not rest[0].isalnum() or _is_unspaced(rest[0]) or _is_unspaced(wanted[-1])


def _is_unspaced(char: str) -> bool:
    return _UNSPACED.match(unicodedata.name(char, "")) is not None
