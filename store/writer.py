"""The one way to write a results file: alone, waiting politely for whoever has it, and hardened like the reader."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from neurontui.store.errors import BusyError, StoreError
from neurontui.store.reader import check_ours, cores, explain, half_the_memory, require_file
from neurontui.store.schema import first_line, quoted

Wait = Callable[[str], None]
"""Called about once a second while another process has the file, with a sentence that names it; may raise to give up."""

_PAUSE = 0.5
_FULL = ("No space left", "not enough disk space", "File too large", "Disk quota exceeded")
# What a merge may hold in memory; more only makes it spill less.
_MEMORY = 4 << 30


@contextmanager
def open_writer(
    path: Path, reads: Sequence[Path] = (), wait: Wait | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the file attached as `results`, locked against every other process.

    It can read the folders of `reads` and nothing else. Waits while another process has the file, telling `wait`.
    Commits nothing by itself; CHECKPOINTs and lets go at the end, so that no log is left beside the file.
    Raises StoreError where the file is missing, foreign, too new, damaged, or the disk is full.
    """
    require_file(path)
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreError(
            f"{path} cannot be written: permission denied; copy it to a folder of yours."
        )
    spill = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".spill", dir=path.parent))
    try:
        connection = _attach(path.resolve(), spill, wait)
        try:
            _confine(connection, [spill, *reads])
            with telling_writes(path):
                check_ours(connection, "results", path)
                yield connection
                connection.execute("CHECKPOINT results")
        finally:
            connection.close()
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def pause(wait: Wait | None, busy: BusyError) -> None:
    """Tell `wait` for whom we wait, and sleep a little."""
    if wait is not None:
        wait(f"Waiting: {busy}")
    time.sleep(_PAUSE)


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
        if any(sign in str(error) for sign in _FULL):
            raise StoreError(
                f"Cannot write {path}: the disk is full; make room and give the same command again: "
                "nothing that was in the file is lost."
            ) from None
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StoreError(
                f"Cannot write {path}: memory or the room for temporary files beside it ran out "
                f"({first_line(error)}); make room and give the same command again."
            ) from None
        raise explain(error, path) from None


def _attach(path: Path, spill: Path, wait: Wait | None) -> duckdb.DuckDBPyConnection:
    while True:
        before = _identity(path)
        connection = _connect(spill)
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


def _connect(spill: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{min(_MEMORY, half_the_memory())}B",
            "threads": str(cores()),
            "temp_directory": str(spill),
        },
    )


def _confine(connection: duckdb.DuckDBPyConnection, folders: Sequence[Path]) -> None:
    allowed = ", ".join(quoted(f"{folder.resolve()}/") for folder in folders)
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
