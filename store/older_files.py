"""Columns and tables that files of earlier versions lack.

They are read as NULL and as empty, and added when such a file is written.
"""

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from neurontui.store.schema import SCHEMA_VERSION, definition, layout, layout_of, view_definition

LATER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "examples": (
        "rank", "n_candidates", "answer_logprob", "answer_language", "output_language", "detected_language",
    ),
    "ablation_examples": ("first_rank", "n_first", "output_language"),
    "conditions": ("rule", "set_language", "target"),
})  # fmt: skip
"""Table -> nullable columns at its end that the first version of the schema did not have."""

LATER_TABLES = (
    "neuron_gradients", "neuron_effects", "prompt_tokens", "neuron_token_values", "neuron_density",
    "corpora", "neuron_activity", "neuron_moments", "neuron_precision",
)  # fmt: skip
"""Tables that the first version of the schema did not have."""

Stored = Mapping[str, Mapping[str, str]]
"""Table -> column -> SQL type of an attached file, from `layout_of`."""


def is_partial(stored: Stored, table: str) -> bool:
    """Whether a file lacks a table, or a later column of it."""
    return table not in stored or any(name not in stored[table] for name in LATER.get(table, ()))


def select_list(stored: Stored, table: str) -> str:
    """All columns of a table except `run`, for SELECT FROM `relation`; NULL for those that the file lacks."""
    kinds = {name: kind for name, kind in layout()[table].items() if name != "run"}
    present = stored.get(table, kinds)
    return ", ".join(name if name in present else f"NULL::{kind} AS {name}" for name, kind in kinds.items())


def relation(stored: Stored, database: str, table: str) -> str:
    """A table of an attached file, for FROM; a table without rows if the file lacks it. database: quoted."""
    if table in stored:
        return f"{database}.main.{table}"
    empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in layout()[table].items())
    return f"(SELECT {empty} WHERE false)"


def add_later(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the columns and tables that the file attached as `results` lacks, in one transaction."""
    stored = layout_of(connection, "results")
    tables = [table for table in LATER_TABLES if table not in stored]
    columns = [(table, name) for table, names in LATER.items() for name in names if name not in stored[table]]
    if not tables and not columns:
        return
    connection.begin()
    for table in tables:
        connection.execute(definition(table, "results"))
    for table, name in columns:
        connection.execute(f"ALTER TABLE results.{table} ADD COLUMN {name} {layout()[table][name]}")
    if columns:
        # This view names what the values of earlier versions meant, by a later column.
        connection.execute(f"USE results; {view_definition('ablation')}; USE memory")
    connection.execute("UPDATE results.meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION)])
    connection.commit()
