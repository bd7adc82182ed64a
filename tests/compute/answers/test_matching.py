"""When does what was said match the answer? Cases from ten languages, by hand, and those of docs/method.md."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurontui.compute.answers.matching import (
    begins_with,
    chosen,
    is_correct,
    normalize,
    same_answer,
)

METHOD = Path(__file__).parents[3] / "docs" / "method.md"
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
    assert normalize(text) == normalize(other)
    assert same_answer(text, other)


@pytest.mark.parametrize(
    ("text", "other"),
    [("-5", "5"), ("5 %", "5"), ("C#", "C"), ("São", "Sao"), ("", ""), ("...", "?")],
)
def test_what_is_not_the_same(text: str, other: str) -> None:
    assert not same_answer(text, other)


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


def test_the_same_answer_allows_nothing_after_it() -> None:
    assert same_answer("Paris.", "Paris")
    assert not same_answer("Paris, France", "Paris")


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


def _cases() -> list[tuple[str, str, list[str], bool]]:
    """The rows of the table in docs/method.md, "Judging": texts are in backquotes."""
    section = METHOD.read_text("utf-8").split("\n## Judging\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return [
        (
            prediction.strip(" `"),
            answer.strip(" `"),
            re.findall("`([^`]+)`", choices),
            right.strip() == "yes",
        )
        for prediction, answer, choices, right, _ in rows
    ]


@pytest.mark.parametrize(("prediction", "answer", "choices", "right"), _cases())
def test_the_page_says_what_the_code_does(prediction: str, answer: str, choices: list[str], right: bool) -> None:
    assert is_correct(prediction, answer, choices) is right
    if prediction != answer and not choices and normalize(prediction) == normalize(answer):
        assert is_correct(answer, prediction) is right


def test_the_page_has_the_cases() -> None:
    assert len(_cases()) > 80
    assert {right for *_, right in _cases()} == {True, False}


ODD = st.text(alphabet="0123459.,'-+ %$€½²/:^٣٫३３x千三ı", max_size=12)
TEXTS = st.one_of(st.text(max_size=40), ODD)


@given(TEXTS)
def test_normalising_is_done_at_once(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(TEXTS)
def test_an_answer_matches_itself(answer: str) -> None:
    if normalize(answer):
        assert is_correct(answer, answer)
        assert same_answer(answer, answer)


@given(TEXTS, TEXTS)
def test_equality_goes_both_ways_and_is_the_strictest_match(text: str, other: str) -> None:
    assert same_answer(text, other) == same_answer(other, text)
    if same_answer(text, other):
        assert is_correct(text, other)
        assert is_correct(other, text)


NUMBERS = st.decimals(min_value=0, max_value=10**9, places=3) | st.integers(0, 10**9).map(Decimal)


def _spellings(number: Decimal) -> list[str]:
    """Ways to write a number that can be read in one way only."""
    plain = f"{number:f}"
    whole, _, decimals = plain.partition(".")
    grouped = f"{int(whole):,}"
    written = [
        f"{grouped}.{decimals or '0'}0",
        f"{whole}.{decimals}0" if decimals else f"{whole}.0",
    ]
    written.append(f"+{whole},{decimals or '0'}0")
    written += [text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) for text in written]
    return [text for text in written if not re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text, re.ASCII)]


@given(NUMBERS)
def test_spellings_of_one_number(number: Decimal) -> None:
    first, *others = _spellings(number)
    for other in others:
        assert same_answer(first, other)
        assert is_correct(f"{other} apples", first)


@given(NUMBERS, NUMBERS)
def test_different_numbers_are_never_the_same(number: Decimal, other: Decimal) -> None:
    if number != other:
        for text in _spellings(number):
            for another in _spellings(other):
                assert not is_correct(text, another)


@given(st.integers(0, 10**6), st.text(alphabet="0123456789.,:/-'% ", min_size=1, max_size=6))
def test_a_number_begins_no_other_number(number: int, more: str) -> None:
    """Where more digits follow at once, or behind one separator, it is another number."""
    if re.match(r"\d|[.,:/'-]\d", more) and not re.match(r"[.,]0+(?!\d|[.,:/'-]\d)", more):
        assert not is_correct(f"{number}{more}", str(number))
