"""Maintenance of results files: remove, combine, export, health, verify."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.store.admin.export import export
from neurontui.store.admin.merge_files import combine
from neurontui.store.admin.remove import remove
from neurontui.store.admin.sizes import health
from neurontui.store.admin.verify import verify
from neurontui.store.errors import StoreError
from neurontui.store.reader import open_reader
from neurontui.store.schema import layout, shard_tables, tables_of_a_run
from neurontui.store.writer import open_writer
from tests.moments import Moments
from tests.store.content import content, rows
from tests.store.made_up import MadeUp
from tests.store.sessions import ROOT, litter

BIG = MadeUp(seed=3, neurons=60, examples=40, batch=40)


def test_removing_a_run_leaves_the_others_and_gives_space_back(store: Callable[..., Path]) -> None:
    path = store(MadeUp(seed=1), BIG, MadeUp(seed=2, examples=3))
    before, size = content(path, (1, 3)), path.stat().st_size
    mode = path.stat().st_mode
    gained = remove(path, 2)
    assert content(path, (1, 3)) == before
    assert all(not held for held in content(path, (2,)).values())
    assert gained == size - path.stat().st_size > 0
    assert path.stat().st_mode == mode
    assert litter(path) == []
    with open_reader(path) as reader:
        assert verify(reader) == []


def test_runs_are_removed_by_number_name_or_key(store: Callable[..., Path]) -> None:
    path = store(*(MadeUp(seed=n, examples=3) for n in range(4)))
    for run in (1, "2", "made up · 2", MadeUp(seed=3, examples=3).manifest.key):
        remove(path, run)
    with pytest.raises(StoreError, match=r"has no run 'x'; its runs are none\."):
        remove(path, "x")


def test_a_name_that_two_runs_share_is_refused(store: Callable[..., Path]) -> None:
    path = store(MadeUp(seed=1), MadeUp(seed=1, examples=3))
    with pytest.raises(StoreError, match=r"2 runs 'made up · 1'; name one by number: \[1, 2\]"):
        remove(path, "made up · 1")


def test_what_others_stored_is_never_lost(store: Callable[..., Path]) -> None:
    path = store()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
        connection.execute("CREATE VIEW seen AS SELECT 1 AS y")
    with pytest.raises(StoreError, match="also holds mine, seen"):
        remove(path, 1)
    assert len(rows(path, "runs")) == 1


def test_combining_to_aggregates_drops_the_masks_only(store: Callable[..., Path], tmp_path: Path) -> None:
    path, out = store(BIG), tmp_path / "out.duckdb"
    before = content(path)
    combine([path], out, keep="aggregates")
    after = content(out)
    assert out.stat().st_size < path.stat().st_size
    assert {t for t in before if before[t] != after[t]} == {"activations 1", "checksums 1"}
    assert after["activations 1"] == []
    with open_reader(out) as reader:
        assert verify(reader) == []


def test_files_combine_and_the_same_run_is_kept_once(store: Callable[..., Path], tmp_path: Path) -> None:
    one = store(MadeUp(seed=1), MadeUp(seed=2)).rename(tmp_path / "one.duckdb")
    two = store(MadeUp(seed=2), MadeUp(seed=3)).rename(tmp_path / "two.duckdb")
    out = tmp_path / "out.duckdb"
    arrivals = combine([one, two], out)
    assert [(each.old, each.new, each.known) for each in arrivals] == [
        (1, 1, False),
        (2, 2, False),
        (1, 2, True),
        (2, 3, False),
    ]
    for path, old, new in ((one, 1, 1), (one, 2, 2), (two, 2, 3)):
        for table in tables_of_a_run():
            assert rows(out, table, new) == rows(path, table, old), table
    assert all(each.known for each in combine([two], out))
    with open_reader(out) as reader:
        assert verify(reader) == []
    assert litter(out) == []


def test_a_source_that_is_damaged_leaves_no_half_made_file(store: Callable[..., Path], tmp_path: Path) -> None:
    good, bad = store(), tmp_path / "bad.duckdb"
    bad.write_bytes(good.read_bytes()[:-300_000])
    out = tmp_path / "out.duckdb"
    with pytest.raises(StoreError, match="is damaged or cannot be read"):
        combine([good, bad], out)
    assert not out.exists()
    with pytest.raises(StoreError, match="is a source and the target"):
        combine([good], good)


def test_exported_parquet_holds_everything(store: Callable[..., Path], tmp_path: Path) -> None:
    path, out = store(MadeUp(seed=1), MadeUp(seed=2)), tmp_path / "it's out"
    files = export(path, out)
    assert all(each.is_file() for each in files)
    for table in tables_of_a_run():
        place = str(out / table / "*" / "*.parquet").replace("'", "''")
        columns = ", ".join(layout()[table])
        query = f"SELECT {columns} FROM read_parquet('{place}', hive_partitioning = true)"
        found = {tuple(map(repr, row)) for row in duckdb.sql(query).fetchall()}
        with duckdb.connect(str(path), read_only=True) as connection:
            stored = connection.execute(f"SELECT {columns} FROM {table}").fetchall()
        assert found == {tuple(map(repr, row)) for row in stored}, table
    with pytest.raises(StoreError, match="already exists"):
        export(path, out)


def test_the_largest_table_gets_what_the_others_leave(
    store: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurontui.store.admin.sizes.MANY", 1)
    with open_reader(store(BIG)) as reader:
        guessed = {each.table: each for each in health(reader).tables}
        counted = {each.table: each for each in health(reader, exact=True).tables}
    largest = max(counted, key=lambda table: counted[table].rows)
    assert guessed.pop(largest).rows == counted.pop(largest).rows
    assert guessed == counted


def test_health_counts_rows_and_bytes(store: Callable[..., Path]) -> None:
    path = store(BIG)
    with open_reader(path) as reader:
        found = health(reader)
    assert found.bytes == path.stat().st_size
    assert found.log_bytes == 0
    tables = {each.table: each for each in found.tables}
    assert tables["activations"].rows == BIG.examples * BIG.layers * BIG.neurons
    for table in shard_tables():
        assert tables[table].rows == len(rows(path, table)), table
    assert 0 < tables["mask_histogram"].bytes < found.bytes


KILLABLE = """
import sys
from pathlib import Path
from neurontui.store.admin.remove import remove
print("ready", flush=True)
remove(Path(sys.argv[1]), 2)
"""


def test_killed_while_removing_the_file_is_as_before_or_without_the_run(
    store: Callable[..., Path], tmp_path: Path
) -> None:
    kill_while_removing(store(MadeUp(seed=1), BIG), tmp_path, times=2)


def kill_while_removing(path: Path, folder: Path, times: int) -> int:
    """Kill `times` removals of run 2 of copies of a file at random moments; returns how many were still at work."""
    moments = Moments(random.Random(2), lasts=0.5)
    before = content(path, (1, 2))
    for number in range(times):
        copy = folder / f"copy{number}.duckdb"
        shutil.copy(path, copy)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLABLE, str(copy)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        moments.sleep()
        process.kill()
        process.communicate()
        moments.note(process.returncode != 0)
        after = content(copy, (1, 2))
        gone = not after["runs 2"]
        assert after == {k: [] if gone and k.endswith("2") else held for k, held in before.items()}
        if not gone:
            remove(copy, 2)
        else:
            with open_writer(copy):
                pass  # deletes the temporary files of the killed process
        assert content(copy, (1, 2)) == {k: [] if k.endswith("2") else v for k, v in before.items()}
        assert litter(copy) == []
    return moments.hit
