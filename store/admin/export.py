"""Exports a results file as Parquet, one folder per table and run, for engines other than DuckDB."""

import shutil
from pathlib import Path

import duckdb

from neurontui.store.admin.copy_runs import runs_of
from neurontui.store.connection import confine, connect_writer
from neurontui.store.duckdb_errors import explain, translate_write_errors
from neurontui.store.errors import StoreError
from neurontui.store.older_files import relation, select_list
from neurontui.store.os_errors import first_line, no_room
from neurontui.store.reader import check_ours, require_file, require_name
from neurontui.store.schema import layout_of, tables_of_a_run
from neurontui.store.sql_text import quoted

_PARQUET = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2"


def export(path: Path, out: Path) -> list[Path]:
    """Write `out/<table>/run=<n>/data.parquet` for every table and run, and `out/languages.parquet`; returns the paths.

    Each table is a hive-partitioned data set. The folder is created atomically.
    Raises StoreError if `out` already exists, or if the disk is full.
    """
    require_file(path)
    require_name(out)
    if out.exists():
        raise StoreError(f"{out} already exists; name a new folder, or delete it first.")
    scratch = out.resolve().with_name(f".{out.name}.export")
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        with translate_write_errors(out), connect_writer() as connection:
            _attach(connection, path, scratch)
            files = _write(connection, scratch)
        scratch.replace(out)
    except OSError as error:
        what = "the disk is full; make room" if no_room(error) else first_line(error)
        raise StoreError(f"Cannot write {out}: {what}.") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [out / file.relative_to(scratch) for file in files]


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> None:
    try:
        connection.execute(f"ATTACH {quoted(path.resolve())} AS results (READ_ONLY)")
    except duckdb.Error as error:
        raise explain(error, path) from None
    confine(connection, [scratch])
    check_ours(connection, "results", path)


def _write(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    files = [folder / "languages.parquet"]
    _copy(connection, "FROM results.languages", files[0])
    stored = layout_of(connection, "results")
    for run in runs_of(connection, "results"):
        for table in tables_of_a_run():
            file = folder / table / f"run={run}" / "data.parquet"
            file.parent.mkdir(parents=True)
            rows = relation(stored, "results", table)
            _copy(connection, f"SELECT {select_list(stored, table)} FROM {rows} WHERE run = {run}", file)
            files.append(file)
    return files


def _copy(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    connection.execute(f"COPY ({query}) TO {quoted(file)} ({_PARQUET})")
