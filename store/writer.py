"""Opens a results file for writing: exclusively, waiting for other processes, and restricted to known folders."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from neurontui.store.connection import confine, connect_writer
from neurontui.store.duckdb_errors import explain, translate_write_errors
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.older_files import add_later
from neurontui.store.os_errors import first_line, no_room
from neurontui.store.reader import check_ours, require_file
from neurontui.store.sql_text import quoted

Wait = Callable[[str], None]
"""Called several times per second while another process uses the file, with a sentence that names it. Can raise."""

PAUSE = 0.25
"""Seconds between two attempts to lock the file."""


@contextmanager
def open_writer(
    path: Path, reads: Sequence[Path] = (), wait: Wait | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the file attached as `results`, locked against all other processes.

    It can read only the folders and files in `reads`. While another process uses the file, it waits and calls `wait`.
    It commits only the columns and tables that a file of an earlier version lacks. At the end it runs CHECKPOINT, so
    that no write-ahead log remains, and releases the lock.
    Raises StoreError if the file is missing, foreign, too new or damaged, or if the disk is full.
    """
    require_file(path)
    path = path.resolve()
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreError(f"{path} cannot be written: permission denied; copy it to a folder that you can write to.")
    connection = _attach(path, wait)
    scratch = scratch_of(path)
    try:
        # Only the process with the lock uses this folder, so any content is from a killed process.
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        with translate_write_errors(path):
            connection.execute(f"SET temp_directory = {quoted(scratch / 'spill')}")
            confine(connection, [scratch, *reads])
            check_ours(connection, "results", path)
            add_later(connection)
            yield connection
            connection.execute("CHECKPOINT results")
    except OSError as error:
        what = "the disk is full; make room" if no_room(error) else first_line(error)
        raise StoreError(f"Cannot write {path}: {what}.") from None
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def scratch_of(path: Path) -> Path:
    """Folder for temporary files while the file is written: on the same disk, deleted afterwards."""
    return path.resolve().with_name(f".{path.name}.scratch")


def pause(wait: Wait | None, busy: BusyError) -> None:
    """Call `wait` with the reason, then sleep for PAUSE seconds."""
    if wait is not None:
        wait(f"Waiting: {busy}")
    time.sleep(PAUSE)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit at the end; roll back if the block raises."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # a full disk can have ended the transaction
            connection.rollback()
        raise
    connection.commit()


def _attach(path: Path, wait: Wait | None) -> duckdb.DuckDBPyConnection:
    while True:
        before = _identity(path)
        connection = connect_writer()
        try:
            connection.execute(f"ATTACH {quoted(path)} AS results")
        except duckdb.Error as error:
            connection.close()
            failure = explain(error, path)
            if not isinstance(failure, BusyError):
                raise failure from None
            pause(wait, failure)
            continue
        # Another process can have replaced the file (`remove`) before it was locked.
        if _identity(path) == before:
            return connection
        connection.close()


def _identity(path: Path) -> tuple[int, int]:
    require_file(path)
    status = path.stat()
    return status.st_dev, status.st_ino
