"""Checksums of the tables of a run at its merge, to detect later changes.

A digest is the sum of DuckDB's hash of every row. It does not depend on the order of rows; a core hashes 100 M rows/s.
Columns that earlier versions lack are added where they are not NULL, so a file keeps its digests when it gets them.
"""

from dataclasses import dataclass

import duckdb

from neurontui.store.older_files import LATER, Stored
from neurontui.store.schema import layout, layout_of, tables_of_a_run
from neurontui.store.sql_text import named

_PROBE = "hash(1::INTEGER, 2::UBIGINT, 0.5::DOUBLE, 'neuron', [3], NULL::BOOLEAN)"


@dataclass(frozen=True)
class Difference:
    """A table of a run that has changed since its merge; `then` and `now` count rows."""

    run: int
    table: str
    then: int
    now: int


def store(connection: duckdb.DuckDBPyConnection, run: int) -> None:
    """Write rows and digest of every table of a run to `checksums`, replacing earlier ones."""
    stored = layout_of(connection, "results")
    digests = [(run, table, *_digest(connection, "results", stored, table, run)) for table in _summed()]
    connection.execute("DELETE FROM results.checksums WHERE run = ?", [run])
    connection.executemany(f"INSERT INTO results.checksums SELECT ?, ?, ?, ?, {_PROBE}", digests)


def differences(connection: duckdb.DuckDBPyConnection, database: str) -> tuple[list[Difference], list[int]]:
    """Tables that differ from their checksums, and runs whose checksums this version of DuckDB cannot compare.

    Runs without checksums count as not comparable.
    """
    source, stored = named(database), layout_of(connection, database)
    changed, not_comparable = [], []
    for (run,) in connection.execute(f"SELECT run FROM {source}.main.runs ORDER BY run").fetchall():
        merged = _at_merge(connection, source, run)
        if not merged:
            not_comparable.append(run)
        for table, (then, digest) in merged.items():
            now, current = _digest(connection, database, stored, table, run)
            if (now, current) != (then, digest):
                changed.append(Difference(run, table, then, now))
    return changed, not_comparable


def _at_merge(connection: duckdb.DuckDBPyConnection, source: str, run: int) -> dict[str, tuple[int, int]]:
    rows = connection.execute(
        f"SELECT table_name, n_rows, digest FROM {source}.main.checksums WHERE run = ? AND probe = {_PROBE}",
        [run],
    ).fetchall()
    return {table: (n, digest) for table, n, digest in rows if table in _summed()}


def _digest(
    connection: duckdb.DuckDBPyConnection, database: str, stored: Stored, table: str, run: int
) -> tuple[int, int]:
    later = [name for name in LATER.get(table, ()) if name in stored[table]]
    columns = ", ".join(name for name in layout()[table] if name not in ("run", *LATER.get(table, ())))
    hashes = [f"hash({columns})", *(f"if({name} IS NULL, 0, hash({columns}, '{name}', {name}))" for name in later)]
    [(rows, digest)] = connection.execute(
        f"SELECT count(*), coalesce(({' + '.join(f'sum({one})' for one in hashes)}) % {1 << 64}, 0) "
        f"FROM {named(database)}.main.{table} WHERE run = ?",
        [run],
    ).fetchall()
    return int(rows), int(digest)


def _summed() -> list[str]:
    return [table for table in tables_of_a_run() if table != "checksums"]
