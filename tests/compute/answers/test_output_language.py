"""The language of an output is that of its words, or undetermined: never that of a name."""

import errno
import tempfile

import pytest

from neurontui.compute.answers import output_language
from neurontui.compute.answers.output_language import UNDETERMINED, LanguageDetector
from neurontui.store.errors import StoreError

TEN = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
SENTENCES = {
    "en": "a city in the north of the country", "de": "eine Stadt im Norden des Landes", "es": "una ciudad del norte",
    "fr": "une ville dans le nord du pays", "pt": "uma cidade no norte do país", "ru": "город на севере страны",
    "th": "เมืองทางเหนือของประเทศ", "tr": "ülkenin kuzeyinde bir şehir", "vi": "một thành phố ở phía bắc",
    "zh": "这个国家北部的一座城市",
}  # fmt: skip


@pytest.mark.parametrize("code", TEN)
def test_sentences_have_their_language(code: str) -> None:
    assert LanguageDetector(TEN)(SENTENCES[code]) == code


@pytest.mark.parametrize(
    "name", ["Berlin", "Paris", "Lisbon", "Lisboa", "John Smith", "1998", "...", "", "San Francisco"]
)
def test_names_and_numbers_are_undetermined(name: str) -> None:
    assert LanguageDetector(TEN)(name) == UNDETERMINED


def test_only_languages_of_the_run_are_possible() -> None:
    assert LanguageDetector(("en", "de"))("une ville dans le nord du pays") in ("en", "de", UNDETERMINED)
    assert LanguageDetector(("zh-Hant", "en-GB"))(SENTENCES["zh"]) == "zh"
    assert LanguageDetector(("klingonish", "en")).languages == ("en",)
    assert LanguageDetector(("klingonish", "en"))(SENTENCES["en"]) is None
    assert LanguageDetector(TEN)(None) is None


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "it has no room"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "No usable temporary"),
    ],
)
def test_a_full_folder_for_temporary_files_is_named(error: OSError, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise error

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    output_language._identifier.cache_clear()
    with pytest.raises(StoreError, match=rf"folder for temporary files: .*{what}.*set TMPDIR to a folder with room"):
        LanguageDetector(("en", "de"))
    monkeypatch.undo()
    assert LanguageDetector(("en", "de"))("The capital of France is Paris.") == "en"
