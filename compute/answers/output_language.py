"""The language of short texts, among the languages of a run; undetermined where the text does not show it."""

from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any

from neurontui.store.errors import StoreError
from neurontui.store.languages.tags import language_tag
from neurontui.store.os_errors import first_line, no_room

UNDETERMINED = "und"
SURE = 0.9
"""Least probability of a language; names such as Berlin are the same in many languages and stay below it."""


class LanguageDetector:
    """Decides between some languages, without script and region: zh for zh-Hant."""

    def __init__(self, codes: Iterable[str]) -> None:
        """codes: the languages of the run; those that the detector does not know are left out."""
        identifier = _identifier()
        self.languages = tuple(sorted({base_language(code) for code in codes} & set(identifier.labels)))
        self._identifier = copy(identifier)
        self._identifier.set_languages(self.languages)

    def __call__(self, text: str | None) -> str | None:
        """The language of a text, or UNDETERMINED; None without a text, or with fewer than two known languages."""
        if text is None or len(self.languages) < 2:
            return None
        language, probability = self._identifier.classify(text)
        return str(language) if probability >= SURE else UNDETERMINED


@cache
def detector(codes: frozenset[str]) -> LanguageDetector:
    """The detector for some languages; made once, for all batches."""
    return LanguageDetector(codes)


def base_language(code: str) -> str:
    """A language without script and region; of an unknown code, the code."""
    return language_tag(code).language or code


@cache
def _identifier() -> Any:
    """Loaded once, because that takes half a second; raises StoreError if there is no room for what it unpacks."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:
        what = "it has no room" if no_room(error) else first_line(error)
        raise StoreError(
            "The languages of answers cannot be detected, because the detector cannot be unpacked into the folder for "
            f"temporary files: {what}; set TMPDIR to a folder with room for 70 MB and rerun the same command."
        ) from error
