"""Queries about families say `unknown`, and never a blank, for a language that nobody knows."""

import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from neurontui.compute.tasks.languages import UNSPACED_SCRIPTS
from neurontui.queries import Results, open_results
from neurontui.queries.loader import SHIPPED
from neurontui.store.errors import UsageError
from tests.queries.comparing import same
from tests.queries.raw_run import make_run, write_runs

RUNS = {
    1: ("en", "de", "fr", "tha_Thai", "xx"),
    2: ("aaa", "bbb", "ccc"),
    3: ("en", "de", "fr"),
}


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """A file as older versions wrote it: codes of any form, and no rows for those that the reference lacks."""
    path: Path = tmp_path_factory.mktemp("older") / "older.duckdb"
    runs = [make_run(number, f"run {number}", codes) for number, codes in RUNS.items()]
    with duckdb.connect(str(write_runs(path, *runs))) as connection:
        known = connection.execute("SELECT code FROM languages").fetchall()
        assert not {"tha_Thai", "xx"} & {code for (code,) in known}
    with open_results(path) as opened:
        yield opened


def test_sharing_by_family_leaves_out_and_counts_unknown_languages(older: Results) -> None:
    for row in older.query("sharing-by-family", run=1).to_pylist():
        assert row["n_unknown"] == 2
        assert row["n_related"] + row["n_other"] == math.comb(3, 2), row["relation"]
    known = older.query("sharing-by-family", run=1, languages=["en", "de", "fr"]).to_pylist()
    assert [row["n_unknown"] for row in known] == [0, 0, 0]
    for row, without in zip(older.query("sharing-by-family", run=1).to_pylist(), known, strict=True):
        assert row["difference"] == without["difference"], "two unknown languages are not related"


def test_sharing_by_family_says_that_all_are_unknown(older: Results) -> None:
    for row in older.query("sharing-by-family", run=2).to_pylist():
        assert row["n_unknown"] == 3
        assert (row["n_related"], row["n_other"], row["difference"]) == (0, 0, None)


def test_run_languages_has_words_for_every_language(older: Results) -> None:
    rows = {row["language"]: row for row in older.query("run-languages", run=1).to_pylist()}
    words = [rows["xx"][name] for name in ("name", "family", "branch", "script")]
    assert words == ["xx", "unknown", "unknown", "Zzzz"]


def test_words_are_not_counted_in_a_language_whose_script_is_not_known(older: Results) -> None:
    rows = {row["language"]: row for row in older.query("tokens-per-word", run=1).to_pylist()}
    assert rows["tha_Thai"]["tokens_per_word"] is None
    assert rows["en"]["tokens_per_word"] is not None


def test_claims_about_families_leave_out_unknown_languages(older: Results) -> None:
    names = {row["claim"] for row in older.query("claims", run=2).to_pylist() if row["estimate"]}
    assert "relatives-share-no-more" not in names


def test_a_language_can_be_named_in_any_form(older: Results) -> None:
    one = older.query("sharing-matrix", run=1, languages="th,EN,deu_Latn")
    other = older.query("sharing-matrix", run=1, languages="tha_Thai,en,de")
    same(one, other)
    with pytest.raises(UsageError, match="Run 1 has no language 'lo'"):
        older.query("sharing-matrix", run=1, languages="lo,en")


def test_the_query_and_the_joiner_agree_on_scripts_without_spaces() -> None:
    sql = (SHIPPED / "tokens-per-word.sql").read_text(encoding="utf-8")
    listed = sql.split("IN\n            (", 1)[1].split(")", 1)[0]
    assert {code.strip(" '") for code in listed.split(",")} == UNSPACED_SCRIPTS | {"Zzzz"}
