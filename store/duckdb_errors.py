"""Translates errors of DuckDB about a results file. Damaged blocks are detected when read, so any query can fail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from neurontui.store.errors import BusyError, NeurontuiError, QueryError, StoreError
from neurontui.store.os_errors import first_line, no_room

_HOLDER = re.compile(r"Conflicting lock is held in (\S+) \(PID (\d+)\)")


def explain(error: duckdb.Error, path: Path) -> NeurontuiError:
    """The NeurontuiError for an error of DuckDB about the file at `path`."""
    text = str(error)
    holder = _HOLDER.search(text)
    if holder:
        program = Path(holder[1]).name
        return BusyError(
            f"{path} is in use by another process ({program}, PID {holder[2]}); try again when it has finished."
        )
    if isinstance(error, duckdb.ConnectionException) or "file handle conflict" in text:
        return BusyError(f"{path} is already open in this process; close it first.")
    if "not a valid DuckDB database file" in text:
        return StoreError(f"{path} is not a results file of neurontui: it is not a DuckDB database.")
    if "version number" in text:
        return StoreError(
            f"{path} was written by a newer DuckDB than the one installed here "
            f"({duckdb.__version__}); update with: pip install -U duckdb."
        )
    if isinstance(error, duckdb.PermissionException) or "Permission denied" in text:
        return StoreError(f"{path} cannot be read: permission denied; ask its owner for access.")
    if isinstance(error, duckdb.InterruptException):
        return QueryError(f"Reading {path} was cancelled or exceeded its time limit.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(f"Reading {path} exceeded its memory limit; reduce the amount of data.")
    return StoreError(
        f"{path} is damaged or cannot be read ({first_line(error)}); use an intact copy, or measure again."
    )


@contextmanager
def translate_read_errors(path: Path) -> Iterator[None]:
    """Raise NeurontuiErrors for errors of DuckDB while the file at `path` is read."""
    try:
        yield
    except duckdb.Error as error:
        raise explain(error, path) from None


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Raise StoreError for errors of DuckDB while the file at `path` is written."""
    try:
        yield
    except duckdb.Error as error:
        if no_room(error):
            raise StoreError(
                f"Cannot write {path}: the disk is full; make room and rerun the same command. "
                "The content of the file is unchanged."
            ) from None
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StoreError(
                f"Cannot write {path}: out of memory, or out of disk space for temporary files next to it "
                f"({first_line(error)}); make room and rerun the same command."
            ) from None
        if isinstance(error, duckdb.DataError | duckdb.IntegrityError):
            raise StoreError(
                f"Cannot write {path}: a value does not fit ({first_line(error)}); nothing was written."
            ) from None
        if isinstance(error, duckdb.ProgrammingError):  # a bug, not a fault of the file
            raise
        raise explain(error, path) from None
