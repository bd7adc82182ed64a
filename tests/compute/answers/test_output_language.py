"""The language of an output is that of its words, or undetermined: never that of a name."""

import pytest

from neurontui.compute.answers.output_language import UNDETERMINED, LanguageDetector

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
