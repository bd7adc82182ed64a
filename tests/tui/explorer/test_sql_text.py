"""Tokens, statements and completions of the SQL editor."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neurontui.tui.explorer.sql_editor.editor import colored_by_line
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
    columns = [offer for offer in offers(text, 9, NAMES) if offer.kind == "column"]
    assert [offer.text for offer in columns] == ["layer"]
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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("SELECT type, name FROM runs GROUP BY type ORDER BY name", "k w w k w k k w k k w"),
        ("SELECT é, 'ü' -- ö", "k w s c"),
        ("SELECT $$a;b$$", "k s"),
        ("/* a /* b */ c */ 1", "c n"),
        ("count(*) OVER (PARTITION BY x)", "f k k k w"),
        ("EXPLAIN SELECT 'open  ", "w k s"),
        ('SELECT "from"', "k w"),
        ("\udcff ' ", "s"),
        ("", ""),
    ],
)
def test_tokens_are_those_of_duckdb(text: str, kinds: str) -> None:
    assert " ".join(token.kind[0] for token in tokens(text) if token.kind != "operator") == kinds


@given(st.text(st.sampled_from("ab'\"$-/*;é\n \\0.(),e") | st.characters(codec="utf-8"), max_size=30))
@example("$)")
@settings(max_examples=300, deadline=None)
def test_any_text_has_tokens_in_order_and_its_statements(text: str) -> None:
    previous = 0
    for token in tokens(text):
        assert previous <= token.start < token.end <= len(text)
        previous = token.end
    for offset in (0, len(text) // 2, len(text)):
        assert statement_at(text, offset) in text
        offers(text, offset, NAMES)


def test_keywords_and_functions_of_duckdb_are_offered() -> None:
    assert texts("SEL")[0] == "SELECT"
    assert texts("SELECT cou")[0] == "count"
    assert texts("SELECT qualif")[0] == "QUALIFY"
    assert "list_transform" in texts("SELECT list_tr")
    assert "arg_max" in texts("SELECT arg_")


def test_colors_of_a_comment_over_several_lines() -> None:
    lines = colored_by_line("SELECT /* a\nb\n*/ 'x\ny', 12")
    assert [[kind for kind, _, _ in lines[line]] for line in range(4)] == [
        ["keyword", "comment"],
        ["comment"],
        ["comment", "string"],
        ["string", "number"],
    ]
    assert lines[1][0][1] == 0
