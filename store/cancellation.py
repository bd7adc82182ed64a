"""Every connection that may be at work, so that one Ctrl+C stops them all.

DuckDB looks for signals between its tasks alone, and one task may take minutes.
"""

import weakref
from contextlib import suppress

import duckdb

_LIVE: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()


def watched(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection, which `interrupt_all` will stop from now on."""
    _LIVE.add(connection)
    return connection


def interrupt_all() -> None:
    """Stop whatever any connection is doing; from any thread. One that does nothing takes no notice."""
    for connection in list(_LIVE):
        with suppress(duckdb.Error):  # it may just have closed
            connection.interrupt()
