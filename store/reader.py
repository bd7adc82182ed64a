"""Opens results files for reading, also from strangers: nothing stored in them reaches a file, the network or a setting.

Damage is told in a sentence. DuckDB checks each block as it reads it, so it may also turn up at a query: `explain` says it.
"""

import os
import re
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from neurontui.store.cancellation import watched
from neurontui.store.errors import BusyError, NeurontuiError, QueryError, StoreError
from neurontui.store.schema import (
    FORMAT,
    SCHEMA_VERSION,
    first_line,
    layout,
    layout_of,
    named,
    quoted,
)

_HOLDER = re.compile(r"Conflicting lock is held in (\S+) \(PID (\d+)\)")
_LONGEST_NAME = 200  # file systems take 255 bytes
# Own macros of a file shadow built-in functions; these names reach past them.
_READ_META = "SELECT key, value FROM {database}.main.meta LIMIT 100"


@dataclass(frozen=True)
class Limits:
    """What a query may use. None: half of the memory, every core, ten minutes."""

    memory_bytes: int | None = None
    threads: int | None = None
    seconds: float = 600.0


@dataclass(frozen=True)
class ResultsFile:
    """One open file: where it lies and under which name SQL knows it."""

    path: Path
    database: str
    schema_version: int


class Reader:
    """Read-only connections to one or several results files; a context manager.

    Take a cursor a thread; `cursor.interrupt()` stops its query and no other.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, files: Sequence[ResultsFile]) -> None:
        self.files = tuple(files)
        self._connection = connection
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()

    def cursor(self, file: int = 0) -> duckdb.DuckDBPyConnection:
        """A connection of its own, for which the tables of file number `file` need no prefix."""
        cursor = watched(self._connection.cursor())
        cursor.execute(f"USE {named(self.files[file].database)}")
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close every cursor, so that another process may write the file. Arrow readers must be gone by then."""
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
    """Open one or several results files, read-only and hardened.

    Raises StoreError where a file is missing, no database, not ours, too new or damaged, BusyError while it is written.
    """
    limits = limits or Limits()
    if not paths:
        raise StoreError("No results file is named.")
    for path in paths:
        require_file(path)
    if len(paths) == 1:
        return _open_one(paths[0].resolve(), limits)
    return _open_many([path.resolve() for path in paths], limits)


def explain(error: duckdb.Error, path: Path) -> NeurontuiError:
    """What an error of DuckDB means for the file at `path`, as a failure with an exit code."""
    text = str(error)
    holder = _HOLDER.search(text)
    if holder:
        program = Path(holder[1]).name
        return BusyError(
            f"{path} is in use by another process ({program}, PID {holder[2]}); try again when it has finished."
        )
    if isinstance(error, duckdb.ConnectionException) or "file handle conflict" in text:
        return BusyError(f"{path} is open in this process already; close it first.")
    if "not a valid DuckDB database file" in text:
        return StoreError(f"{path} is not a results file of neurontui: it is no DuckDB database.")
    if "version number" in text:
        return StoreError(
            f"{path} was written by a newer DuckDB than the one installed here "
            f"({duckdb.__version__}); update with: pip install -U duckdb."
        )
    if isinstance(error, duckdb.PermissionException) or "Permission denied" in text:
        return StoreError(f"{path} cannot be read: permission denied; ask its owner for access.")
    if isinstance(error, duckdb.InterruptException):
        return QueryError(f"Reading {path} was cancelled, or took longer than it may.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(f"Reading {path} needs more memory than it may have; ask for less of it.")
    return StoreError(
        f"{path} is damaged or cannot be read ({first_line(error)}); take a copy that is whole, or measure again."
    )


def require_file(path: Path) -> None:
    """Raise StoreError where `path` is no ordinary file that can be read."""
    try:
        if path.is_dir():
            raise StoreError(f"{path} is a folder; name the results file in it.")
        if not path.exists():
            raise StoreError(f"There is no results file at {path}; make one with `neurontui demo` or `neurontui run`.")
        if not path.is_file():
            raise StoreError(f"{path} is no ordinary file; name a results file.")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path!s} cannot be read ({first_line(error)}).") from None
    require_name(path)
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path} cannot be read: permission denied; ask its owner for access.")


def require_name(path: Path) -> None:
    """Raise StoreError for a name that a results file cannot have, before anything is measured into it."""
    resolved = path.resolve()
    try:
        str(resolved).encode()
    except UnicodeEncodeError:
        raise StoreError(
            f"{path} cannot be opened: its path is not UTF-8, and DuckDB knows no other; rename it."
        ) from None
    if set("?\\") & set(str(resolved)):
        raise StoreError(
            f"{path} cannot be opened: its path has a ? or \\, which DuckDB reads in another way; rename it."
        )
    if len(resolved.name.encode()) > _LONGEST_NAME:
        raise StoreError(
            f"The name {path.name} is too long: what is written beside the file needs room for a "
            f"longer one; use at most {_LONGEST_NAME} bytes."
        )


def check_ours(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> int:
    """The schema version of an attached file. Raises StoreError where it is not ours, too new, or lacks a table."""
    found = layout_of(connection, database)
    if set(found.get("meta", ())) != {"key", "value"}:
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
        there = found.get(table, {})
        if any(name not in there or kind not in ("", there[name]) for name, kind in columns.items()):
            raise _differs(path, table, version)
    return version


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn errors of DuckDB about the file at `path` into sentences."""
    try:
        yield
    except duckdb.Error as error:
        raise explain(error, path) from None


def hardened(limits: Limits) -> dict[str, str | bool | int | float | list[str]]:
    """The configuration that keeps SQL from loading code, looking into Python, spilling to disk and eating the machine."""
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
        "memory_limit": f"{limits.memory_bytes or half_the_memory()}B",
        "threads": str(limits.threads or cores()),
        "max_execution_time": str(int(limits.seconds * 1000)),
    }


def half_the_memory() -> int:
    """Half of the machine's memory, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _open_one(path: Path, limits: Limits) -> Reader:
    config = {**hardened(limits), "enable_external_access": "false"}
    with explaining(path):
        connection = duckdb.connect(str(path), read_only=True, config=config)
    try:
        with explaining(path):
            _lock_down(connection)
            [(database,)] = connection.execute(
                "SELECT database_name FROM system.main.duckdb_databases() WHERE NOT internal"
            ).fetchall()
        file = _checked(connection, database, path)
    except BaseException:
        connection.close()
        raise
    return Reader(connection, [file])


def _open_many(paths: Sequence[Path], limits: Limits) -> Reader:
    connection = duckdb.connect(":memory:", config=hardened(limits))
    try:
        for number, path in enumerate(paths, 1):
            with explaining(path):
                connection.execute(f"ATTACH {quoted(path)} AS file{number} (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        _lock_down(connection)  # before anything stored is looked at
        files = [_checked(connection, f"file{n}", path) for n, path in enumerate(paths, 1)]
    except BaseException:
        connection.close()
        raise
    return Reader(connection, files)


def _checked(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> ResultsFile:
    with explaining(path):
        return ResultsFile(path, database, check_ours(connection, database, path))


def _lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    # These three are refused or ignored as configuration; the order matters, the lock comes last.
    locked = connection.execute(
        "SELECT value FROM system.main.duckdb_settings() WHERE name = 'lock_configuration'"
    ).fetchall()
    if locked and locked[0][0] == "true":  # opened twice in this process: one instance, already safe
        return
    connection.execute("SET max_temp_directory_size = '0KB'")
    connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
    connection.execute("SET lock_configuration = true")


def _differs(path: Path, table: str, version: int) -> StoreError:
    if version < SCHEMA_VERSION:
        return StoreError(
            f"{path} was written by an older neurontui (schema {version}, this one reads {SCHEMA_VERSION}): its "
            f"table {table} was laid out otherwise; measure again, or read it with the version that made it."
        )
    return StoreError(
        f"{path} is damaged or was changed by another program: its table {table} is not as "
        "neurontui writes it; take a copy that is whole, or measure again."
    )


def _foreign(path: Path) -> StoreError:
    return StoreError(f"{path} is a DuckDB database, but not a results file of neurontui; name another file.")
