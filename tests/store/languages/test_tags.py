"""One short code for every way to write a language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from neurontui.store.languages.reference import reference
from neurontui.store.languages.tags import is_valid_code, language_tag, short_code


@pytest.mark.parametrize(
    ("written", "code", "script"),
    [
        ("th", "th", "Thai"),
        ("TH", "th", "Thai"),
        ("tha", "th", "Thai"),
        ("tha_Thai", "th", "Thai"),
        ("Tha-THAI", "th", "Thai"),
        ("EN", "en", "Latn"),
        ("eng_Latn", "en", "Latn"),
        ("ger", "de", "Latn"),
        ("pt_BR", "pt-BR", "Latn"),
        ("por_Latn", "pt", "Latn"),
        ("en-UK", "en-GB", "Latn"),
        ("zho_Hans", "zh", "Hans"),
        ("zho_Hant", "zh-Hant", "Hant"),
        ("zh_TW", "zh-TW", "Hant"),
        ("zh-Hant-TW", "zh-TW", "Hant"),
        ("zh-Latn", "zh-Latn", "Latn"),
        ("cmn", "zh", "Hans"),
        ("yue_Hant", "yue", "Hant"),
        ("arb_Arab", "ar", "Arab"),
        ("arb_Latn", "ar-Latn", "Latn"),
        ("ary_Arab", "ary", "Arab"),
        ("zsm_Latn", "ms", "Latn"),
        ("pes_Arab", "fa", "Arab"),
        ("prs_Arab", "fa-AF", "Arab"),
        ("kor_Hang", "ko", "Kore"),
        ("ajp_Arab", "ajp", "Arab"),
        ("apc_Latn", "apc-Latn", "Latn"),
        ("srp_Cyrl", "sr", "Cyrl"),
        ("sr_latn", "sr-Latn", "Latn"),
        ("nob_Latn", "nb", "Latn"),
        ("no", "no", "Latn"),
        ("iw", "he", "Hebr"),
        ("tl", "fil", "Latn"),
        ("tgl_Latn", "fil", "Latn"),
        ("twi_Latn", "tw", "Latn"),
        ("aka_Latn", "ak", "Latn"),
        ("EN_formal", "en-formal", "Latn"),
        ("th_Colloquial", "th-colloquial", "Thai"),
        ("zh-hant-tw-conversational", "zh-TW-conversational", "Hant"),
    ],
)
def test_every_form_of_a_code_is_one_tag(written: str, code: str, script: str) -> None:
    tag = language_tag(written)
    assert (tag.code, tag.script) == (code, script)
    assert tag.language == code.split("-")[0]


@pytest.mark.parametrize(
    "code", ["xx", "klingonish", "english", "x-y", "qaa", "und", "mul", "", "-", "a", "en,de", "\0"]
)
def test_a_code_that_is_no_language_stays_and_is_known_as_such(code: str) -> None:
    tag = language_tag(code)
    assert (tag.code, tag.language, tag.script) == (code, None, None)


def test_case_and_separator_never_make_two_languages() -> None:
    assert short_code("Kling_Onish") == short_code("kling-onish") == "kling-onish"


def test_no_two_codes_of_flores_200_are_the_same_language() -> None:
    codes = list(FAIRSEQ_LANGUAGE_CODES)
    assert len(codes) == 202
    assert len(set(map(short_code, codes))) == 202
    assert all(language_tag(code).script == _script(code) for code in codes)


def _script(flores: str) -> str:
    return "Kore" if flores == "kor_Hang" else flores.split("_")[1]


def test_the_reference_has_every_language_of_flores_200() -> None:
    lacking = [code for code in FAIRSEQ_LANGUAGE_CODES if language_tag(code).language not in reference()]
    assert lacking == []


def test_codes_and_scripts_of_the_reference_are_those_of_langcodes() -> None:
    for row in reference().values():
        tag = language_tag(row.code)
        assert (tag.code, tag.language, tag.script) == (row.code, row.code, row.script)
        assert is_valid_code(row.code)
        assert row.name
        assert row.family
        assert row.branch


def test_langcodes_still_has_what_is_read_from_it() -> None:
    from langcodes.data_dicts import LIKELY_SUBTAGS

    assert LIKELY_SUBTAGS["th"] == "th-Thai-TH"
    assert "klingonish" not in LIKELY_SUBTAGS


@given(st.text(max_size=70) | st.from_regex(r"\A[a-zA-Z]{1,8}([_-][a-zA-Z0-9]{1,9}){0,4}\Z"))
def test_any_text_has_one_code_whose_code_is_itself(text: str) -> None:
    code = short_code(text)
    assert short_code(code) == code
    if text.isascii():
        assert short_code(text.upper()) == code
        assert short_code(text.replace("-", "_")) == code
