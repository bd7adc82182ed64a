"""How large a results file is, table by table, and how much of it is unused."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from neurontui.store.reader import Reader, explaining
from neurontui.store.schema import tables_of_a_run


@dataclass(frozen=True)
class TableSize:
    """Rows and bytes on disk of one table; blocks shared by tables count for each of them."""

    table: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Health:
    """One file: its size, what of it `compact` would give back, and whether a log lies beside it."""

    path: Path
    bytes: int
    free_bytes: int
    log_bytes: int
    created_by: str
    schema_version: int
    tables: tuple[TableSize, ...]


def health(reader: Reader, number: int = 0) -> Health:
    """Health of file number `number` of a reader. Raises StoreError where a block cannot be read."""
    file = reader.files[number]
    with explaining(file.path):
        cursor = reader.cursor(number)
        [(block, free)] = cursor.execute(
            "SELECT block_size, free_blocks FROM pragma_database_size() WHERE database_name = ?",
            [file.database],
        ).fetchall()
        [(made,)] = cursor.execute(
            "SELECT any_value(value) FROM meta WHERE key = 'created_by'"
        ).fetchall()
        tables = tuple(_size(cursor, table, block) for table in tables_of_a_run())
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


def _size(cursor: duckdb.DuckDBPyConnection, table: str, block: int) -> TableSize:
    [(rows,)] = cursor.execute(f"SELECT count(*) FROM {table}").fetchall()
    [(blocks,)] = cursor.execute(
        f"SELECT count(DISTINCT block_id) FROM pragma_storage_info('{table}') "
        "WHERE persistent AND block_id >= 0"
    ).fetchall()
    return TableSize(table, int(rows), int(blocks) * block)
