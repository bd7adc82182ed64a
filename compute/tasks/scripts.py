"""The script of a language, and whether a text contains letters of it. Needs no model."""

import unicodedata
from functools import cache

from neurontui.store.languages.tags import language_tag

_NAMES = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hani": ("CJK",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("HIRAGANA", "KATAKANA", "CJK"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL", "CJK"),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Olck": ("CHIKI",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Tfng": ("TIFINAGH",),
    "Thai": ("THAI",),
    "Tibt": ("TIBETAN",),
}
"""Scripts by ISO 15924 code, and the words in the Unicode names of their letters."""


def script_of(code: str) -> str | None:
    """Script of a language code in any form (th, tha_Thai, zh-Hant); None if its letters are not in `_NAMES`."""
    script = language_tag(code).script
    return script if script in _NAMES else None


def lacks_script(text: str, script: str) -> bool:
    """Whether a text has letters, and none of them belongs to a script of `_NAMES`."""
    letters = [character for character in set(text) if character.isalpha()]
    return bool(letters) and not any(_belongs(letter, script) for letter in letters)


@cache
def _belongs(letter: str, script: str) -> bool:
    words = unicodedata.name(letter, "").split()
    return any(name in words for name in _NAMES[script])
