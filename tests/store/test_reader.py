"""Opening results files: right data or one plain sentence."""

import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.store.connection import Limits
from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.errors import BusyError, ExitCode, QueryError, StoreError
from neurontui.store.reader import open_reader
from neurontui.store.schema import SCHEMA_VERSION, create
from tests.store.made_up import MadeUp


def test_what_cannot_be_opened_is_reported_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text.duckdb"
    text.write_text("no database" * 1000, encoding="utf-8")
    empty = tmp_path / "empty.duckdb"
    empty.touch()
    foreign = tmp_path / "foreign.duckdb"
    duckdb.connect(str(foreign)).execute("CREATE TABLE t (i INTEGER)").close()
    os.mkfifo(tmp_path / "pipe")
    for name, words in {
        "absent.duckdb": "There is no results file at",
        "": "is a folder",
        "text.duckdb": "it is not a DuckDB database",
        "empty.duckdb": "it is not a DuckDB database",
        "foreign.duckdb": "not a results file of neurontui",
        "pipe": "not a regular file",
        "x\x00y": "There is no|cannot be read",
    }.items():
        with pytest.raises(StoreError, match=words) as caught:
            open_reader(tmp_path / name)
        assert caught.value.exit_code == ExitCode.STORE
        assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="No results file is named"):
        open_reader()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            f"UPDATE meta SET value = '{SCHEMA_VERSION + 1}' WHERE key = 'schema_version'",
            "written by a newer neurontui",
        ),
        (
            "UPDATE meta SET value = '1' WHERE key = 'schema_version'; DROP TABLE language_pairs",
            r"by an older neurontui \(schema 1, .* different table language_pairs; measure again",
        ),
        ("UPDATE meta SET value = 'x' WHERE key = 'schema_version'", "not a results file"),
        ("DELETE FROM meta", "not a results file"),
        ("DROP TABLE meta", "not a results file"),
        ("DROP TABLE notes", "its table notes does not have the expected columns"),
        ("ALTER TABLE layers DROP n_near_zero", "its table layers does not have"),
        ("ALTER TABLE notes ALTER text TYPE BLOB USING text::BLOB", "its table notes does not have"),
    ],
)
def test_files_changed_by_others_are_refused(change: str, words: str, results: Path) -> None:
    create(results)
    with duckdb.connect(str(results)) as connection:
        connection.execute(change)
    with pytest.raises(StoreError, match=words):
        open_reader(results)


def test_more_columns_and_tables_do_no_harm(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results)) as connection:
        connection.execute("ALTER TABLE notes ADD COLUMN mood VARCHAR")
        connection.execute("CREATE TABLE mine (i INTEGER)")
    with open_reader(results) as reader:
        assert reader.cursor().execute("SELECT count(*) FROM languages").fetchall()[0][0] > 70


def test_several_files_are_read_side_by_side(store: Callable[..., Path], tmp_path: Path) -> None:
    first = store(MadeUp(seed=1))
    second = tmp_path / 'an "other" one.duckdb'
    shutil.copy(first, second)
    with duckdb.connect(str(second)) as connection:
        connection.execute("UPDATE runs SET name = 'second'")
    with open_reader(first, second) as reader:
        names = [reader.cursor(n).execute("SELECT name FROM runs").fetchall() for n in (0, 1)]
        both = reader.cursor().execute(
            "SELECT count(*) FROM file1.neurons JOIN file2.neurons USING (example, layer, neuron, type)"
        )
        assert names == [[("made up · 1",)], [("second",)]]
        assert both.fetchall() == [(13 * 2 * 7,)]


@pytest.mark.parametrize("name", ["temp", "system", "memory", "main", "a b'c\"d", "größe", "select"])
def test_any_file_name_will_do(name: str, store: Callable[..., Path]) -> None:
    path = store().rename(store().with_name(f"{name}.duckdb"))
    with open_reader(path) as reader:
        assert reader.cursor().execute("SELECT count(*) FROM neurons").fetchall() == [(182,)]


def test_a_file_being_written_is_busy_and_says_who_writes(results: Path) -> None:
    create(results)
    with (
        pytest.raises(BusyError, match="already open in this process"),
        duckdb.connect(str(results)),
    ):
        open_reader(results)


def test_the_same_file_opens_twice_in_one_process(store: Callable[..., Path]) -> None:
    path = store()
    with open_reader(path) as one, open_reader(path) as two:
        one.close()
        assert two.cursor().execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


def test_a_log_left_by_a_killed_writer_is_read(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results)) as connection:
        connection.execute("SET checkpoint_threshold = '1TB'")
        connection.execute("INSERT INTO notes VALUES (1, 'data', 'late')")
        copy = results.with_name("copy.duckdb")
        shutil.copy(results, copy)
        shutil.copy(f"{results}.wal", f"{copy}.wal")
    with open_reader(copy) as reader:
        assert reader.cursor().execute("SELECT text FROM notes").fetchall() == [("late",)]


def test_a_read_only_folder_is_enough(store: Callable[..., Path]) -> None:
    path = store()
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        before = sorted(path.parent.iterdir())
        with open_reader(path) as reader:
            assert reader.cursor().execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
            assert sorted(path.parent.iterdir()) == before
    finally:
        path.parent.chmod(stat.S_IRWXU)


def test_a_query_that_takes_too_long_ends(store: Callable[..., Path]) -> None:
    path = store()
    with (
        open_reader(path, limits=Limits(seconds=0.2, threads=1)) as reader,
        pytest.raises(QueryError, match="exceeded its time limit"),
        translate_read_errors(path),
    ):
        reader.cursor().execute("SELECT count(*) FROM range(1e12::BIGINT) t(i) WHERE hash(i) = 3").fetchall()


def test_a_query_that_needs_too_much_memory_ends(store: Callable[..., Path]) -> None:
    path = store()
    with open_reader(path, limits=Limits(memory_bytes=60_000_000, threads=1)) as reader:
        with pytest.raises(QueryError, match="exceeded its memory limit"), translate_read_errors(path):
            reader.cursor().execute("SELECT list(i::VARCHAR) FROM range(20000000) t(i)").fetchall()
        assert reader.cursor().execute("SELECT 1").fetchall() == [(1,)]


def test_interrupting_a_cursor_stops_its_query_and_no_other(store: Callable[..., Path]) -> None:
    with open_reader(store()) as reader:
        slow, other = reader.cursor(), reader.cursor()
        timer = threading.Timer(0.3, slow.interrupt)
        timer.start()
        with pytest.raises(duckdb.InterruptException):
            slow.execute("SELECT count(*) FROM range(1e12::BIGINT) t(i) WHERE hash(i) = 3").fetchall()
        assert other.execute("SELECT 1").fetchall() == [(1,)]


def test_closing_lets_a_writer_in(store: Callable[..., Path]) -> None:
    path = store()
    reader = open_reader(path)
    cursor = reader.cursor()
    cursor.execute("SELECT * FROM neurons")  # not fetched
    reader.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM notes")
