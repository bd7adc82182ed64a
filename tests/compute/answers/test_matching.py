"""When does what was said match the answer? Cases from ten languages, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurontui.compute.answers.matching import (
    begins_with,
    chosen,
    is_correct,
    matches_exactly,
    normalise,
)

NLI = ("true", "false", "inconclusive")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Paris", " paris. "),
        ("“Paris”", "'Paris'"),
        ("São  Tomé", "são tomé"),
        ("N’Djamena", "N'Djamena"),
        ("Ｐａｒｉｓ", "paris"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("Cafe\u0301", "Café"),
        ("Guinea–Bissau", "guinea-bissau"),
        ("**Paris**", "paris"),
        ("北京。", "北京"),
        ("«Москва»", "москва"),
        ("Pa\u200bris", "paris"),
    ],
)
def test_spellings_of_one_answer(text: str, other: str) -> None:
    assert normalise(text) == normalise(other)
    assert matches_exactly(text, other)


@pytest.mark.parametrize(
    ("text", "other"),
    [("-5", "5"), ("5 %", "5"), ("C#", "C"), ("São", "Sao"), ("", ""), ("...", "?")],
)
def test_what_is_not_the_same(text: str, other: str) -> None:
    assert not matches_exactly(text, other)


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("Paris, the capital of France", "Paris"),
        ("Paris", "Paris"),
        ("'true'. Because", "true"),
        ("北京是中国的首都", "北京"),
        ("กรุงเทพมหานครเป็น", "กรุงเทพมหานคร"),
        ("Paris是", "Paris"),
        ("New York City", "New York"),
        ("\nParis", "paris"),
    ],
)
def test_answers_at_the_beginning(prediction: str, answer: str) -> None:
    assert begins_with(prediction, answer)
    assert is_correct(prediction, answer)


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("Parisian life", "Paris"),
        ("It is Paris", "Paris"),
        ("Pari", "Paris"),
        ("trueness", "true"),
        ("คาบูล\u0e4c", "คาบูล"),  # a mark goes on with the last letter
        ("anything", ""),
        ("", "Paris"),
    ],
)
def test_what_is_no_answer(prediction: str, answer: str) -> None:
    assert not begins_with(prediction, answer)
    assert not is_correct(prediction, answer)


def test_exact_matches_allow_nothing_behind() -> None:
    assert is_correct("Paris.", "Paris", exact=True)
    assert not is_correct("Paris, France", "Paris", exact=True)


def test_a_longer_choice_is_not_the_one_it_begins_with() -> None:
    cities = ("York", "York Mills", "Leeds")
    assert chosen("York Mills, Toronto", cities) == 1
    assert chosen("York", cities) == 0
    assert not is_correct("York Mills", "York", cities)
    assert is_correct("York", "York", cities)
    assert is_correct("York Mills", "York Mills", cities)


def test_labels_and_none_of_them() -> None:
    assert chosen("True, because", NLI) == 0
    assert chosen("'inconclusive'", NLI) == 2
    assert chosen("maybe", NLI) is None
    assert chosen("", NLI) is None


@given(st.text(max_size=40))
def test_normalising_is_done_at_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_an_answer_matches_itself_and_what_is_said_behind_a_stop(answer: str, more: str) -> None:
    if normalise(answer):
        assert is_correct(answer, answer)
        assert matches_exactly(answer, answer)
