"""What results files hold, comparably."""

import math
from collections.abc import Iterable
from pathlib import Path

import duckdb

from neurontui.store.schema import layout, tables_of_a_run

Row = tuple[object, ...]


def rows(path: Path, table: str, run: int = 1) -> list[Row]:
    """All rows of a table of a run, without `run`, sorted."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return _rows(connection, table, run)


def content(path: Path, runs: Iterable[int] = (1,)) -> dict[str, list[Row]]:
    """Every table of these runs, sorted: two files are alike where this is equal."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return {f"{table} {run}": _rows(connection, table, run) for table in tables_of_a_run() for run in runs}


def _rows(connection: duckdb.DuckDBPyConnection, table: str, run: int) -> list[Row]:
    columns = ", ".join(name for name in layout()[table] if name != "run")
    query = f"SELECT {columns} FROM {table} WHERE run = ?"
    return ordered(connection.execute(query, [run]).fetchall())


def ordered(found: Iterable[Row]) -> list[Row]:
    """Rows in an order that does not depend on how a sum of doubles was rounded."""
    return sorted(found, key=lambda row: [repr(v) for v in row if not isinstance(v, float)] + [repr(row)])


def alike(found: list[Row], wanted: list[Row], near: float = 2e-7) -> bool:
    """Whether rows are equal, numbers up to the rounding of a FLOAT."""
    return len(found) == len(wanted) and all(
        _same_row(one, other, near) for one, other in zip(found, wanted, strict=True)
    )


def _same_row(one: Row, other: Row, near: float) -> bool:
    return len(one) == len(other) and all(_same(*each, near) for each in zip(one, other, strict=True))


def _same(one: object, other: object, near: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=near, abs_tol=near / 2)
    return one == other
