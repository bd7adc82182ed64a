"""Tables of a results file and of its shards, as defined in schema.sql; creates empty results files."""

import glob
import os
import re
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from neurontui.store.errors import StoreError
from neurontui.store.languages.reference import REFERENCE_CSV
from neurontui.store.os_errors import first_line, no_room
from neurontui.store.sql_text import quoted
from neurontui.store.versions import version_of

SCHEMA_VERSION = 5
"""Increased when a table or column is added or changed. A reader refuses newer files and incompatible older ones."""

FORMAT = "neurontui results"

# Masks need 1.35 B each with 64 KiB blocks. DuckDB 1.4 and later can read v1.4.0.
_STORAGE = "BLOCK_SIZE 65536, STORAGE_VERSION 'v1.4.0'"
_HERE = Path(__file__).parent
_WHOLE_FILE = frozenset({"meta", "languages"})
_NOT_MEASURED = frozenset(
    # Written by the merge, from the manifest or from the masks.
    {
        "runs",
        "run_languages",
        "conditions",
        "example_types",
        "neuron_masks",
        "neuron_types",
        "checksums",
    }
)


def create(path: Path) -> None:
    """Create an empty results file at `path`, atomically; an existing file is left unchanged.

    Raises StoreError if the folder is not writable.
    """
    if path.exists():
        return
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
    try:
        create_at(scratch)
        _publish(scratch, path)
        # From killed processes, or from processes that create the same file now and will use this one.
        for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.new*"):
            leftover.unlink(missing_ok=True)
    except (OSError, duckdb.Error) as error:
        for leftover in path.parent.glob(f"{glob.escape(scratch.name)}*"):
            leftover.unlink(missing_ok=True)
        what, advice = first_line(error), "choose a writable folder"
        if no_room(error):
            what, advice = "the disk is full", "make room"
        raise StoreError(f"Cannot create {path}: {what}; {advice}.") from None


def create_at(path: Path) -> None:
    """Create an empty results file at `path`, which must not exist; not atomic."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {quoted(path)} AS results ({_STORAGE})")
        connection.execute("USE results")
        connection.begin()
        connection.execute(_schema_sql())
        connection.executemany("INSERT INTO meta VALUES (?, ?)", _meta())
        _fill_languages(connection)
        connection.commit()
        connection.execute("CHECKPOINT results")
        connection.execute("USE memory")
        connection.execute("DETACH results")


def columns(table: str) -> tuple[str, ...]:
    """Column names of a table or view, in order; () for an unknown one."""
    return tuple(layout().get(table, {}))


def tables_of_a_run() -> tuple[str, ...]:
    """All tables with a column `run`; `runs` is the first."""
    return tuple(name for name in _base_tables() if name not in _WHOLE_FILE)


@cache
def shard_tables() -> tuple[str, ...]:
    """The tables that a batch can contain."""
    return tuple(name for name in tables_of_a_run() if name not in _NOT_MEASURED)


@cache
def shard_schema(table: str) -> pa.Schema:
    """Columns of a shard of `table`: those of the results file without `run`, with enums as text.

    A shard of `layers` has only layer and n_near_zero; the manifest has the other columns.
    Raises StoreError for a table that a batch cannot contain.
    """
    if table not in shard_tables():
        raise StoreError(f"A shard cannot hold the table {table!r}.")
    empty = _pattern().sql(f"SELECT * EXCLUDE (run) FROM {table} LIMIT 0")
    schema = empty.to_arrow_table().schema
    fields = [pa.field(field.name, _plain(field.type)) for field in schema]
    if table == "layers":
        fields = [field for field in fields if field.name in ("layer", "n_near_zero")]
    return pa.schema(fields)


@cache
def layout() -> Mapping[str, Mapping[str, str]]:
    """Table or view -> column -> SQL type, as this version writes them; '' for the columns of a view.

    Parsed from schema.sql, because creating a database to inspect takes longer than opening a results file.
    """
    text = _schema_sql()
    enums = dict(re.findall(r"^CREATE TYPE (\w+) AS ENUM (\(.*?\));", text, re.M))
    tables: dict[str, dict[str, str]] = {}
    for table, body in re.findall(r"^CREATE TABLE (\w+) \((.*?)\);$", text, re.M | re.S):
        columns = (column.split()[:2] for column in body.split(","))
        tables[table] = {name: f"ENUM{enums[kind]}" if kind in enums else kind for name, kind in columns}
    for view, column in re.findall(r"^COMMENT ON COLUMN (\w+)\.(\w+) IS", text, re.M):
        tables.setdefault(view, {}).setdefault(column, "")
    return tables


def definition(table: str, database: str) -> str:
    """The statements that create a table in an attached database, with its comments."""
    statements = re.findall(
        rf"^(?:CREATE TABLE|COMMENT ON (?:TABLE|COLUMN)) {table}\b.*?;$", _schema_sql(), re.M | re.S
    )
    return "\n".join(statement.replace(table, f"{database}.{table}", 1) for statement in statements)


def view_definition(view: str) -> str:
    """The statements that create a view anew in the database in use, with its comments."""
    statements = re.findall(rf"^(?:CREATE VIEW|COMMENT ON (?:VIEW|COLUMN)) {view}\b.*?;$", _schema_sql(), re.M | re.S)
    return "\n".join(statements).replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)


def layout_of(connection: duckdb.DuckDBPyConnection, database: str) -> Mapping[str, Mapping[str, str]]:
    """Table or view -> column -> SQL type, for the schema `main` of an attached database."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM system.main.duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'main' AND NOT internal "
        "ORDER BY table_oid, column_index",
        [database],
    ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables


def created_by() -> str:
    """Name and version of this program."""
    return f"neurontui {version_of('neurontui')}"


def _publish(scratch: Path, path: Path) -> None:
    # A link never overwrites: if two processes create the file at the same time, the first one wins.
    try:
        os.link(scratch, path)
    except OSError:
        if not path.exists():  # a file system without hard links
            scratch.replace(path)


def _meta() -> list[tuple[str, str]]:
    return [
        ("format", FORMAT),
        ("schema_version", str(SCHEMA_VERSION)),
        ("created_by", created_by()),
    ]


def _fill_languages(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"INSERT INTO languages FROM read_csv({quoted(REFERENCE_CSV)}, header = true, "
        "columns = {code: 'VARCHAR', name: 'VARCHAR', family: 'VARCHAR', branch: 'VARCHAR', "
        "script: 'VARCHAR', bloom_share: 'DOUBLE'})"
    )


@cache
def _base_tables() -> tuple[str, ...]:
    return tuple(re.findall(r"^CREATE TABLE (\w+) ", _schema_sql(), re.M))


@cache
def _schema_sql() -> str:
    return (_HERE / "schema.sql").read_text(encoding="utf-8")


@cache
def _pattern() -> duckdb.DuckDBPyConnection:
    """An empty results file in memory, without comments, because creating those takes five times as long."""
    connection = duckdb.connect()
    connection.execute(re.sub(r"(?m)^COMMENT ON .*;$", "", _schema_sql()))
    return connection


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind
