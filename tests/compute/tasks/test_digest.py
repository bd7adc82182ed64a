"""The digest changes with what a model is asked, and with nothing else."""

import hashlib
from dataclasses import replace

import pytest

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import Example, TaskData

EXAMPLE = Example("1", "c", {"en": "p", "de": "q"}, {"en": "a"}, {"en": ("a", "b")})
DATA = TaskData("t", None, 0, ("en", "de"), (EXAMPLE,))


def _with(**changes: object) -> TaskData:
    return replace(DATA, examples=(replace(EXAMPLE, **changes),))


@pytest.mark.parametrize(
    "other",
    [
        _with(prompts={"en": "p", "de": "r"}),
        _with(prompts={"en": "q", "de": "p"}),
        _with(answers={"de": "a"}),
        _with(answers={}),
        _with(choices={"en": ("b", "a")}),
        _with(choices={"en": ("a,b",)}),
        _with(cluster="d"),
        _with(id="2"),
        _with(answer_language="en"),
        replace(DATA, languages=("de", "en")),
        replace(DATA, examples=(EXAMPLE, EXAMPLE)),
    ],
)
def test_another_question_has_another_digest(other: TaskData) -> None:
    assert digest(other) != digest(DATA)


def test_names_notes_and_order_of_keys_do_not_matter() -> None:
    turned = replace(EXAMPLE, prompts={"de": "q", "en": "p"})
    same = TaskData("other", "s", 2, ("en", "de"), (turned,), ("a note",))
    assert digest(same) == digest(DATA)


def test_the_digest_is_the_same_tomorrow() -> None:
    spelt = b'["en","de"]\n["1","c",null,[["p","a",["a","b"]],["q",null,null]]]\n'
    assert digest(DATA) == hashlib.sha256(spelt).hexdigest()


def test_any_text_has_a_digest() -> None:
    assert len(digest(_with(prompts={"en": "\ud800\0\n", "de": "𝒳"}))) == 64
