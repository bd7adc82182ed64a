"""The layout of a results file: its version, how an empty one is made, and what columns a shard has.

Nothing here knows what a measurement is; `schema.sql` says it all.
"""

import errno
import glob
import os
import re
import uuid
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
import pyarrow as pa

from neurontui.store.errors import StoreError
from neurontui.store.languages.reference import REFERENCE_CSV

SCHEMA_VERSION = 2
"""Raised when a table or column is added or changes; a reader refuses newer files, and older ones that it cannot read."""

FORMAT = "neurontui results"

# 64 KiB blocks let masks bit-pack to 1.35 B; v1.4.0 keeps the file readable by DuckDB 1.4 and later.
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


def quoted(text: object) -> str:
    """`text` as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def named(identifier: str) -> str:
    """`identifier` as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def create(path: Path) -> None:
    """Make an empty results file at `path`, whole or not at all; one that is there already stays.

    Raises StoreError where the folder cannot be written.
    """
    if path.exists():
        return
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
    try:
        create_at(scratch)
        _publish(scratch, path)
        # Those of others who were killed, or who create it too and will find it there.
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.new*"):
            left.unlink(missing_ok=True)
    except (OSError, duckdb.Error) as error:
        for left in path.parent.glob(f"{glob.escape(scratch.name)}*"):
            left.unlink(missing_ok=True)
        what, advice = first_line(error), "choose a folder that can be written"
        if no_room(error):
            what, advice = "the disk is full", "make room"
        raise StoreError(f"Cannot create {path}: {what}; {advice}.") from None


def create_at(path: Path) -> None:
    """Make an empty results file at `path`, which must not exist yet; not atomic."""
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
    """Names of the columns of a table or view of the results file, in order; () for an unknown one."""
    return tuple(layout().get(table, {}))


def tables_of_a_run() -> tuple[str, ...]:
    """Every table that has a column `run`, `runs` first."""
    return tuple(name for name in _base_tables() if name not in _WHOLE_FILE)


@cache
def shard_tables() -> tuple[str, ...]:
    """The tables that a batch may bring."""
    return tuple(name for name in tables_of_a_run() if name not in _NOT_MEASURED)


@cache
def shard_schema(table: str) -> pa.Schema:
    """Columns that a shard of `table` has: those of the results file without `run`, enums as text.

    `layers` is special, for the rest of it comes from the manifest: layer, n_near_zero.
    Raises StoreError for a table that no shard has.
    """
    if table not in shard_tables():
        raise StoreError(f"A shard cannot hold the table {table!r}.")
    empty = _pattern().sql(f"SELECT * EXCLUDE (run) FROM {table} LIMIT 0")
    schema = empty.to_arrow_table().schema
    fields = [pa.field(each.name, _plain(each.type)) for each in schema]
    if table == "layers":
        fields = [each for each in fields if each.name in ("layer", "n_near_zero")]
    return pa.schema(fields)


@cache
def layout() -> Mapping[str, Mapping[str, str]]:
    """Table or view -> column -> SQL type, as this version writes them; the types of a view's columns are ''.

    Read from the text of schema.sql, for asking a database takes longer than opening a results file.
    """
    text = _schema_sql()
    enums = dict(re.findall(r"^CREATE TYPE (\w+) AS ENUM (\(.*?\));", text, re.M))
    found: dict[str, dict[str, str]] = {}
    for table, body in re.findall(r"^CREATE TABLE (\w+) \((.*?)\);$", text, re.M | re.S):
        columns = (column.split()[:2] for column in body.split(","))
        found[table] = {name: f"ENUM{enums[kind]}" if kind in enums else kind for name, kind in columns}
    for view, column in re.findall(r"^COMMENT ON COLUMN (\w+)\.(\w+) IS", text, re.M):
        found.setdefault(view, {}).setdefault(column, "")
    return found


def layout_of(connection: duckdb.DuckDBPyConnection, database: str) -> Mapping[str, Mapping[str, str]]:
    """Table or view -> column -> SQL type of the schema `main` of an attached database."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM system.main.duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'main' AND NOT internal "
        "ORDER BY table_oid, column_index",
        [database],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def first_line(error: BaseException) -> str:
    """The first line of an error, without its full stop: to be told inside a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def no_room(error: BaseException) -> bool:
    """Whether an error of the file system or of DuckDB says that the disk, a quota or a limit is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    signs = ("No space left", "not enough disk space", "File too large", "Disk quota exceeded")
    return any(sign in str(error) for sign in signs)


def created_by() -> str:
    """Name and version of this program."""
    try:
        return f"neurontui {version('neurontui')}"
    except PackageNotFoundError:
        return "neurontui"


def _publish(scratch: Path, path: Path) -> None:
    # A link never overwrites: of two processes that create the file at once, the first one wins.
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
    """An empty results file in memory; without comments, which take five times as long."""
    connection = duckdb.connect()
    connection.execute(re.sub(r"(?m)^COMMENT ON .*;$", "", _schema_sql()))
    return connection


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind
