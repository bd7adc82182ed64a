"""Codes of task files and of --languages mean the same in every form; codes that nobody knows are noted."""

import json
from typing import Any

import pytest
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.languages import duplicate, joiner
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.task_file.reader import check_task_file
from neurontui.store.errors import InputError, UsageError
from tests.compute.tasks.layouts import Write


@pytest.mark.parametrize(
    "code",
    [
        "tha_Thai",
        "zho_Hans",
        "zho_Hant",
        "yue_Hant",
        "jpn_Jpan",
        "lao_Laoo",
        "khm_Khmr",
        "mya_Mymr",
        "CMN",
        "JPN",
        "bo",
        "dzo_Tibt",
        "th-colloquial",
        "zh_TW",
        "wuu",
    ],
)
def test_scripts_without_spaces_join_without_one(code: str) -> None:
    assert joiner(code) == ""


@pytest.mark.parametrize("code", ["zh-Latn", "ja_Latn", "kor_Hang", "xx", "klingonish", "thaix"])
def test_other_scripts_and_unknown_codes_join_with_a_space(code: str) -> None:
    assert joiner(code) == " "


def _record(number: int, codes: list[str], **changes: Any) -> dict[str, Any]:
    texts = dict.fromkeys(codes, f"prompt {number}")
    answers = dict.fromkeys(codes, f"answer {number}")
    return {"id": f"{number}", "prompts": texts, "answers": answers, **changes}


def test_codes_of_flores_are_stored_short_and_joined_right(task_file: Write) -> None:
    codes = ["eng_Latn", "tha_Thai", "zho_Hans", "zho_Hant", "por-Latn"]
    data = load_task(str(task_file(_record(1, codes, answer_language="zho_Hans"))), TaskOptions())
    assert data.languages == ("en", "th", "zh", "zh-Hant", "pt")
    assert list(data.examples[0].answers) == list(data.languages)
    assert data.examples[0].answer_language == "zh"
    assert data.notes[-1].startswith("Languages are stored by their short codes: eng_Latn as en, tha_Thai as th")


def test_a_file_has_the_same_digest_in_whatever_form_its_codes_are(task_file: Write) -> None:
    forms = (["en", "th", "zh"], ["EN", "TH", "ZH"], ["eng_Latn", "tha_Thai", "zho_Hans"])
    found = [load_task(str(task_file(_record(1, codes))), TaskOptions()) for codes in forms]
    assert len({digest(data) for data in found}) == 1


def test_answers_and_choices_may_have_other_forms_than_prompts(task_file: Write) -> None:
    record = {
        "id": 1,
        "prompts": {"tha_Thai": "p", "en": "q"},
        "answers": {"th": "a", "eng_Latn": 1},
        "choices": {"TH": ["a", "b"], "en": ["c", "d"]},
    }
    path = task_file(record)
    assert check_task_file(path) == []
    example = load_task(str(path), TaskOptions()).examples[0]
    assert example.answers == {"th": "a", "en": "d"}
    assert example.choices == {"th": ("a", "b"), "en": ("c", "d")}


@pytest.mark.parametrize("asked", [("th", "en"), ("tha_Thai", "EN"), ("THA", "eng-latn")])
@pytest.mark.parametrize("codes", [["en", "th"], ["EN", "tha_Thai"]])
def test_languages_are_asked_for_in_either_form(task_file: Write, asked: tuple[str, ...], codes: list[str]) -> None:
    data = load_task(str(task_file(_record(1, codes))), TaskOptions(languages=asked))
    assert data.languages == ("th", "en")


def test_published_data_can_be_asked_for_in_either_form(mzsre: Write) -> None:
    folder = mzsre({"en": [("q", "a")], "zh": [("问", "答")], "th": [("ถ", "ต")]})
    plain = load_task("ke-en-all", TaskOptions(data=folder, languages=("en", "zh", "th")))
    other = TaskOptions(data=folder, languages=("eng_Latn", "zho_Hans", "tha_Thai"))
    assert digest(load_task("ke-en-all", other)) == digest(plain)


@pytest.mark.parametrize("asked", [("en", "EN"), ("tha_Thai", "th"), ("zh", "en", "cmn"), ("xx", "XX")])
def test_a_language_asked_for_in_two_forms_is_refused(asked: tuple[str, ...]) -> None:
    one, other = duplicate(asked) or ("", "")
    with pytest.raises(UsageError, match=rf"twice \({one} and {other}\); use it once"):
        load_task("xnli", TaskOptions(languages=asked))


@pytest.mark.parametrize("field", ["prompts", "answers", "choices"])
def test_two_forms_of_a_language_in_one_example_are_refused(task_file: Write, field: str) -> None:
    record = _record(1, ["en", "de"])
    record["choices"] = {"en": ["answer 1"], "de": ["answer 1"]}
    record[field] = {**record[field], "EN": record[field]["en"]}
    path = task_file(_record(0, ["en", "de"]), record)
    message = f"is the same language as {field}.en (both are en); keep one"
    problems = [(each.line, each.field, each.message) for each in check_task_file(path)]
    assert problems == [(2, f"{field}.EN", message)]
    with pytest.raises(InputError, match=r"my\.jsonl, line 2: .*\.EN is the same language"):
        load_task(str(path), TaskOptions())


def test_a_code_that_is_not_known_is_used_and_noted(task_file: Write) -> None:
    data = load_task(
        str(task_file(_record(1, ["en", "klingonish", "en-formal", "mnw", "Own_Code"]))),
        TaskOptions(),
    )
    assert data.languages == ("en", "klingonish", "en-formal", "mnw", "own-code")
    unknown = [note for note in data.notes if "not a known language code" in note]
    assert unknown == [
        f"'{code}' is not a known language code: family, script and joiner are unknown; "
        "a space is used between prompt and answer."
        for code in ("klingonish", "own-code")
    ]


def test_an_unknown_language_of_answers_is_noted(task_file: Write) -> None:
    data = load_task(str(task_file(_record(1, ["en"], answer_language="xx"))), TaskOptions())
    assert data.notes[-1].startswith("'xx' is not a known language code")


def test_a_language_whose_script_is_not_known_is_noted(task_file: Write) -> None:
    data = load_task(str(task_file(_record(1, ["en", "oyb"]))), TaskOptions())
    assert data.notes[-1] == ("The script of oyb is not known; a space is used between prompt and answer.")


MANY = FAIRSEQ_LANGUAGE_CODES[:122]


def _flores(task_file: Write) -> TaskData:
    broken: dict[str, Any] = {"ace_Arab": None, "afr_Latn": "", "ars_Arab": 7, "own code, two": "x"}
    texts = [{code: f"{number} {code}" for code in MANY} for number in range(5)]
    lines = [
        {"id": 0, "prompts": texts[0], "answers": {"ell_Grek": "x", "ace_Arab": None}},
        {"id": 1, "prompts": {**texts[1], **broken}, "answers": {"afr_Latn": 99, "deu_Latn": "y"}},
        {"id": 2, "prompts": {**texts[2], "deu_Latn": None}, "choices": {"deu_Latn": []}},
        {"id": 3, "prompts": {c: t for c, t in texts[3].items() if c != "eng_Latn"}},
        {"id": 4, "prompts": {**texts[4], "CES": "the same as ces_Latn"}},
    ]
    return load_task(str(task_file(*lines)), TaskOptions(languages=("en", "deu_Latn", "el")))


def test_of_122_languages_only_those_asked_for_are_looked_at(task_file: Write) -> None:
    data = _flores(task_file)
    assert data.languages == ("en", "de", "el")
    assert [each.id for each in data.examples] == ["0", "1", "4"]
    assert data.examples[1].prompts == {c: f"1 {f}" for c, f in _forms()}
    assert data.examples[1].answers == {"de": "y"}
    assert "Left out 2 examples that lack one of en, de, el." in data.notes
    assert data.notes[-1] == (
        "Languages are stored by their short codes: deu_Latn as de, ell_Grek as el, eng_Latn as en."
    )


def _forms() -> list[tuple[str, str]]:
    return [("en", "eng_Latn"), ("de", "deu_Latn"), ("el", "ell_Grek")]


def test_a_fault_in_a_language_asked_for_is_one(task_file: Write) -> None:
    lines = [_record(1, ["en", "de"]), _record(2, ["en", "de"], prompts={"en": "", "de": "x"})]
    with pytest.raises(InputError, match=r"line 2: prompts\.en is empty"):
        load_task(str(task_file(*lines)), TaskOptions(languages=("EN",)))
    assert len(load_task(str(task_file(*lines)), TaskOptions(languages=("DE",))).examples) == 2
    assert check_task_file(task_file(*lines), ("de",)) == []


def test_a_null_prompt_is_a_fault_where_all_languages_are_measured(task_file: Write) -> None:
    lines = [_record(1, ["en", "de"]), _record(2, ["en", "de"], prompts={"en": "x", "de": None})]
    with pytest.raises(InputError, match=r"line 2: prompts\.de must be text, not null"):
        load_task(str(task_file(*lines)), TaskOptions())


def test_too_many_languages_are_one_problem_of_the_file(task_file: Write) -> None:
    path = task_file(*(_record(number, MANY) for number in range(3)))
    problems = check_task_file(path)
    assert [(each.line, each.field) for each in problems] == [(1, "prompts")]
    assert "122 languages, more than the limit of 64; choose some with --languages" in problems[0].message


def test_no_example_with_all_languages_is_said(task_file: Write) -> None:
    lines = [_record(1, ["en"]), _record(2, ["de"])]
    with pytest.raises(InputError, match="No example of my has all of en, de"):
        load_task(str(task_file(*map(json.dumps, lines))), TaskOptions(languages=("en", "de")))
