"""Results files from strangers: whatever is stored in them reaches no file, no setting, no network."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from neurontui.queries.results import open_results
from neurontui.store.connection import Limits
from neurontui.store.errors import QueryError, StoreError
from neurontui.store.journal import shards
from neurontui.store.merge.merge import merge
from neurontui.store.reader import Reader, open_reader
from tests.conftest import Tally
from tests.store.conftest import measure
from tests.store.made_up import MadeUp

SECRET = "the secret"

STATEMENTS = [
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('{folder}/*')",
    "FROM '{secret}'",
    "FROM query('FROM read_text(''{secret}'')')",
    "COPY (SELECT 1) TO '{folder}/stolen.csv'",
    "COPY (SELECT 1) TO '{folder}/stolen.parquet'",
    "COPY notes FROM '{secret}'",
    "EXPORT DATABASE '{folder}/stolen'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{folder}/other.duckdb'",
    "ATTACH '{folder}/new.duckdb' AS fresh (READ_ONLY false)",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{folder}/evil.duckdb_extension'",
    "SET enable_external_access = true",
    "SET disabled_filesystems = ''",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '{folder}/spill'",
    "SET memory_limit = '100GB'",
    "SET max_execution_time = 0",
    "SET secret_directory = '{folder}'",
    "SET home_directory = '{folder}'",
    "SET log_query_path = '{folder}/log'",
    "SET autoinstall_known_extensions = true",
    "SET allow_unsigned_extensions = true",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '{folder}/profile'",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}')",
    "CREATE PERSISTENT SECRET s (TYPE http)",
    "CREATE TABLE evil AS SELECT 1",
    "INSERT INTO notes VALUES (9, 'x', 'y')",
    "DELETE FROM runs",
    "UPDATE runs SET name = 'x'",
    "DROP TABLE runs",
    "VACUUM FULL",
    "SELECT * FROM python_variable",
]


@pytest.fixture(params=["one file", "two files"])
def reader(request: pytest.FixtureRequest, store: Callable[..., Path], tmp_path: Path) -> Iterator[Reader]:
    path = store()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    duckdb.connect(str(folder / "other.duckdb")).close()
    paths = [path] if request.param == "one file" else [path, _copy(path)]
    with open_reader(*paths, limits=Limits(seconds=20)) as opened:
        yield opened


def test_no_statement_leaves_the_file(reader: Reader, tmp_path: Path, tally: Tally) -> None:
    python_variable = [1]  # noqa: F841 -- DuckDB would find it by its name
    folder = tmp_path / "elsewhere"
    before = _tree(tmp_path)
    for statement in STATEMENTS:
        sql = statement.format(secret=folder / "secret", folder=folder)
        with pytest.raises(duckdb.Error) as caught:
            reader.cursor().execute(sql).fetchall()
        assert SECRET not in str(caught.value), sql
    assert _tree(tmp_path) == before
    tally(
        "attack",
        "SQL that reads, writes, loads or sets what is outside the file",
        len(STATEMENTS),
        "refused",
    )


def test_stored_views_and_macros_reach_nothing(store: Callable[..., Path], tmp_path: Path, tally: Tally) -> None:
    path = store()
    secret = tmp_path / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE VIEW stolen AS SELECT * FROM read_text('{secret}')")
        connection.execute(f"CREATE MACRO theft() AS TABLE SELECT * FROM read_csv('{secret}')")
        connection.execute(f"CREATE MACRO peek() AS (SELECT content FROM read_text('{secret}'))")
        connection.execute("CREATE MACRO current_database() AS 'elsewhere'")
        connection.execute("CREATE MACRO duckdb_columns() AS TABLE SELECT 1 AS no")
    for paths in ([path], [path, _copy(path)]):
        with open_reader(*paths) as opened:
            for sql in ("FROM stolen", "FROM theft()", "SELECT peek()"):
                with pytest.raises(duckdb.Error) as caught:
                    opened.cursor().execute(sql).fetchall()
                assert SECRET not in str(caught.value)
    tally("attack", "views and macros over files, stored in a results file", 6, "refused")


def test_our_own_tables_cannot_be_views_over_files(store: Callable[..., Path], tmp_path: Path) -> None:
    path = store()
    secret = tmp_path / "secret"
    secret.write_text(f"key,value\nformat,{SECRET}\n", encoding="utf-8")
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE meta")
        connection.execute(f"CREATE VIEW meta AS SELECT key, value FROM read_csv('{secret}')")
    for paths in ([path], [path, _copy(path)]):
        with pytest.raises(StoreError) as caught:
            open_reader(*paths)
        assert SECRET not in str(caught.value)


def test_views_that_never_end_are_stopped(store: Callable[..., Path], tally: Tally) -> None:
    path = store()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE OR REPLACE VIEW ablation AS "
            "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i FROM r"
        )
        connection.execute("DROP TABLE meta")
        connection.execute(
            "CREATE VIEW meta AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) "
            "SELECT i::VARCHAR AS key, i::VARCHAR AS value FROM r"
        )
    with pytest.raises((StoreError,)) as caught:
        open_reader(path, limits=Limits(seconds=1, threads=1, memory_bytes=200_000_000))
    assert "\n" not in str(caught.value)
    tally("attack", "tables replaced by endless views", 1, "stopped, and reported as an error")


EATERS = {
    "memory": "SELECT list(range) FROM range(1000000000)",
    "memory of a sort": "SELECT * FROM range(1000000000) ORDER BY hash(range)",
    "memory of a join": "SELECT count(DISTINCT hash(a.range, b.range)) FROM range(100000) a, range(100000) b",
    "time": "SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b",
    "time of a recursion": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
}


@pytest.mark.parametrize("eats", EATERS)
def test_queries_that_eat_the_machine_are_stopped(eats: str, store: Callable[..., Path], tally: Tally) -> None:
    limits = Limits(memory_bytes=200_000_000, threads=1, seconds=2)
    with open_results(store(), limits=limits) as results, pytest.raises(QueryError) as caught:
        results.sql(EATERS[eats])
    assert "\n" not in str(caught.value)
    tally("attack", "queries that need too much memory or time", 1, "stopped, and reported as an error")


def test_a_giant_text_that_a_query_makes_is_held_back(store: Callable[..., Path]) -> None:
    path = store()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET name = repeat('x', 10000000)")
    with open_results(path) as results:
        assert len(results.known_runs[0].name) == 10_000_000


def _copy(path: Path) -> Path:
    copy = path.with_name("copy.duckdb")
    copy.write_bytes(path.read_bytes())
    return copy


def _tree(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(each), os.path.getmtime(each)) for each in folder.rglob("*"))  # noqa: PTH204


@pytest.mark.parametrize("packing", ["BROTLI", "SNAPPY", "NONE"])
def test_shards_in_another_packing_are_never_unpacked(
    packing: str, results: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    """A journal from a stranger would pick the unpacker of DuckDB that has a flaw."""
    with monkeypatch.context() as patch:
        patch.setattr(shards, "COMPRESSION", packing)
        patch.setattr(shards, "_LEVEL", None)
        journal = measure(MadeUp(), results)
    with pytest.raises(StoreError, match="was not written by neurontui"):
        merge(journal, results)
    assert journal.is_dir()
    tally("attack", "a sealed journal whose shards are packed by another codec", 1, "refused")
