"""Opens results files read-only. SQL stored in an untrusted file cannot access files, the network or settings."""

import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from neurontui.store.cancellation import watched
from neurontui.store.connection import Limits, lock_settings, reader_settings
from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.errors import StoreError
from neurontui.store.older_files import LATER, LATER_TABLES, Stored
from neurontui.store.os_errors import first_line
from neurontui.store.schema import FORMAT, SCHEMA_VERSION, layout, layout_of
from neurontui.store.sql_text import named, quoted

_LONGEST_NAME = 200  # file systems take 255 bytes
# Macros stored in a file can shadow built-in functions, so names are fully qualified.
_READ_META = "SELECT key, value FROM {database}.main.meta LIMIT 100"


@dataclass(frozen=True)
class ResultsFile:
    """One open file: its path and its database name in SQL."""

    path: Path
    database: str
    schema_version: int
    tables: Stored


class Reader:
    """Read-only connections to one or several results files; a context manager.

    Use one cursor per thread; `cursor.interrupt()` stops only its own query.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, files: Sequence[ResultsFile]) -> None:
        self.files = tuple(files)
        self._connection = connection
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()

    def cursor(self, file: int = 0) -> duckdb.DuckDBPyConnection:
        """A separate connection in which the tables of file number `file` need no prefix."""
        cursor = watched(self._connection.cursor())
        cursor.execute(f"USE {named(self.files[file].database)}")
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close all cursors, so that other processes can write the file. Arrow readers must be closed before."""
        for cursor in list(self._cursors):
            cursor.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_reader(*paths: Path, limits: Limits | None = None) -> Reader:
    """Open one or several results files, read-only and with the restrictions of `connection`.

    Raises StoreError if a file is missing, foreign, too new or damaged, and BusyError while another process writes it.
    """
    limits = limits or Limits()
    if not paths:
        raise StoreError("No results file is named.")
    for path in paths:
        require_file(path)
    if len(paths) == 1:
        return _open_one(paths[0].resolve(), limits)
    return _open_many([path.resolve() for path in paths], limits)


def require_file(path: Path) -> None:
    """Raise StoreError if `path` is not a readable regular file."""
    try:
        if path.is_dir():
            raise StoreError(f"{path} is a folder; name the results file in it.")
        if not path.exists():
            raise StoreError(f"There is no results file at {path}; make one with `neurontui demo` or `neurontui run`.")
        if not path.is_file():
            raise StoreError(f"{path} is not a regular file; name a results file.")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path!s} cannot be read ({first_line(error)}).") from None
    require_name(path)
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path} cannot be read: permission denied; ask its owner for access.")


def require_name(path: Path) -> None:
    """Raise StoreError for a path that a results file cannot have; called before anything is measured."""
    resolved = path.resolve()
    try:
        str(resolved).encode()
    except UnicodeEncodeError:
        raise StoreError(f"{path} cannot be opened: its path is not UTF-8, which DuckDB requires; rename it.") from None
    if set("?\\") & set(str(resolved)):
        raise StoreError(
            f"{path} cannot be opened: its path contains ? or \\, which DuckDB interprets differently; rename it."
        )
    if len(resolved.name.encode()) > _LONGEST_NAME:
        raise StoreError(
            f"The name {path.name} is too long: temporary files next to it have longer names; "
            f"use at most {_LONGEST_NAME} bytes."
        )


def check_ours(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> int:
    """The schema version of an attached file. Raises StoreError if it is foreign, too new or lacks a table."""
    tables = layout_of(connection, database)
    if set(tables.get("meta", ())) != {"key", "value"}:
        raise _foreign(path)
    meta = dict(connection.execute(_READ_META.format(database=named(database))).fetchall())
    if meta.get("format") != FORMAT or not str(meta.get("schema_version")).isdigit():
        raise _foreign(path)
    version = int(meta["schema_version"])
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer neurontui (schema {version}, this one reads up to "
            f"{SCHEMA_VERSION}); update with: pip install -U neurontui."
        )
    for table, columns in layout().items():
        if table in LATER_TABLES and table not in tables and version < SCHEMA_VERSION:
            continue
        stored = tables.get(table, {})
        optional = LATER.get(table, ()) if version < SCHEMA_VERSION else ()
        needed = {name: kind for name, kind in columns.items() if name in stored or name not in optional}
        if any(name not in stored or kind not in ("", stored[name]) for name, kind in needed.items()):
            raise _differs(path, table, version)
    return version


def _open_one(path: Path, limits: Limits) -> Reader:
    settings = {**reader_settings(limits), "enable_external_access": "false"}
    with translate_read_errors(path):
        connection = duckdb.connect(str(path), read_only=True, config=settings)
    try:
        with translate_read_errors(path):
            lock_settings(connection)
            [(database,)] = connection.execute(
                "SELECT database_name FROM system.main.duckdb_databases() WHERE NOT internal"
            ).fetchall()
        file = _checked(connection, database, path)
    except BaseException:
        connection.close()
        raise
    return Reader(connection, [file])


def _open_many(paths: Sequence[Path], limits: Limits) -> Reader:
    connection = duckdb.connect(":memory:", config=reader_settings(limits))
    try:
        for number, path in enumerate(paths, 1):
            with translate_read_errors(path):
                connection.execute(f"ATTACH {quoted(path)} AS file{number} (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        lock_settings(connection)  # before anything stored in the files is read
        files = [_checked(connection, f"file{n}", path) for n, path in enumerate(paths, 1)]
    except BaseException:
        connection.close()
        raise
    return Reader(connection, files)


def _checked(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> ResultsFile:
    with translate_read_errors(path):
        version = check_ours(connection, database, path)
        return ResultsFile(path, database, version, layout_of(connection, database))


def _differs(path: Path, table: str, version: int) -> StoreError:
    if version < SCHEMA_VERSION:
        return StoreError(
            f"{path} was written by an older neurontui (schema {version}, this one reads {SCHEMA_VERSION}) with a "
            f"different table {table}; measure again, or read it with the version that wrote it."
        )
    return StoreError(
        f"{path} is damaged or was changed by another program: its table {table} does not have the "
        "expected columns; use an intact copy, or measure again."
    )


def _foreign(path: Path) -> StoreError:
    return StoreError(f"{path} is a DuckDB database, but not a results file of neurontui; name another file.")
