"""Every mistake in a task file is reported with line and field."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from neurontui.compute.tasks.example import Example, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.task_file.formats import jsonlines
from neurontui.compute.tasks.task_file.reader import Problem, check_task_file
from neurontui.store.errors import InputError, UsageError
from tests.compute.tasks.layouts import Write

GOOD: dict[str, Any] = {
    "id": "paris",
    "prompts": {"en": "The capital of France is", "de": "Die Hauptstadt von Frankreich ist"},
    "answers": {"en": "Paris", "de": "Paris"},
    "choices": {"en": ["Paris", "Rome"], "de": ["Paris", "Rom"]},
}


def _places(problems: list[Problem]) -> list[tuple[int, str]]:
    return [(each.line, each.field) for each in problems]


def test_a_good_file_has_no_problem_and_loads_as_written(task_file: Write) -> None:
    second = {
        "id": "rome",
        "prompts": {"de": "y", "en": "x"},
        "cluster": "c",
        "answer_language": "en",
    }
    path = task_file(GOOD, "", second, "  ")
    assert check_task_file(path) == []
    data = load_task(str(path), TaskOptions())
    assert data.task == "my"
    assert data.setting is None
    assert data.languages == ("en", "de")
    assert data.examples == (
        Example(
            "paris",
            "paris",
            GOOD["prompts"],
            GOOD["answers"],
            {"en": ("Paris", "Rome"), "de": ("Paris", "Rom")},
        ),
        Example("rome", "c", {"en": "x", "de": "y"}, answer_language="en"),
    )
    assert data.notes == ("Read 2 examples from my.jsonl.",)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"id": None}, "id", "must be text, not null"),
        ({"id": 7.5}, "id", "must be text or a whole number, not 7.5"),
        ({"id": True}, "id", "must be text, not true"),
        ({"answer_language": 7}, "answer_language", "must be text, not a number"),
        (
            {"answers": {"en": 2}},
            "answers.en",
            "is the number 2, but the 2 choices are numbered from 0 to 1",
        ),
        ({"answers": {"en": -1}}, "answers.en", "numbered from 0 to 1"),
        ({"answers": {"en": 0}, "choices": None}, "answers.en", "there are no choices"),
        ({"answers": {"en": 0.0}}, "answers.en", "must be text, not a number"),
        ({"id": " "}, "id", "only white space"),
        ({"prompts": {}}, "prompts", "has no language"),
        ({"prompts": ["x"]}, "prompts", "must be an object of language and prompt, not a list"),
        ({"prompts": {"en": "", "de": "x"}}, "prompts.en", "is empty"),
        ({"prompts": {"en": " \t\n ", "de": "x"}}, "prompts.en", "contains only white space"),
        ({"prompts": {"en": None, "de": "x"}}, "prompts.en", "must be text, not null"),
        ({"prompts": {"en": "a\0b", "de": "x"}}, "prompts.en", "contains a NUL character"),
        ({"prompts": {"en": "\ud83d", "de": "x"}}, "prompts.en", "half of a surrogate pair"),
        ({"prompts": {"en": "x", "de": True}}, "prompts.de", "must be text, not true"),
        ({"answers": {"en": ["Paris"]}}, "answers.en", "must be text, not a list"),
        ({"answers": "Paris"}, "answers", "must be an object of language and answer, not text"),
        ({"answers": {"en": "Paris", "fr": "Paris"}}, "answers.fr", "a language without a prompt"),
        ({"choices": {"fr": ["Paris"]}}, "choices.fr", "a language without a prompt"),
        ({"choices": {"en": "Paris"}}, "choices.en", "must be a list of texts, not text"),
        ({"choices": {"en": []}}, "choices.en", "are empty"),
        ({"choices": {"en": ["Rome"]}}, "choices.en", "do not contain the answer 'Paris'"),
        ({"choices": {"en": ["Paris", "Paris"]}}, "choices.en", "the same text twice"),
        ({"choices": {"en": ["Paris", ""]}}, "choices.en", "number 2 is empty"),
        ({"choices": 3}, "choices", "must be an object of language and list"),
        ({"answer": {"en": "Paris"}}, "answer", "did you mean 'answers'?"),
        ({"Choices": {}}, "Choices", "did you mean 'choices'?"),
        ({"cluster": ""}, "cluster", "is empty"),
    ],
)
def test_a_wrong_field_is_named(task_file: Write, change: dict[str, Any], field: str, words: str) -> None:
    line = json.dumps({**GOOD, **change})  # escapes what UTF-8 cannot hold
    problems = check_task_file(task_file(line))
    assert _places(problems) == [(1, field)]
    assert words in problems[0].message


@pytest.mark.parametrize("missing", ["id", "prompts"])
def test_a_missing_field_is_named(task_file: Write, missing: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key not in (missing, "answers", "choices")}
    problems = check_task_file(task_file(rest))
    assert _places(problems) == [(1, missing)]
    assert "is missing" in problems[0].message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not json", "is not JSON: Expecting value at character 1"),
        (b'{"id": "a"', "is not JSON: Expecting ',' delimiter at character 11"),
        (b"[1, 2]", "must be an object with id and prompts, not a list"),
        (b"null", "must be an object with id and prompts, not null"),
        (b'{"id": NaN}', "contains NaN"),
        (b'{"id": -Infinity}', "contains -Infinity"),
        (b'{"prompts": {"en": "a", "en": "b"}}', "has the key 'en' twice"),
        (b"[" * 200_000, "nests lists or objects too deeply"),
        (b'{"a":' * 200_000, "nests lists or objects too deeply"),
        (b'{"id": "\xff"}', "is not UTF-8 (byte 9 is 0xff)"),
        (b'{"id": "a\x00"}', "is not JSON: Invalid control character"),
        ('{"id": "a"}'.encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_line_that_is_no_json_object_is_reported(task_file: Write, line: bytes, words: str) -> None:
    problems = check_task_file(task_file(GOOD, line))
    assert _places(problems) == [(2, "line")]
    assert words in problems[0].message


def test_a_number_of_ten_thousand_digits_is_only_ignored(task_file: Write) -> None:
    assert check_task_file(task_file({**GOOD, "size": 1}, '{"n": ' + "9" * 10_000 + "}"))[0].field == "id"


def test_what_lines_must_share_and_must_not(task_file: Write) -> None:
    other = {"id": "paris", "prompts": {"en": "x", "fr": "y"}}
    problems = check_task_file(task_file(GOOD, other))
    assert _places(problems) == [(2, "id"), (2, "prompts")]
    assert problems[0].message == "is the same as in line 1"
    assert problems[1].message.startswith("lack de and add fr, unlike line 1;")


def test_behind_a_byte_order_mark_everything_is_checked(task_file: Write) -> None:
    problems = check_task_file(task_file(b"\xef\xbb\xbf" + b'{"id": "a", "prompts": {"en": ""}}'))
    assert _places(problems) == [(1, "prompts.en")]


def test_a_mask_holds_64_languages(task_file: Write) -> None:
    def record(n: int) -> dict[str, Any]:
        return {"id": "a", "prompts": {f"l{i}": "x" for i in range(n)}}

    path = task_file(record(64))
    assert check_task_file(path) == []
    assert len(load_task(str(path), TaskOptions()).languages) == 64
    problems = check_task_file(task_file(record(65)))
    assert _places(problems) == [(1, "prompts")]
    assert "65 languages, more than the limit of 64" in problems[0].message


@pytest.mark.parametrize("code", ["", " ", "en,de", " en", "e\nn", "\0", "\ud800"])
def test_a_language_code_that_cannot_be_named_is_reported(task_file: Write, code: str) -> None:
    problems = check_task_file(task_file(json.dumps({"id": "a", "prompts": {code: "x"}})))
    assert len(problems) == 1
    assert "language code" in problems[0].message


def test_a_line_too_long_to_be_one_example_is_skipped(task_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "MAX_LINE", 1 << 20)
    problems = check_task_file(task_file(GOOD, b"x" * (3 << 20), {"id": "b", "prompts": {}}))
    assert (2, "line") in _places(problems)
    assert "longer than 1 MiB" in problems[0].message
    assert (3, "prompts") in _places(problems)


def test_a_prompt_of_ten_megabytes_is_fine(task_file: Write) -> None:
    path = task_file({"id": "a", "prompts": {"en": "x" * 10_000_000}})
    assert check_task_file(path) == []
    assert len(load_task(str(path), TaskOptions()).examples[0].prompts["en"]) == 10_000_000


@pytest.mark.parametrize("content", [[], [""], ["", "  ", ""]])
def test_a_file_without_examples_says_so(task_file: Write, content: list[str]) -> None:
    problems = check_task_file(task_file(*content))
    assert [(each.field, each.message) for each in problems] == [("file", "contains no example")]


def test_the_list_of_problems_ends(task_file: Write) -> None:
    problems = check_task_file(task_file(*["x"] * 3000))
    assert len(problems) == 1001
    assert problems[-1] == Problem(1001, "file", "has more problems; the rest was not checked")


def test_line_ends_of_windows_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "dos.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\r\n")
    assert check_task_file(path) == []


def test_ids_are_data_whatever_they_hold(task_file: Write) -> None:
    ids = ["../../etc/passwd", "/", "a\\b", "\x1b[2J", "C:nul", "a\nb", ".", "\u202e"]
    path = task_file(*({"id": each, "prompts": {"en": "x"}} for each in ids))
    assert check_task_file(path) == []
    assert [each.id for each in load_task(str(path), TaskOptions()).examples] == ids


def test_messages_hold_no_control_characters(task_file: Write) -> None:
    hostile = {"id": "a", "prompts": {"\x1b]52;c;x\x07": ""}, "answers": {"\x9b": 1}}
    for each in check_task_file(task_file(hostile)):
        assert (each.field + each.message).isprintable()


def test_loading_a_bad_file_names_the_first_problem_and_the_checker(task_file: Write) -> None:
    path = task_file(GOOD, {"id": "b", "prompts": {"en": "x", "de": ""}})
    with pytest.raises(InputError, match=r"line 2: prompts\.de is empty; `neurontui check .*my\.jsonl`"):
        load_task(str(path), TaskOptions())


def test_languages_asked_for_leave_out_and_count_the_lines_that_lack_one(task_file: Write) -> None:
    path = task_file(
        {"id": "1", "prompts": {"en": "a", "de": "b"}},
        {"id": "2", "prompts": {"en": "a"}},
        {"id": "3", "prompts": {"de": "b", "fr": "c", "en": "a"}},
    )
    data = load_task(str(path), TaskOptions(languages=("de", "en")))
    assert data.languages == ("de", "en")
    assert [each.id for each in data.examples] == ["1", "3"]
    assert [list(each.prompts) for each in data.examples] == [["de", "en"]] * 2
    assert "Left out 1 example that lack one of de, en." in data.notes


def test_a_language_the_file_lacks_is_reported(task_file: Write) -> None:
    with pytest.raises(InputError, match=r"my\.jsonl has no fr; its languages are en, de"):
        load_task(str(task_file(GOOD)), TaskOptions(languages=("fr",)))


def test_the_users_own_fields_are_left_alone_and_named(task_file: Write) -> None:
    data = load_task(str(task_file({**GOOD, "difficulty": 3, "source": "me"})), TaskOptions())
    assert "Fields that were not used: difficulty, source." in data.notes


def test_limit_keeps_the_first(task_file: Write) -> None:
    path = task_file(*({"id": str(i), "prompts": {"en": "x"}} for i in range(10)))
    data = load_task(str(path), TaskOptions(limit=3))
    assert [each.id for each in data.examples] == ["0", "1", "2"]
    assert data.notes[-1] == "Used the first 3 of 10 examples, as requested."


@pytest.mark.parametrize("name", ["missing.jsonl", "no/such/folder.jsonl", "nul\0.jsonl", "x" * 5000 + ".jsonl"])
def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="Cannot read"):
        check_task_file(tmp_path / name)


def test_a_folder_or_a_pipe_is_no_task_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name, words in [("", "is a folder"), ("pipe.jsonl", "is not a regular file")]:
        with pytest.raises(InputError, match=words):
            check_task_file(tmp_path / name)


def test_a_data_path_does_not_go_with_a_task_file(task_file: Write, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data applies only to xnli, fact, ke-en-all, ke-all-en and corpus"):
        load_task(str(task_file(GOOD)), TaskOptions(data=tmp_path))
