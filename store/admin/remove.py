"""Removes a run: copies the other runs to a new file, which then replaces the results file."""

from pathlib import Path

import duckdb

from neurontui.store.admin.copy_runs import StoredRun, copy_runs, runs_of
from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.errors import StoreError
from neurontui.store.journal.shards import sync_folder
from neurontui.store.schema import create_at, layout, layout_of
from neurontui.store.sql_text import quoted
from neurontui.store.writer import Wait, open_writer, scratch_of

Runs = dict[int, StoredRun]


def remove(path: Path, run: int | str, wait: Wait | None = None) -> int:
    """Remove a run by number, key or name; returns the bytes freed on disk.

    Waits while another process uses the file. If the process is killed, the file either still has the run or not.
    Raises StoreError if there is no such run, or several with this name.
    """
    with open_writer(path, wait=wait) as connection:
        before = path.stat().st_size
        _require_only_ours(connection, path)
        kept = _without(runs_of(connection, "results"), run, path)
        copy = scratch_of(path) / "copy.duckdb"
        create_at(copy)
        connection.execute(f"ATTACH {quoted(copy)} AS copy")
        copy_runs(connection, "results", "copy", {number: number for number in kept})
        connection.execute("CHECKPOINT copy")
        connection.execute("DETACH copy")
        copy.chmod(path.stat().st_mode & 0o7777)
        copy.replace(path.resolve())
        sync_folder(path.resolve().parent)
        return before - path.stat().st_size


def _without(runs: Runs, run: int | str, path: Path) -> Runs:
    matches = [number for number, stored in runs.items() if run in (number, str(number), stored.key, stored.name)]
    if not matches:
        present = "; ".join(f"{number}: {stored.name}" for number, stored in runs.items()) or "none"
        raise StoreError(f"{path} has no run {run!r}; its runs are {present}.")
    if len(matches) > 1:
        raise StoreError(f"{path} has {len(matches)} runs {run!r}; name one by number: {matches}.")
    return {number: stored for number, stored in runs.items() if number not in matches}


def _require_only_ours(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    # The copy has only the tables of the schema; others would be lost silently.
    with translate_read_errors(path):
        foreign = sorted(set(layout_of(connection, "results")) - set(layout()))
    if foreign:
        raise StoreError(
            f"{path} also holds {', '.join(foreign)}, which neurontui did not write and would lose; "
            "move these tables to another file first (DROP them here)."
        )
