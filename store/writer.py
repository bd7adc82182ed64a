"""The one way to write a results file: alone, waiting politely for whoever has it, and hardened like the reader."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from neurontui.store.cancellation import watched
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.reader import check_ours, cores, explain, half_the_memory, require_file
from neurontui.store.schema import first_line, no_room, quoted

Wait = Callable[[str], None]
"""Called a few times a second while another process has the file, with a sentence that names it; may raise to give up."""

PAUSE = 0.25
"""Seconds between two tries to get hold of the file."""
# What a merge may hold in memory; more only makes it spill less.
_MEMORY = 4 << 30


@contextmanager
def open_writer(
    path: Path, reads: Sequence[Path] = (), wait: Wait | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the file attached as `results`, locked against every other process.

    It can read the folders and files of `reads` and nothing else. Waits while another process has the file, telling
    `wait`. Commits nothing by itself; CHECKPOINTs and lets go at the end, so that no log is left beside the file.
    Raises StoreError where the file is missing, foreign, too new, damaged, or the disk is full.
    """
    require_file(path)
    path = path.resolve()
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreError(f"{path} cannot be written: permission denied; copy it to a folder of yours.")
    connection = _attach(path, wait)
    scratch = scratch_of(path)
    try:
        # Ours alone while we have the file: what lies there was left by a process that was killed.
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        with telling_writes(path):
            connection.execute(f"SET temp_directory = {quoted(scratch / 'spill')}")
            confine(connection, [scratch, *reads])
            check_ours(connection, "results", path)
            yield connection
            connection.execute("CHECKPOINT results")
    except OSError as error:
        what = "the disk is full; make room" if no_room(error) else first_line(error)
        raise StoreError(f"Cannot write {path}: {what}.") from None
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def scratch_of(path: Path) -> Path:
    """Folder for temporary files of whoever writes the file; on the same disk, gone afterwards."""
    return path.resolve().with_name(f".{path.name}.scratch")


def pause(wait: Wait | None, busy: BusyError) -> None:
    """Tell `wait` for whom we wait, and sleep a little."""
    if wait is not None:
        wait(f"Waiting: {busy}")
    time.sleep(PAUSE)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # a full disk may have ended it already
            connection.rollback()
        raise
    connection.commit()


@contextmanager
def telling_writes(path: Path) -> Iterator[None]:
    """Turn errors of DuckDB while writing the file at `path` into sentences."""
    try:
        yield
    except duckdb.Error as error:
        if no_room(error):
            raise StoreError(
                f"Cannot write {path}: the disk is full; make room and give the same command again: "
                "nothing that was in the file is lost."
            ) from None
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StoreError(
                f"Cannot write {path}: memory or the room for temporary files beside it ran out "
                f"({first_line(error)}); make room and give the same command again."
            ) from None
        if isinstance(error, duckdb.DataError | duckdb.IntegrityError):
            raise StoreError(
                f"What was to be written into {path} does not fit ({first_line(error)}); nothing was written."
            ) from None
        if isinstance(error, duckdb.ProgrammingError):  # a fault of ours, not of the file
            raise
        raise explain(error, path) from None


def connect_bare() -> duckdb.DuckDBPyConnection:
    """A connection with nothing attached, whose memory is bounded and which loads no extension."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "memory_limit": f"{min(_MEMORY, half_the_memory())}B",
        "threads": str(cores()),
        "temp_directory": "",
    }
    return watched(duckdb.connect(":memory:", config=config))


def confine(connection: duckdb.DuckDBPyConnection, places: Sequence[Path]) -> None:
    """From here on the connection reaches these files and folders, what it has attached, and nothing else."""
    folders = [quoted(f"{each.resolve()}/") for each in places if each.is_dir()]
    single = [each.resolve() for each in places if not each.is_dir()]
    # A results file has its log beside it.
    files = [quoted(f"{each}{suffix}") for each in single for suffix in ("", ".wal")]
    connection.execute(f"SET allowed_directories = [{', '.join(folders)}]")
    connection.execute(f"SET allowed_paths = [{', '.join(files)}]")
    connection.execute("SET enable_external_access = false")


def _attach(path: Path, wait: Wait | None) -> duckdb.DuckDBPyConnection:
    while True:
        before = _identity(path)
        connection = connect_bare()
        try:
            connection.execute(f"ATTACH {quoted(path)} AS results")
        except duckdb.Error as error:
            connection.close()
            failure = explain(error, path)
            if not isinstance(failure, BusyError):
                raise failure from None
            pause(wait, failure)
            continue
        # A compaction may have put another file in its place between opening and locking.
        if _identity(path) == before:
            return connection
        connection.close()


def _identity(path: Path) -> tuple[int, int]:
    require_file(path)
    status = path.stat()
    return status.st_dev, status.st_ino
