"""Finds a run in a results file, and cleans up after a merge that was killed."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from neurontui.store.admin.copy_runs import runs_of
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.journal.journal import delete_journal, journals_of, list_journals, run_folder
from neurontui.store.reader import open_reader
from neurontui.store.sql_text import named
from neurontui.store.writer import Wait, open_writer, pause, scratch_of

T = TypeVar("T")


def merged_run(results: Path, key: str, wait: Wait | None = None) -> int | None:
    """Number of the run with this key, or None; the results file need not exist. Waits while it is being written.

    Also deletes what remains of a merge of this run that was killed after its commit, so call this before measuring.
    """
    run = _look(results, wait, lambda cursor, database: find_run(cursor, key, named(database)))
    if run is not None:
        _tidy(results, key, wait)
    return run


def find_run(connection: duckdb.DuckDBPyConnection, key: str, database: str = "results") -> int | None:
    """Number of the run with this key in an attached file, or None."""
    rows = connection.execute(f"SELECT run FROM {database}.main.runs WHERE key = ? ORDER BY run", [key]).fetchall()
    return int(rows[0][0]) if rows else None


def run_merged_elsewhere(journal: Path, results: Path, wait: Wait | None) -> int:
    """Number of a run whose journal another process has merged and deleted. Raises StoreError if there is none."""
    delete_journal(journal)  # empty: acquiring its lock created the folder again

    def look(cursor: duckdb.DuckDBPyConnection, database: str) -> int | None:
        runs = runs_of(cursor, database).items()
        return next((number for number, run in runs if run_folder(run.name, run.key) == journal.name), None)

    run = _look(results, wait, look)
    if run is None:
        raise StoreError(f"There is no journal at {journal}; rerun the command of its run.")
    return run


def _look(results: Path, wait: Wait | None, look: Callable[[duckdb.DuckDBPyConnection, str], T]) -> T | None:
    while results.exists():
        try:
            with open_reader(results) as reader:
                return look(reader.cursor(), reader.files[0].database)
        except BusyError as busy:
            pause(wait, busy)
    return None


def _tidy(results: Path, key: str, wait: Wait | None) -> None:
    journals = journals_of(results)
    merged = [run.path for run in list_journals(results) if run.key == key and not run.running]
    merged += journals.glob(".*.merged")
    log = results.with_name(f"{results.name}.wal")
    if not any(path.exists() for path in (log, scratch_of(results), *merged)):
        return
    with suppress(StoreError), open_writer(results, wait=wait):
        pass  # opening applies the write-ahead log and empties the scratch folder
    for journal in merged:
        delete_journal(journal)
