"""Queries as files: what a header says, and every mistake reported with file and line."""

from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.queries.loader import load_queries, load_query
from neurontui.store.errors import InputError
from tests.queries.conftest import Toy

GOOD = """-- name: my-query
-- title: Mine
-- description: Counts
--   masks.
-- parameters:
--   $run    run          The run.
--   $limit  integer = 3  At most so many.
-- columns:
--   n  rows  How many.
SELECT count(*) AS n FROM layers WHERE run = $run AND layer < $limit;
"""


def written(folder: Path, text: str, name: str = "mine.sql") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_header_says_it_all(tmp_path: Path) -> None:
    query = load_query(written(tmp_path, GOOD))
    assert (query.name, query.title, query.figure, query.description) == (
        "my-query",
        "Mine",
        "",
        "Counts masks.",
    )
    assert [(p.name, p.kind, p.default, p.required) for p in query.parameters] == [
        ("run", "run", None, False), ("limit", "integer", "3", False)
    ]  # fmt: skip
    assert [(c.name, c.unit, c.description) for c in query.columns] == [("n", "rows", "How many.")]
    assert query.sql == "SELECT count(*) AS n FROM layers WHERE run = $run AND layer < $limit"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("run = $run AND", "run = $run AND $other AND", 10, r"\$other is used but not declared"),
        ("run = $run AND", "", 6, r"\$run is declared but not used"),
        ("-- name: my-query\n", "", 1, "no '-- name: …' line"),
        ("my-query", "My Query", 1, "is not a valid query name"),
        ("integer = 3  At", "number 3  At", 7, "does not declare a parameter"),
        ("integer = 3", "whole = 3", 7, "'whole' is not a kind of parameter"),
        ("n  rows  How", "n rows How", 9, "does not describe a column"),
        ("SELECT count(*)", "SELECT\n FROM WHERE", 11, "syntax error"),
        ("SELECT count", "DELETE FROM runs; SELECT count", 1, "exactly one SELECT"),
        ("SELECT count(*) AS n FROM layers WHERE run = $run AND layer < $limit", "", 1, "exactly one SELECT"),
        ("-- title: Mine\n", "-- title: Mine\n-- titel: Other\n", 3, "did you mean '-- title:'"),
        ("-- title: Mine\n", "-- title: Mine\n-- title: Other\n", 3, "'-- title:' occurs twice"),
        ("-- title: Mine\n", "-- title: Mine\n-- shared : subset\n", 3, "did you mean '-- shared:'"),
        ("-- title: Mine\n", "-- title: Mine\n-- requires_all_languages: all\n", 1, "write true or false"),
        ("-- columns:", "-- colums:", 8, "did you mean '-- columns:'"),
        ("-- columns:", "--   $run  run  Again.\n-- columns:", 8, r"\$run is declared twice"),
        ("-- parameters", "-- shared: none\n-- parameters", 1, "no shared part 'none'; available: active_counts,"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_by_file_and_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InputError, match=words) as error:
        load_query(path)
    assert str(error.value).startswith(f"{path}:{line}: ")


def test_a_syntax_error_behind_shared_parts_has_the_files_line(tmp_path: Path) -> None:
    shared = GOOD.replace("-- parameters:", "-- shared: student\n-- parameters:").replace(
        "SELECT count(*)", "SELECT (count(*)"
    )
    path = written(tmp_path, shared)
    with pytest.raises(InputError, match=rf"{path}:11: "):
        load_query(path)


def test_names_are_taken_once(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("my-query", "runs"))
    with pytest.raises(InputError, match="there is already a query 'runs'"):
        load_queries(tmp_path)
    with pytest.raises(InputError, match="no folder of queries"):
        load_queries(tmp_path / "nowhere")
    written(tmp_path, "\xff", "bad.sql").write_bytes(b"\xff")
    with pytest.raises(InputError, match="cannot be read"):
        load_queries(tmp_path)


def test_own_queries_appear_beside_ours(tmp_path: Path, toy: Toy) -> None:
    written(tmp_path, GOOD)
    with open_results(toy.path, queries=[tmp_path]) as results:
        assert "my-query" in [q.name for q in results.queries()]
        assert results.query("my-query", run=1, limit="2").to_pylist() == [{"n": 2}]


def test_own_queries_may_use_shared_parts(tmp_path: Path, toy: Toy) -> None:
    text = GOOD.replace(
        "-- parameters:",
        "-- shared: subset\n-- parameters:\n--   $languages  languages = all  Some.",
    )
    written(
        tmp_path,
        text.replace(
            "SELECT count(*) AS n FROM layers",
            "SELECT count(*) * any_value(p) AS n FROM layers, subset",
        ),
    )
    with open_results(toy.path, queries=[tmp_path]) as results:
        assert results.query("my-query", run=1, languages="en,de")["n"].to_pylist() == [6]


def test_parameters_in_text_and_comments_are_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("SELECT count(*)", "SELECT '$run', /* $run */ count(*) -- $run\n"))
    filled = load_query(path).fill({"run": "1", "limit": "3"})
    assert filled.startswith("SELECT '$run', /* $run */ count(*) -- $run\n")
    assert filled.endswith("run = 1 AND layer < 3")
