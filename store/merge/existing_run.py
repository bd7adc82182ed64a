"""Whether a run is in a results file already, and what a merge left behind that was killed right after."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from neurontui.store.admin.copy_runs import runs_of
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.journal.journal import delete_journal, journals_of, list_journals, run_folder
from neurontui.store.reader import open_reader
from neurontui.store.schema import named
from neurontui.store.writer import Wait, open_writer, pause, scratch_of

T = TypeVar("T")


def merged_run(results: Path, key: str, wait: Wait | None = None) -> int | None:
    """Number of the run with this key in a results file that may not exist; waits while it is written.

    Clears away what a merge of it left that was killed after its commit: ask before measuring.
    """
    run = _look(results, wait, lambda cursor, database: find_run(cursor, key, named(database)))
    if run is not None:
        _tidy(results, key, wait)
    return run


def find_run(connection: duckdb.DuckDBPyConnection, key: str, database: str = "results") -> int | None:
    """Number of the run with this key in an attached file, or None."""
    found = connection.execute(f"SELECT run FROM {database}.main.runs WHERE key = ? ORDER BY run", [key]).fetchall()
    return int(found[0][0]) if found else None


def run_merged_elsewhere(journal: Path, results: Path, wait: Wait | None) -> int:
    """Number of the run whose journal was merged and deleted by another process. Raises StoreError where it was not."""
    delete_journal(journal)  # an empty one: asking for its lock made it again

    def look(cursor: duckdb.DuckDBPyConnection, database: str) -> int | None:
        runs = runs_of(cursor, database).items()
        return next((number for number, run in runs if run_folder(run.name, run.key) == journal.name), None)

    run = _look(results, wait, look)
    if run is None:
        raise StoreError(f"There is no journal at {journal}; give the command of its run again.")
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
    mine = [each.path for each in list_journals(results) if each.key == key and not each.running]
    log = results.with_name(f"{results.name}.wal")
    left = [log, scratch_of(results), *mine, *journals.glob(".*.merged")]
    if not any(each.exists() for each in left):
        return
    with suppress(StoreError), open_writer(results, wait=wait):
        pass  # opening brings the log into the file and empties the scratch folder
    for each in left[2:]:
        delete_journal(each)
