"""Columns that files of earlier versions lack: they are read as NULL, and added when such a file is written."""

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from neurontui.store.schema import SCHEMA_VERSION, layout, layout_of

LATER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "examples": (
        "rank", "n_candidates", "answer_logprob", "answer_language", "output_language", "detected_language",
    ),
    "ablation_examples": ("first_rank", "n_first", "output_language"),
    "conditions": ("rule", "set_language", "target"),
})  # fmt: skip
"""Table -> nullable columns at its end that the first version of the schema did not have."""

Stored = Mapping[str, Mapping[str, str]]
"""Table -> column -> SQL type of an attached file, from `layout_of`."""


def lacks_columns(stored: Stored, table: str) -> bool:
    """Whether a file lacks a later column of a table."""
    return any(name not in stored[table] for name in LATER.get(table, ()))


def select_list(stored: Stored, table: str) -> str:
    """All columns of a table except `run`, for SELECT; NULL for those that the file lacks."""
    kinds = {name: kind for name, kind in layout()[table].items() if name != "run"}
    return ", ".join(name if name in stored[table] else f"NULL::{kind} AS {name}" for name, kind in kinds.items())


def add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the columns that the file attached as `results` lacks, in one transaction."""
    stored = layout_of(connection, "results")
    missing = [(table, name) for table, names in LATER.items() for name in names if name not in stored[table]]
    if not missing:
        return
    connection.begin()
    for table, name in missing:
        connection.execute(f"ALTER TABLE results.{table} ADD COLUMN {name} {layout()[table][name]}")
    connection.execute("UPDATE results.meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION)])
    connection.commit()
