"""Settings of DuckDB connections: what stored or pasted SQL may use, and which files it may read or write."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from neurontui.store.cancellation import watched
from neurontui.store.sql_text import quoted

Settings = dict[str, str | bool | int | float | list[str]]

_NO_CODE: Settings = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
"""No extensions, no Python variables, no temporary files."""
_WRITER_MEMORY = 4 << 30
"""Bytes; a merge with more memory only writes fewer temporary files."""


@dataclass(frozen=True)
class Limits:
    """Resources of a query. None means half of the memory, or every core."""

    memory_bytes: int | None = None
    threads: int | None = None
    seconds: float = 600.0


def reader_settings(limits: Limits) -> Settings:
    """Settings of a connection that reads untrusted files: no code, no temporary files, limited memory and time."""
    return {
        **_NO_CODE,
        "memory_limit": f"{limits.memory_bytes or half_the_memory()}B",
        "threads": str(limits.threads or cores()),
        "max_execution_time": str(int(limits.seconds * 1000)),
    }


def lock_settings(connection: duckdb.DuckDBPyConnection) -> None:
    """Deny access to the file system and lock all settings."""
    # DuckDB refuses or ignores these three as configuration. The lock has to be last.
    locked = connection.execute(
        "SELECT value FROM system.main.duckdb_settings() WHERE name = 'lock_configuration'"
    ).fetchall()
    if locked and locked[0][0] == "true":  # a file opened twice in one process shares its instance
        return
    connection.execute("SET max_temp_directory_size = '0KB'")
    connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
    connection.execute("SET lock_configuration = true")


def connect_writer() -> duckdb.DuckDBPyConnection:
    """A connection without attached files, with limited memory and without extensions."""
    settings: Settings = {
        **_NO_CODE,
        "memory_limit": f"{min(_WRITER_MEMORY, half_the_memory())}B",
        "threads": str(cores()),
    }
    return watched(duckdb.connect(":memory:", config=settings))


def confine(connection: duckdb.DuckDBPyConnection, places: Sequence[Path]) -> None:
    """Limit a connection to these files and folders and to the files that are already attached."""
    folders = [quoted(f"{place.resolve()}/") for place in places if place.is_dir()]
    single = [place.resolve() for place in places if not place.is_dir()]
    # The write-ahead log of a results file is next to it.
    files = [quoted(f"{file}{suffix}") for file in single for suffix in ("", ".wal")]
    connection.execute(f"SET allowed_directories = [{', '.join(folders)}]")
    connection.execute(f"SET allowed_paths = [{', '.join(files)}]")
    connection.execute("SET enable_external_access = false")


def half_the_memory() -> int:
    """Half of the machine's memory, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
