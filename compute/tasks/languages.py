"""What the tasks need to know about languages: the paper's ten, and how an answer follows a prompt."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from neurontui.compute.tasks.text import listed, shown
from neurontui.store.languages.tags import language_tag, short_code

T = TypeVar("T")

PAPER_LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
"""The paper's ten languages; this is also the order of the bits in a mask where nobody asks for another."""

MAX_LANGUAGES = 64
"""A mask is one unsigned 64-bit number: a bit a language."""

UNSPACED_SCRIPTS = frozenset({"Hans", "Hant", "Hani", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"})
"""ISO 15924 codes of the scripts that put no spaces between words."""


def joiner(code: str) -> str:
    """What stands between a prompt and its answer: '' where the script has no spaces between words, else ' '.

    code: the language the answer is written in, in any form that `short_code` reads (zh, tha_Thai, zh-Latn).
    """
    return "" if language_tag(code).script in UNSPACED_SCRIPTS else " "


def in_paper_order(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes without repetition: the paper's first, in its order, then the others in theirs."""
    unique = dict.fromkeys(codes)
    paper = [code for code in PAPER_LANGUAGES if code in unique]
    return (*paper, *(code for code in unique if code not in PAPER_LANGUAGES))


def by_short_code(values: Mapping[str, T]) -> dict[str, T]:
    """The same values by short code; of two spellings of one language, the first."""
    found: dict[str, T] = {}
    for code, value in values.items():
        found.setdefault(short_code(code), value)
    return found


def duplicate(codes: Iterable[str]) -> tuple[str, str] | None:
    """The first two of the codes that mean the same language, or None."""
    first: dict[str, str] = {}
    for code in codes:
        short = short_code(code)
        if short in first:
            return first[short], code
        first[short] = code
    return None


def unknown_language_notes(codes: Iterable[str]) -> list[str]:
    """A sentence for each code that means no known language, and one for those whose script is not known."""
    tags = {code: language_tag(code) for code in codes}
    notes = [
        f"'{shown(code)}' is not a known language code: family, script and joiner are unknown; "
        "a space is put between prompt and answer."
        for code, tag in tags.items()
        if tag.language is None
    ]
    if bare := [shown(code) for code, tag in tags.items() if tag.language and not tag.script]:
        notes.append(f"The script of {listed(bare)} is not known; a space is put between prompt and answer.")
    return notes


def stored_as_note(codes: Iterable[str]) -> list[str]:
    """A sentence about the codes that are stored in a shorter form, if there are any."""
    changed = [f"{shown(code)} as {short_code(code)}" for code in codes if short_code(code) != code]
    return [f"Languages are stored by their short codes: {listed(changed)}."] * bool(changed)
