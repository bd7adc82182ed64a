"""Interrupts all DuckDB connections of this process, for Ctrl+C.

DuckDB checks for signals only between its tasks, and one task can take minutes.
"""

import weakref
from contextlib import suppress

import duckdb

_LIVE: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()


def watched(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Register a connection for `interrupt_all`; returns the connection."""
    _LIVE.add(connection)
    return connection


def interrupt_all() -> None:
    """Interrupt the running queries of all connections. Can be called from any thread."""
    for connection in list(_LIVE):
        with suppress(duckdb.Error):  # the connection may have closed
            connection.interrupt()
