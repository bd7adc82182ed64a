"""Converts language codes to the short BCP 47 tag.

Accepts ISO 639-1 and 639-3 codes, BCP 47 tags and FLORES codes, in any case, with `_` or `-`:
tha_Thai and TH become th, zho_Hant becomes zh-Hant, pt_br becomes pt-BR.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from neurontui.store.languages.reference import reference

if TYPE_CHECKING:
    from langcodes import Language

_LONGEST = 64
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx", "art"})
"""Valid subtags that are not languages: undetermined, several, uncoded, none, artificial."""
_SAME_SCRIPT = {("ko", "Hang"): "Kore"}
"""FLORES uses the code of the alphabet, Unicode's likely subtags that of alphabet and Chinese characters together."""


@dataclass(frozen=True)
class LanguageTag:
    """A language code, parsed."""

    code: str
    """The short tag; for an unknown code, its text in lower case, with hyphens."""
    language: str | None
    """The language without script and region, such as zh; None for an unknown code."""
    script: str | None
    """ISO 15924: the script in the code, or else the usual one; None if unknown."""


def short_code(code: str) -> str:
    """The code under which the language of `code` is stored."""
    return language_tag(code).code


def is_valid_code(code: str) -> bool:
    """Whether BCP 47 lists every part of a code: true for en_US, false for en_conversational."""
    from langcodes import tag_is_valid

    return len(code) <= _LONGEST and tag_is_valid(code.replace("_", "-"))


@lru_cache(maxsize=4096)
def language_tag(code: str) -> LanguageTag:
    """Parse a code. Never fails, because users can have their own codes.

    Subtags that BCP 47 does not allow are kept at the end: en_conversational becomes en-conversational, with the
    language en.
    """
    text = code.replace("_", "-")
    subtags = text.split("-") if len(text) <= _LONGEST else []
    for end in range(len(subtags), 0, -1):
        if parsed := _parse("-".join(subtags[:end])):
            return _tag(parsed, subtags[end:])
    return LanguageTag(text.lower(), None, None)


def _parse(text: str) -> "Language | None":
    # Imported here, because opening a results file does not need it.
    from langcodes import Language

    try:
        parsed = Language.get(text)
    except ValueError:  # LanguageTagError
        return None
    return parsed if _names_language(parsed.language) else None


def _names_language(language: str | None) -> bool:
    from langcodes import Language

    if language is None or language in _NO_LANGUAGE:
        return False
    private = language.startswith("x-") or (len(language) == 3 and "qaa" <= language <= "qtz")
    return not private and Language.make(language=language).is_valid()


def _tag(parsed: "Language", suffix: list[str]) -> LanguageTag:
    parsed = _two_letters(parsed)
    language = str(parsed.language)
    usual = _usual_script(language, parsed.territory)
    script = parsed.script and _SAME_SCRIPT.get((language, parsed.script), parsed.script)
    parsed = _with_script(parsed, None if script == usual else script)
    code = "-".join([parsed.to_tag(), *(subtag.lower() for subtag in suffix)])
    return LanguageTag(code, language, script or usual)


def _with_script(tag: "Language", script: str | None) -> "Language":
    from langcodes import Language

    return Language.make(
        language=tag.language,
        extlangs=tag.extlangs,
        script=script,
        territory=tag.territory,
        variants=tag.variants,
        extensions=tag.extensions,
        private=tag.private,
    )


def _two_letters(parsed: "Language") -> "Language":
    """Replace a three-letter code by the two-letter code of its macrolanguage: arb (Standard Arabic) becomes ar.

    Two-letter codes are kept, so that Twi (tw) does not become Akan (ak).
    """
    whole = parsed.prefer_macrolanguage()
    longer = len(str(parsed.language)) == 3 and len(str(whole.language)) == 2
    return whole if longer else parsed


def _usual_script(language: str, territory: str | None) -> str | None:
    from langcodes import Language
    from langcodes.data_dicts import LIKELY_SUBTAGS

    if language in LIKELY_SUBTAGS:
        return Language.make(language=language, territory=territory).maximize().script
    row = reference().get(language)
    return row.script if row else None
