"""Language codes of translation models (NLLB, mBART, mBART-50, M2M-100): the code of each language of a run.

These models read a code in the source text, and their decoder writes the code of the target language before the text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurontui.store.errors import InputError, ModelError
from neurontui.store.languages.tags import language_tag, short_code

_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
"""A special token of NLLB that is a language code, such as zho_Hans."""


@dataclass(frozen=True)
class LanguageCodes:
    """The codes that a tokenizer has."""

    model: str
    ids: Mapping[str, int]
    """Token id of each code, in the spelling of `tokenizer.src_lang` and in the tokenizer's order."""

    def code(self, language: str) -> str:
        """The code of a language in any spelling, by language and script; raises InputError if there is none."""
        tag = language_tag(language)
        same = [code for code in self.ids if _same(code, language)]
        if not same:
            raise InputError(
                f"'{self.model}' has no language code for '{tag.code}'{self._closest(tag.code)}; "
                "leave the language out with --languages."
            )
        exact = [code for code in same if short_code(_plain(code)) == tag.code]
        return (exact or sorted(same, key=lambda code: len(short_code(_plain(code)))))[0]

    def _closest(self, language: str) -> str:
        """The closest code, as part of a sentence; empty for an unknown language."""
        # Imported here like in `tags`: only a run with translation models needs it.
        from langcodes import closest_match

        if language_tag(language).language is None:
            return ", which is not a known language"
        names = {_plain(code): code for code in self.ids if language_tag(_plain(code)).language}
        closest, _ = closest_match(language, list(names), max_distance=_ANY_DISTANCE)
        return f" (the closest of its {len(self.ids)} codes is {names[closest]})" if closest in names else ""


_ANY_DISTANCE = 1000


def find_language_codes(tokenizer: Any, n_embeddings: int, model: str) -> LanguageCodes | None:
    """The language codes of a tokenizer; None if its inputs have none.

    Raises ModelError if its inputs have a language but no code with a row in the embedding can be found.
    """
    if not hasattr(tokenizer, "src_lang"):
        return None
    ids = getattr(tokenizer, "lang_code_to_id", None) or _flores(tokenizer)
    usable = {code: token for code, token in ids.items() if token not in (None, tokenizer.unk_token_id)}
    usable = {code: token for code, token in usable.items() if token < n_embeddings}
    if not usable:
        raise ModelError(
            f"'{model}' is a translation model whose tokenizer lists no language codes that the model has, so the "
            "languages of its prompts and answers cannot be set; use its own tokenizer."
        )
    return LanguageCodes(model, usable)


def _flores(tokenizer: Any) -> dict[str, int]:
    tokens = [token for token in tokenizer.all_special_tokens if _FLORES.fullmatch(token)]
    return dict(zip(tokens, tokenizer.convert_tokens_to_ids(tokens), strict=True))


def _same(code: str, language: str) -> bool:
    """Whether a code is for a language in the same script."""
    own, asked = language_tag(_plain(code)), language_tag(language)
    return own.language is not None and (own.language, own.script) == (asked.language, asked.script)


def _plain(code: str) -> str:
    """A code without the underscores around it that some tokenizers use, as __en_XX__."""
    return code.strip("_")
