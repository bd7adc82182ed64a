"""Decide whether a prediction states the answer. Works on text only.

Both are normalized; then the prediction must be the answer, or begin with it up to the end of a word or number. The
rules and a table of cases are in docs/method.md, "Judging".
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from neurontui.compute.answers.numbers import (
    is_numeral,
    is_unspaced,
    keep_apart,
    keeps_minus,
    number_goes_on,
    with_ascii_digits,
    with_plain_numbers,
)

_ONE_KIND = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼʻʽ´`′׳‹›", "'"),
        **dict.fromkeys("“”„‟«»″״", '"'),
        **dict.fromkeys("‐‑‒–−", "-"),
        **dict.fromkeys("—―", " - "),
        "ı": "i",
        "\u0640": None,  # tatweel only stretches a word
    }
)
_OPTIONAL_VOWELS = re.compile("[\u064b-\u0652\u05b0-\u05bc\u05c1\u05c2\u05c7]")
"""Vowel signs of Arabic and Hebrew, which most texts omit."""
_MEANING = frozenset("%‰#&")
"""Punctuation by Unicode category that is part of the meaning."""


@lru_cache(maxsize=65536)
def normalize(text: str) -> str:
    """The normalized form of a text; may be empty."""
    folded = keep_apart(text.translate(_ONE_KIND))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    folded = folded.replace("i\u0307", "i").translate(_ONE_KIND)  # İstanbul and Istanbul are one
    folded = _OPTIONAL_VOWELS.sub("", folded)
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    visible = with_ascii_digits(unicodedata.normalize("NFKC", visible))
    return _without_edges(with_plain_numbers(_without_edges(" ".join(visible.split()))))


def same_answer(text: str, other: str) -> bool:
    """Whether two texts are equal after normalization; empty normalized texts are not."""
    return normalize(text) == normalize(other) != ""


def begins_with(prediction: str, answer: str) -> bool:
    """Whether the prediction is the answer, or begins with it and continues with a new word."""
    text, stated = normalize(prediction), normalize(answer)
    return bool(stated) and text.startswith(stated) and _ends_word(stated, text[len(stated) :])


def chosen(prediction: str, choices: Sequence[str]) -> int | None:
    """Index of the choice that a prediction states, the longest where several match; None if it states none."""
    matching = [i for i, choice in enumerate(choices) if begins_with(prediction, choice)]
    return max(matching, key=lambda i: len(normalize(choices[i])), default=None)


def is_correct(prediction: str, answer: str, choices: Sequence[str] = ()) -> bool:
    """Whether a prediction states the answer, and not a longer choice that begins with it."""
    if not begins_with(prediction, answer):
        return False
    stated = chosen(prediction, choices)
    return stated is None or len(normalize(choices[stated])) <= len(normalize(answer))


def _without_edges(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_edge(text, start):
        start += 1
    while end > start and _is_edge(text, end - 1):
        end -= 1
    return text[start:end]


def _is_edge(text: str, at: int) -> bool:
    """Whether a character at an end of a text can be removed; not the minus or the point of a number."""
    char, rest = text[at], text[at + 1 :]
    if char == "-" and keeps_minus(rest):
        return False
    if char == "." and rest[:1].isdigit() and text[:at][-1:] != ".":
        return False
    return char.isspace() or (unicodedata.category(char)[0] in "PC" and char not in _MEANING)


def _ends_word(stated: str, rest: str) -> bool:
    """Whether a word or number ends between `stated` and the text after it."""
    if not rest:
        return True
    if stated[-1].isdigit() and number_goes_on(rest):
        return False
    if is_numeral(stated[-1]) and is_numeral(rest[0]):
        return False
    if unicodedata.category(rest[0])[0] == "M":
        return False
    if rest[0] in "+#" or (rest[0] in "-/&_" and rest[1:2].isalnum()):
        return False
    return not rest[0].isalnum() or is_unspaced(rest[0]) or is_unspaced(stated[-1])
