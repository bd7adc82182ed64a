"""Copies runs from one attached results file to another, whole."""

from collections.abc import Mapping
from typing import Literal

import duckdb

from neurontui.store.schema import layout, named, tables_of_a_run

Keep = Literal["all", "aggregates"]


def copy_runs(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    target: str,
    numbers: Mapping[int, int],
    keep: Keep = "all",
) -> None:
    """Copy runs between attached databases; `numbers` says which run gets which number there.

    `keep='aggregates'` leaves out `activations`. Rows keep their order, on which quick reading rests.
    """
    for old, new in numbers.items():
        for table in tables_of_a_run():
            if table == "activations" and keep == "aggregates":
                continue
            columns = ", ".join(name for name in layout()[table] if name != "run")
            connection.execute(
                f"INSERT INTO {named(target)}.main.{table} (run, {columns}) "
                f"SELECT ?, {columns} FROM {named(source)}.main.{table} WHERE run = ?",
                [new, old],
            )
        if keep == "aggregates":
            connection.execute(
                f"DELETE FROM {named(target)}.main.checksums "
                "WHERE run = ? AND table_name = 'activations'",
                [new],
            )


def runs_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[int, tuple[str, str]]:
    """Number -> (key, name) of the runs of an attached file."""
    rows = connection.execute(
        f"SELECT run, key, name FROM {named(database)}.main.runs ORDER BY run"
    )
    return {int(run): (key, name) for run, key, name in rows.fetchall()}
