"""Gives space back: a results file is copied without what is to go, and the copy takes its place at once."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from neurontui.store.admin.copy_runs import Keep, StoredRun, copy_runs, runs_of
from neurontui.store.errors import StoreError
from neurontui.store.journal.shards import sync_folder
from neurontui.store.reader import explaining
from neurontui.store.schema import create_at, layout, layout_of, quoted
from neurontui.store.writer import Wait, open_writer, scratch_of

Runs = dict[int, StoredRun]


def remove(path: Path, run: int | str, wait: Wait | None = None) -> int:
    """Remove a run, named by number, key or name, and give its space back; returns how many bytes.

    Waits while another process has the file. Killed at any moment, the file is as before or without the run.
    Raises StoreError where there is no such run, or several of that name.
    """
    return _rewrite(path, lambda runs: _without(runs, run, path), "all", wait)


def compact(path: Path, keep: Keep = "all", wait: Wait | None = None) -> int:
    """Give unused space back, and with `keep='aggregates'` that of the single masks; returns how many bytes."""
    return _rewrite(path, lambda runs: runs, keep, wait)


def _rewrite(path: Path, choose: Callable[[Runs], Runs], keep: Keep, wait: Wait | None) -> int:
    with open_writer(path, wait=wait) as connection:
        before = path.stat().st_size
        _require_only_ours(connection, path)
        kept = choose(runs_of(connection, "results"))
        copy = scratch_of(path) / "copy.duckdb"
        create_at(copy)
        connection.execute(f"ATTACH {quoted(copy)} AS copy")
        copy_runs(connection, "results", "copy", {run: run for run in kept}, keep)
        connection.execute("CHECKPOINT copy")
        connection.execute("DETACH copy")
        copy.chmod(path.stat().st_mode & 0o7777)
        copy.replace(path.resolve())
        sync_folder(path.resolve().parent)
        return before - path.stat().st_size


def _without(runs: Runs, run: int | str, path: Path) -> Runs:
    found = [number for number, stored in runs.items() if run in (number, str(number), stored.key, stored.name)]
    if not found:
        known = "; ".join(f"{number}: {stored.name}" for number, stored in runs.items()) or "none"
        raise StoreError(f"{path} holds no run {run!r}; its runs are {known}.")
    if len(found) > 1:
        raise StoreError(f"{path} holds {len(found)} runs {run!r}; name one by number: {found}.")
    return {number: each for number, each in runs.items() if number not in found}


def _require_only_ours(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    # A copy would lose what we do not know, without a word.
    with explaining(path):
        foreign = sorted(set(layout_of(connection, "results")) - set(layout()))
    if foreign:
        raise StoreError(
            f"{path} also holds {', '.join(foreign)}, which neurontui did not write and a copy would lose; "
            "move that to another file first (DROP it here)."
        )
