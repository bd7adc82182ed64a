"""What prompts begin with in common, and prompts without it: an instruction says nothing about one example."""

import unicodedata
from collections.abc import Mapping, Sequence

import pyarrow as pa
from rich.cells import cell_len

from neurontui.tui.charts.builders.heat_text import HeatToken
from neurontui.tui.common.sanitize import clean

COMMON = 10
"""Characters that all prompts have to begin with before they are left out."""


_WITHOUT_SPACES = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))


def shared_beginning(texts: Sequence[str]) -> int:
    """Characters that all texts begin with, up to the last whole word; 0 for fewer than two different texts."""
    first, last = min(texts, default=""), max(texts, default="")
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return 0 if first == last else whole_words(last, same)


def whole_words(text: str, n: int) -> int:
    """The largest number of characters up to n that does not end within a word, or a character with its marks."""
    while 0 < n < len(text) and (unicodedata.combining(text[n]) or unicodedata.category(text[n]) == "Mn"):
        n -= 1
    if not 0 < n < len(text) or _has_no_spaces(text[n]) or _has_no_spaces(text[n - 1]):
        return n
    return max(text.rfind(space, 0, n) + 1 for space in " \n")


def _has_no_spaces(character: str) -> bool:
    """Whether the script writes words without spaces between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese."""
    wide = unicodedata.east_asian_width(character) in "WF"
    return wide or any(first <= character <= last for first, last in _WITHOUT_SPACES)


def beginnings(prompts: pa.Table, of_run: pa.Table | None) -> dict[str, int]:
    """Characters to leave out of each language's prompt of one example: the longer of two beginnings.

    Shared by its prompts in all languages, or by all prompts of the run in its language, from `prompt-beginnings`.
    """
    rows = prompts.to_pylist()
    here = shared_beginning([str(row["prompt"]) for row in rows])
    shared = {row["language"]: row["shared"] for row in of_run.to_pylist()} if of_run is not None else {}
    cut = {}
    for row in rows:
        text, own = str(row["prompt"]), shared.get(row["language"], 0)
        longest = max(here, whole_words(text, own) if own < len(text) else 0)
        cut[row["language"]] = longest if longest >= COMMON else 0
    return cut


def without_beginning(tokens: Sequence[HeatToken], prompt: str, skip: int) -> list[HeatToken]:
    """The tokens after the first `skip` characters of the prompt; special tokens before it are left out too."""
    begin, at, place = _compact(prompt[:skip]), 0, 0
    for place, token in enumerate(tokens):
        text = _compact(token.text)
        if at == len(begin) and skip:
            return list(tokens[place:])
        if begin.startswith(text, at):
            at += len(text)
        elif at or cell_len(text) == 0:
            break
    return list(tokens[place:]) if skip and at else list(tokens)


def _compact(text: str) -> str:
    """Without spaces, which tokens may write in another way."""
    return "".join(clean(text).split())


def cut_words(cut: Mapping[str, int]) -> str:
    """How much was left out, in words; empty if nothing was."""
    lengths = sorted({length for length in cut.values() if length})
    if not lengths:
        return ""
    size = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
    return f"… {size} characters shared by all prompts"
