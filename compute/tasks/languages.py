"""Facts about languages for the tasks: the paper's ten languages, and how an answer is joined to a prompt."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from neurontui.compute.tasks.text import listed, shown
from neurontui.store.languages.tags import language_tag, short_code

T = TypeVar("T")

PAPER_LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
"""The paper's ten languages; their order is also the default order of the bits in a mask."""

MAX_LANGUAGES = 64
"""A mask is one unsigned 64-bit number with one bit per language."""

UNSPACED_SCRIPTS = frozenset({"Hans", "Hant", "Hani", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"})
"""ISO 15924 codes of the scripts without spaces between words."""


def joiner(code: str) -> str:
    """The text between a prompt and its answer: '' if the script has no spaces between words, else ' '.

    code: the language of the answer, in any form that `short_code` reads (zh, tha_Thai, zh-Latn).
    """
    return "" if language_tag(code).script in UNSPACED_SCRIPTS else " "


def in_paper_order(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes without duplicates: those of the paper in its order, then the others in their order."""
    unique = dict.fromkeys(codes)
    paper = [code for code in PAPER_LANGUAGES if code in unique]
    return (*paper, *(code for code in unique if code not in PAPER_LANGUAGES))


def by_short_code(values: Mapping[str, T]) -> dict[str, T]:
    """The same values by short code; of two spellings of one language, the first."""
    by_code: dict[str, T] = {}
    for code, value in values.items():
        by_code.setdefault(short_code(code), value)
    return by_code


def duplicate(codes: Iterable[str]) -> tuple[str, str] | None:
    """The first two codes of the same language, or None."""
    first: dict[str, str] = {}
    for code in codes:
        short = short_code(code)
        if short in first:
            return first[short], code
        first[short] = code
    return None


def unknown_language_notes(codes: Iterable[str]) -> list[str]:
    """A sentence for each code of an unknown language, and one for the languages whose script is unknown."""
    tags = {code: language_tag(code) for code in codes}
    notes = [
        f"'{shown(code)}' is not a known language code: family, script and joiner are unknown; "
        "a space is used between prompt and answer."
        for code, tag in tags.items()
        if tag.language is None
    ]
    if bare := [shown(code) for code, tag in tags.items() if tag.language and not tag.script]:
        notes.append(f"The script of {listed(bare)} is not known; a space is used between prompt and answer.")
    return notes


def stored_as_note(codes: Iterable[str]) -> list[str]:
    """A sentence about codes that are stored in a shorter form, if there are any."""
    changed = [f"{shown(code)} as {short_code(code)}" for code in codes if short_code(code) != code]
    return [f"Languages are stored by their short codes: {listed(changed)}."] * bool(changed)
