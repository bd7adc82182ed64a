"""The matrix of claims and its words against the rows of the query, whose numbers tests/queries compares with NumPy."""

from typing import Any

import pyarrow as pa
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.findings import claim_lines, claim_matrix, summary_lines
from neurontui.tui.common.claim_words import SHORT, WORDS, answer_of, number_of
from tests.tui.charts.words import text

SIGNS = {"supported": "✓", "contradicted": "✗", "undecided": "?"}


@pytest.fixture(scope="module")
def claims(results: Results) -> dict[int, pa.Table]:
    return {number: results.query("claims", run=number) for number in (1, 2)}


def row(**changes: Any) -> dict[str, Any]:
    plain = {"claim": "task-matters", "says": "x", "verdict": "supported", "estimate": 2.0, "low": 1.0, "high": 3.0}
    return {**plain, "unit": "points", "section": "5", "finding": "y", "versus": None, **changes}


def test_every_claim_has_words_that_fit(claims: dict[int, pa.Table]) -> None:
    assert set(claims[1]["claim"].to_pylist()) == set(WORDS)
    assert max(len(words.title) for words in WORDS.values()) <= 28
    assert max(len(words.short) for words in WORDS.values()) == SHORT


def test_a_sign_for_every_run_under_its_number(claims: dict[int, pa.Table]) -> None:
    matrix, fields = claim_matrix({**claims, 12: None}, 1, [1, 2, 3, 12], 80)
    head = fields[1].title
    places = [head.index("●1") + 1, head.index("2"), head.index("3"), head.index("12") + 1]
    for index, own in enumerate(claims[1].to_pylist()):
        other = next(r for r in claims[2].to_pylist() if r["claim"] == own["claim"])
        expected = [SIGNS[r["verdict"]] if r["estimate"] is not None else "–" for r in (own, other)]
        assert [matrix["signs"][index].as_py()[place] for place in places] == [*expected, "…", "!"]
        assert matrix["number"][index].as_py() == number_of(own)
    assert set("".join(matrix["signs"].to_pylist())) > {"?", "–"}


@pytest.mark.parametrize(
    ("width", "runs"), [(60, 1), (80, 1), (80, 2), (80, 9), (100, 2), (120, 1), (120, 2), (160, 2)]
)
def test_the_words_of_a_claim_are_the_longest_that_fit(claims: dict[int, pa.Table], width: int, runs: int) -> None:
    matrix, (words, signs, number) = claim_matrix(claims, 1, range(1, runs + 1), width)
    numbers = max(map(len, [number.title, *matrix["number"].to_pylist()]))
    room = width - len(signs.title) - numbers - 9  # gaps, the scroll bar and an arrow
    for row, shown in zip(claims[1].to_pylist(), matrix["words"].to_pylist(), strict=True):
        own = WORDS[row["claim"]]
        fitting = [sentence for sentence in (row["says"], own.short) if len(sentence) <= room and room >= SHORT]
        assert shown == [*fitting, own.title][0]
    assert words.stretch is (room >= 27) is not number.stretch
    assert (width, runs) != (160, 2) or matrix["words"].to_pylist() == claims[1]["says"].to_pylist()


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({}, "+2.0 (+1.0 to +3.0) points"),
        ({"estimate": -2.04, "low": -3.0, "high": -1.08}, "−2.0 (−3.0 to −1.1) points"),
        ({"unit": "times"}, "2.00 (1.00 to 3.00) times"),
        ({"unit": "times", "low": 4.6446e-9, "high": 861160426.81}, "2.00 (4.64e−9 to 8.61e8) times"),
        ({"unit": "phi", "estimate": 0.0661}, "+0.066 (+1.000 to +3.000) phi"),
        ({"unit": "%", "low": None, "high": None}, "2.0 %"),
        ({"estimate": None}, ""),
    ],
)
def test_numbers_with_sign_interval_and_unit(changes: dict[str, Any], number: str) -> None:
    assert number_of(row(**changes)) == number


def test_a_verdict_answers_the_question() -> None:
    assert [answer_of(row(verdict=verdict)) for verdict in SIGNS] == ["Yes", "No", "Undecided"]
    relatives = "relatives-share-no-more"
    assert [answer_of(row(claim=relatives, verdict=verdict)) for verdict in SIGNS] == ["No", "Yes", "Undecided"]


def test_the_summary_takes_decided_claims_first() -> None:
    rows = [
        row(claim="all-shared-beyond-control", verdict="undecided"),
        row(claim="types-vary", estimate=None, verdict="undecided"),
        row(claim="upper-layers-matter", verdict="contradicted", unit="logits"),
        row(),
    ]
    lines = [text(line) for line in summary_lines(pa.Table.from_pylist(rows), 200)]
    assert lines == [
        "● Does sharing depend on the task? Yes: +2.0 (+1.0 to +3.0) points of all-shared neurons.",
        "● Do upper layers matter more for the answer? No: +2.0000 (+1.0000 to +3.0000) logits more than lower layers.",
        "● Does ablating all-shared neurons harm answers more than ablating others? Undecided: "
        "+2.0 (+1.0 to +3.0) points of log-probability.",
    ]


def test_a_claim_in_full() -> None:
    assert [text(line).rstrip() for line in claim_lines(row(), 60)] == ["✓ supported  x (5)", "  y"]
    assert text(claim_lines(row(estimate=None, verdict="undecided"), 60)[0]).startswith("– not measured  x")
    lines = [text(line).rstrip() for line in claim_lines(row(says="many words " * 9), 60)]
    assert len(lines) == 4
    assert max(map(len, lines)) <= 60
    assert " ".join("".join(lines[:3]).split()).count("many words") == 9
