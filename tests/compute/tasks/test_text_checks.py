"""Doubtful texts: each kind is named once a language, with its count, and sound texts are left alone."""

import pytest

from neurontui.compute.demo import TASKS, demo_task
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.scripts import lacks_script, script_of
from neurontui.compute.tasks.text_checks import text_warnings


def test_white_space_at_the_end_is_counted_by_language() -> None:
    prompts = [
        {"en": "Paris is ", "de": "Paris ist"},
        {"en": "Paris is\n", "de": "Paris ist\u00a0"},
    ]
    first, second = text_warnings(prompts)
    assert first.startswith("In en, 2 of 2 prompts end in white space")
    assert second.startswith("In de, 1 of 2 prompts end in white space")


def test_one_text_in_two_languages_is_counted_by_pair() -> None:
    prompts = [
        {"en": "Paris is", "de": "Paris is", "fr": "Paris est"},
        {"en": "a", "de": "b", "fr": "b"},
    ]
    (sentence,) = text_warnings(prompts)
    assert "en and de in 1 of 2 examples; de and fr in 1 of 2 examples;" in sentence


def test_many_pairs_are_cut_to_a_few() -> None:
    (sentence,) = text_warnings([dict.fromkeys(("en", "de", "fr", "es", "pt"), "Paris")])
    assert sentence.count(" of 1 examples") == 3
    assert "and 7 more pairs of languages" in sentence


def test_english_under_another_code_is_counted() -> None:
    prompts = [
        {"en": "Paris is", "zh": "Paris is in", "ru": "Париж"},
        {"en": "Paris", "zh": "巴黎", "ru": "2 + 2 ="},
    ]
    (sentence,) = text_warnings(prompts)
    assert sentence.startswith("In zh, 1 of 2 prompts have no letter of the language's script (Hans)")


def test_an_english_wrapper_around_another_script_is_sound() -> None:
    wrapped = "Take the following as truth: {} Then the following statement: is 'true'?"
    texts = {
        "en": "Paris",
        "zh": "巴黎",
        "th": "ปารีส",
        "ru": "Париж",
        "ar": "باريس",
        "ja": "パリ",
        "ko": "파리",
    }
    assert text_warnings([{code: wrapped.format(text) for code, text in texts.items()}]) == []


@pytest.mark.parametrize("task", TASKS)
def test_the_demos_own_tasks_are_sound(task: str) -> None:
    data = load_task(str(demo_task(task)), TaskOptions())
    assert text_warnings(example.prompts for example in data.examples) == []


@pytest.mark.parametrize(
    ("code", "script"),
    [("en", "Latn"), ("ru", "Cyrl"), ("zh", "Hans"), ("zh-Hant", "Hant"), ("srp_Latn", "Latn"), ("tha_Thai", "Thai"),
     ("pt-BR", "Latn"), ("l1", None), ("xx-Zzzz", None)],
)  # fmt: skip
def test_the_script_of_a_code(code: str, script: str | None) -> None:
    assert script_of(code) == script


def test_a_text_without_letters_has_no_script() -> None:
    assert not lacks_script("2 + 2 = ?", "Cyrl")
    assert lacks_script("two", "Cyrl")
    assert not lacks_script("Ｐａｒｉｓ", "Latn")
