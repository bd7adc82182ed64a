"""How an answer follows a prompt, and the order of languages."""

import pytest

from neurontui.compute.tasks.example import Example
from neurontui.compute.tasks.languages import in_paper_order, joiner


@pytest.mark.parametrize("code", ["zh", "th", "ja", "zh-hans", "zh_TW", "ZH", "yue"])
def test_languages_without_spaces_join_without_one(code: str) -> None:
    assert joiner(code) == ""


@pytest.mark.parametrize("code", ["en", "de", "ru", "tr", "vi", "ko", "thx", "zhang"])
def test_other_languages_join_with_a_space(code: str) -> None:
    assert joiner(code) == " "


def test_the_language_of_the_answer_decides_not_that_of_the_prompt() -> None:
    asked_in_chinese = Example("1", "1", {"zh": "p"}, {"zh": "true"}, answer_language="en")
    assert asked_in_chinese.joiner("zh") == " "
    assert Example("1", "1", {"zh": "p"}, {"zh": "真"}).joiner("zh") == ""


def test_the_papers_languages_come_first_in_its_order() -> None:
    assert in_paper_order(["ar", "zh", "en", "sw", "de", "en"]) == ("en", "de", "zh", "ar", "sw")
