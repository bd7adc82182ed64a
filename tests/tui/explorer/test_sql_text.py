"""What the SQL editor makes of what is typed."""

import pytest

from neurontui.tui.explorer.sql_editor.sql_text import (
    Names,
    offers,
    statement_at,
    tokens,
    word_before,
)

NAMES = Names(
    {
        "runs": ("run", "name", "n_examples"),
        "examples": ("run", "example", "prompt"),
        "neurons": ("run", "layer", "type"),
    },
    ("type-ratio-by-layer", "runs"),
)


def texts(text: str) -> list[str]:
    return [offer.text for offer in offers(text, len(text), NAMES)]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("SELECT 1", 3, "SELECT 1"),
        ("SELECT 1; SELECT 2", 12, "SELECT 2"),
        ("SELECT 1; SELECT 2;", 4, "SELECT 1"),
        ("SELECT 1;\n\n", 11, "SELECT 1"),
        ("SELECT ';' ; SELECT 2", 5, "SELECT ';'"),
        ("SELECT 1 -- a; b\n, 2", 20, "SELECT 1 -- a; b\n, 2"),
        ("", 0, ""),
        (";;", 1, ""),
    ],
)
def test_the_statement_under_the_cursor(text: str, offset: int, expected: str) -> None:
    assert statement_at(text, offset) == expected


def test_tables_come_first_after_from() -> None:
    assert texts("SELECT * FROM ru") == ["runs"]
    assert texts("SELECT * FROM a JOIN neu")[0] == "neurons"


def test_columns_of_the_tables_that_are_mentioned() -> None:
    text = "SELECT la FROM neurons"
    found = [offer for offer in offers(text, 9, NAMES) if offer.kind == "column"]
    assert [offer.text for offer in found] == ["layer"]
    assert texts("SELECT r.n_ex FROM runs r")[:0] == []
    assert [offer.text for offer in offers("SELECT r.n FROM runs r", 10, NAMES)] == [
        "name",
        "n_examples",
        "run",
    ][:2]
    assert [offer.text for offer in offers("SELECT runs.n_e FROM runs", 15, NAMES)] == ["n_examples"]


def test_names_of_queries_where_a_statement_begins() -> None:
    assert "type-ratio-by-layer" in texts("type-ra")
    assert "type-ratio-by-layer" in texts("SELECT 1; type-ra")
    assert "type-ratio-by-layer" not in texts("SELECT type-ra")


def test_nothing_is_offered_inside_strings_and_comments() -> None:
    assert texts("SELECT 'ru") == []
    assert texts("SELECT 1 -- ru") == []


def test_the_word_before_the_cursor() -> None:
    assert word_before("SELECT r.na", 11) == "r.na"
    assert word_before("a-b", 3) == "a-b"
    assert word_before("SELECT ", 7) == ""


def test_tokens_cover_what_has_a_colour() -> None:
    text = "SELECT count(*) AS n -- how many\nFROM runs WHERE name = 'it''s' AND run = 12"
    kinds = {text[token.start : token.end]: token.kind for token in tokens(text)}
    assert kinds["SELECT"] == "keyword"
    assert kinds["count"] == "function"
    assert kinds["-- how many"] == "comment"
    assert kinds["'it''s'"] == "string"
    assert kinds["12"] == "number"
    assert kinds["runs"] == "word"
