"""Size of a results file and of its tables, and its unused space."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.older_files import Stored
from neurontui.store.reader import Reader
from neurontui.store.schema import tables_of_a_run

MANY = 100_000_000
"""Tables with more rows are not counted block by block, because that takes seconds."""


@dataclass(frozen=True)
class TableSize:
    """Rows and bytes on disk of one table. Blocks that tables share count for each of them."""

    table: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Health:
    """One file: its size, its unused bytes, and the size of its write-ahead log (0 without one)."""

    path: Path
    bytes: int
    free_bytes: int
    log_bytes: int
    created_by: str
    schema_version: int
    tables: tuple[TableSize, ...]


def health(reader: Reader, number: int = 0, *, exact: bool = False) -> Health:
    """Health of file number `number` of a reader. Raises StoreError if a block cannot be read.

    Unless `exact`, the size of a table with more than MANY rows is computed as the rest of the file.
    """
    file = reader.files[number]
    with translate_read_errors(file.path):
        cursor = reader.cursor(number)
        [(block, used, free)] = cursor.execute(
            "SELECT block_size, used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = ?",
            [file.database],
        ).fetchall()
        [(made,)] = cursor.execute("SELECT any_value(value) FROM meta WHERE key = 'created_by'").fetchall()
        tables = _sizes(cursor, file.tables, block, used, MANY if not exact else None)
        cursor.close()
    log = file.path.with_name(file.path.name + ".wal")
    return Health(
        path=file.path,
        bytes=file.path.stat().st_size,
        free_bytes=free * block,
        log_bytes=log.stat().st_size if log.exists() else 0,
        created_by=made or "",
        schema_version=file.schema_version,
        tables=tables,
    )


def _sizes(
    cursor: duckdb.DuckDBPyConnection, stored: Stored, block: int, used: int, many: int | None
) -> tuple[TableSize, ...]:
    rows = {table: _number(cursor, f"FROM {table}") for table in tables_of_a_run() if table in stored}
    largest = max(rows, key=lambda table: rows[table])
    left_over = many is not None and rows[largest] > many
    blocks = {
        table: _number(
            cursor,
            f"FROM pragma_storage_info('{table}') WHERE persistent AND block_id >= 0",
            "DISTINCT block_id",
        )
        for table in rows
        if not (left_over and table == largest)
    }
    if left_over:
        metadata = _number(cursor, "FROM pragma_metadata_info()", "DISTINCT block_id")
        blocks[largest] = max(0, used - metadata - sum(blocks.values()))
    return tuple(TableSize(table, n, blocks[table] * block) for table, n in rows.items())


def _number(cursor: duckdb.DuckDBPyConnection, source: str, of: str = "*") -> int:
    [(number,)] = cursor.execute(f"SELECT count({of}) {source}").fetchall()
    return int(number)
