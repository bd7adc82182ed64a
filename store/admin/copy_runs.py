"""Copies runs from one attached results file to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from neurontui.store.languages.rows import add_languages
from neurontui.store.older_files import relation, select_list
from neurontui.store.schema import layout, layout_of, tables_of_a_run
from neurontui.store.sql_text import named

Keep = Literal["all", "aggregates"]


def copy_runs(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    target: str,
    numbers: Mapping[int, int],
    keep: Keep = "all",
) -> None:
    """Copy runs between attached databases; `numbers` maps old run numbers to new ones.

    `keep='aggregates'` leaves out `activations`. The order of rows is kept, because fast reading depends on it.
    Adds a row to `languages` of the target for every new language of the runs.
    """
    stored = layout_of(connection, source)
    for old, new in numbers.items():
        for table in tables_of_a_run():
            if table == "activations" and keep == "aggregates":
                continue
            columns = ", ".join(name for name in layout()[table] if name != "run")
            connection.execute(
                f"INSERT INTO {named(target)}.main.{table} (run, {columns}) "
                f"SELECT ?, {select_list(stored, table)} FROM {relation(stored, named(source), table)} WHERE run = ?",
                [new, old],
            )
        if keep == "aggregates":
            connection.execute(
                f"DELETE FROM {named(target)}.main.checksums WHERE run = ? AND table_name = 'activations'",
                [new],
            )
    _languages(connection, target, list(numbers.values()))


def _languages(connection: duckdb.DuckDBPyConnection, target: str, runs: Sequence[int]) -> None:
    rows = connection.execute(
        f"SELECT language FROM {named(target)}.main.run_languages WHERE list_contains(?, run) ORDER BY run, bit",
        [runs],
    ).fetchall()
    add_languages(connection, target, [code for (code,) in rows])


@dataclass(frozen=True)
class StoredRun:
    """A run of an attached file, and its identity."""

    key: str
    name: str
    model: str
    revision: str | None

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """Equal only for the same run. Earlier versions gave all models of the hub the same key."""
        return self.key, self.model, self.revision


def runs_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[int, StoredRun]:
    """The runs of an attached file by number."""
    rows = connection.execute(f"SELECT run, key, name, model, revision FROM {named(database)}.main.runs ORDER BY run")
    return {int(run): StoredRun(*fields) for run, *fields in rows.fetchall()}
