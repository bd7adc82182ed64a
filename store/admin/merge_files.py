"""Combines the runs of several results files in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from neurontui.store.admin.copy_runs import Keep, copy_runs, runs_of
from neurontui.store.duckdb_errors import explain
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.reader import check_ours, require_file, require_name
from neurontui.store.schema import create
from neurontui.store.sql_text import quoted
from neurontui.store.writer import Wait, open_writer, pause, transaction


@dataclass(frozen=True)
class Arrival:
    """A run of a source: its old number, its number in the combined file, and whether that file already had it."""

    source: Path
    name: str
    old: int
    new: int
    known: bool


def combine(sources: Sequence[Path], out: Path, keep: Keep = "all", wait: Wait | None = None) -> list[Arrival]:
    """Copy all runs of `sources` to `out`, which can already exist; the same run is stored only once.

    Either all runs are copied or none. Waits while another process uses a file. Raises StoreError for unusable files.
    """
    require_name(out)
    for source in sources:
        require_file(source)
        if out.exists() and source.samefile(out):
            raise StoreError(f"{out} is a source and the target; name a different --out.")
    fresh = not out.exists()
    create(out)
    try:
        with open_writer(out, [source.resolve() for source in sources], wait) as connection:
            for number, source in enumerate(sources):
                _attach(connection, source, f"source{number}", wait)
            with transaction(connection):
                return _copy_all(connection, sources, keep)
    except BaseException:
        if fresh:
            out.unlink(missing_ok=True)
        raise


def _copy_all(connection: duckdb.DuckDBPyConnection, sources: Sequence[Path], keep: Keep) -> list[Arrival]:
    runs = runs_of(connection, "results")
    numbers = {stored.identity: run for run, stored in runs.items()}
    free = max(runs, default=0) + 1
    arrivals = []
    for number, source in enumerate(sources):
        for old, stored in runs_of(connection, f"source{number}").items():
            present = stored.identity in numbers
            if not present:
                copy_runs(connection, f"source{number}", "results", {old: free}, keep)
                numbers[stored.identity] = free
                free += 1
            arrivals.append(Arrival(source, stored.name, old, numbers[stored.identity], present))
    return arrivals


def _attach(connection: duckdb.DuckDBPyConnection, source: Path, name: str, wait: Wait | None) -> None:
    while True:
        try:
            connection.execute(f"ATTACH {quoted(source.resolve())} AS {name} (READ_ONLY)")
            break
        except duckdb.Error as error:
            failure = explain(error, source)
            if not isinstance(failure, BusyError):
                raise failure from None
            pause(wait, failure)
    check_ours(connection, name, source)
