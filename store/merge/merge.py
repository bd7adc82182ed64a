"""Merges a finished journal into the results file, in one transaction, and then deletes the journal.

If the process is killed, the file has either the whole run or nothing of it; calling `merge` again gives the same
content.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from neurontui.store.admin import checksums
from neurontui.store.admin.copy_runs import Keep
from neurontui.store.connection import cores
from neurontui.store.errors import BusyError, StoreError
from neurontui.store.journal.journal import (
    MANIFEST,
    MERGING,
    cost,
    delete_journal,
    finished_batches,
    lock_journal,
    read_manifest,
)
from neurontui.store.journal.manifest import Manifest
from neurontui.store.journal.shards import COMPRESSION, FINAL, batch_folder, is_whole
from neurontui.store.merge.existing_run import find_run, run_merged_elsewhere
from neurontui.store.merge.run_tables import describe
from neurontui.store.merge.statements import Range, Statement, chunks, statements
from neurontui.store.older_files import LATER
from neurontui.store.plain_paths import parquet, plain_folder
from neurontui.store.schema import create, layout, shard_schema, shard_tables, tables_of_a_run
from neurontui.store.writer import Wait, open_writer, pause, transaction

Progress = Callable[[str, int, int], None]
"""Called with the table of the next step, the number of finished steps and the number of all steps."""

_MASKS_A_GROUP = 10
"""Assumed rows per group when rows are grouped by mask; a lower bound, because groups determine the memory."""


def merge(
    journal: Path,
    results: Path,
    keep: Keep = "all",
    wait: Wait | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Merge a finished journal into `results`, creating the file if necessary; returns the run's number.

    An existing run with the same key is kept (with `force`: replaced) and the journal is deleted. `keep='aggregates'`
    leaves out `activations`. While another process uses the file or the journal, it waits and calls `wait`.
    Raises StoreError if batches are missing or damaged (damaged ones are deleted), or if the disk is full.
    """
    with _locked(journal, wait):
        if not (journal / MANIFEST).exists():  # another process has merged it
            return run_merged_elsewhere(journal, results, wait)
        manifest = read_manifest(journal)
        _check_complete(journal, manifest)
        create(results)
        with (
            _marked(journal),
            plain_folder(journal) as shards,
            open_writer(results, [journal], wait) as connection,
        ):
            number = _merge_into(connection, shards, manifest, keep, force, progress)
        delete_journal(journal)
    return number


def delete_run(connection: duckdb.DuckDBPyConnection, run: int) -> None:
    """Delete all rows of a run from the attached file. The size of the file does not change."""
    for table in tables_of_a_run():
        connection.execute(f"DELETE FROM results.{table} WHERE run = ?", [run])


def _merge_into(
    connection: duckdb.DuckDBPyConnection,
    journal: Path,
    manifest: Manifest,
    keep: Keep,
    force: bool,
    progress: Progress | None,
) -> int:
    rows = _show_shards(connection, journal, manifest)
    with transaction(connection):
        run = find_run(connection, manifest.key)
        if run is not None and not force:
            return run
        if run is None:
            run = _next_run(connection)
        else:
            delete_run(connection, run)
        connection.execute(f"CREATE TEMP VIEW masks AS {_masks(run, keep)}")
        progress = progress or (lambda *_: None)
        steps = _steps(manifest, rows, keep)
        for done, (statement, part) in enumerate(steps):
            progress(statement.table, done, len(steps) + 1)
            _run(connection, statement, run, manifest, part)
        describe(connection, run, manifest, cost(journal))
        progress("checksums", len(steps), len(steps) + 1)
        checksums.store(connection, run)
    return run


def _steps(manifest: Manifest, rows: Mapping[str, int], keep: Keep) -> list[tuple[Statement, Range]]:
    """The statements of a merge, each once for every range in which it runs."""
    used = [item for item in statements() if not (item.table == "activations" and keep == "aggregates")]
    sizes = {item.table: rows.get(item.table, rows["activations"] // _MASKS_A_GROUP) for item in used}
    return [(statement, part) for statement in used for part in chunks(statement, manifest, sizes[statement.table])]


def _run(
    connection: duckdb.DuckDBPyConnection,
    statement: Statement,
    run: int,
    manifest: Manifest,
    part: Range,
) -> None:
    connection.execute(f"SET threads = {1 if statement.one_thread else cores()}")
    values = {"run": run, "all_mask": manifest.all_mask, "low": part[0], "high": part[1]}
    connection.execute(statement.sql, {k: v for k, v in values.items() if k in statement.parameters})
    connection.execute(f"SET threads = {cores()}")


def _masks(run: int, keep: Keep) -> str:
    if keep == "aggregates":
        return "FROM shards.activations"
    return f"SELECT example, layer, neuron, mask FROM results.activations WHERE run = {run}"


def _show_shards(connection: duckdb.DuckDBPyConnection, journal: Path, manifest: Manifest) -> dict[str, int]:
    """Create a view `shards.<table>` of every table that a batch can contain; returns the rows of each."""
    folders = [batch_folder(journal, batch) for batch in range(manifest.n_batches)]
    folders += [journal / FINAL] if (journal / FINAL).is_dir() else []
    connection.execute("CREATE SCHEMA shards")
    rows = {}
    for table in shard_tables():
        files = [folder / f"{table}.parquet" for folder in folders]
        files = [file for file in files if file.exists()]
        rows[table] = sum(_rows(file) for file in files)
        connection.execute(f"CREATE VIEW shards.{table} AS {_source(table, files)}")
    return rows


def _rows(file: Path) -> int:
    """Rows of a shard. Raises StoreError for another compression: DuckDB's other decompressors need not be trusted."""
    metadata = pq.read_metadata(file)
    groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
    packed = {group.column(i).compression for group in groups for i in range(metadata.num_columns)}
    if packed - {COMPRESSION}:
        raise StoreError(f"{file} was not written by neurontui; measure this batch again.")
    return int(metadata.num_rows)


def _source(table: str, files: Sequence[Path]) -> str:
    if files:
        return f"FROM {parquet(files, by_name=table in LATER)}"
    kinds = layout()[table]
    columns = (f"NULL::{kinds[name]} AS {name}" for name in shard_schema(table).names)
    return f"SELECT {', '.join(columns)} WHERE false"


def _next_run(connection: duckdb.DuckDBPyConnection) -> int:
    [(number,)] = connection.execute("SELECT coalesce(max(run), 0) + 1 FROM results.runs").fetchall()
    return int(number)


def _check_complete(journal: Path, manifest: Manifest) -> None:
    batches = range(manifest.n_batches)
    missing = set(batches) - finished_batches(journal)
    if missing:
        raise StoreError(
            f"The run {manifest.name} is not finished: {len(missing)} of {len(batches)} batches are "
            f"missing in {journal}; rerun its command."
        )
    folders = [batch_folder(journal, batch) for batch in batches]
    folders += [journal / FINAL] if (journal / FINAL).is_dir() else []
    damaged = [folder for folder in folders if not is_whole(folder)]
    for folder in damaged:
        shutil.rmtree(folder)
    if damaged:
        raise StoreError(
            f"{len(damaged)} of {len(folders)} parts of the run {manifest.name} were damaged on disk "
            f"and deleted from {journal}; rerun its command to measure them again."
        )


@contextmanager
def _locked(journal: Path, wait: Wait | None) -> Iterator[None]:
    while journal.is_dir():
        try:
            lock = lock_journal(journal, timeout=0.5)
        except BusyError as busy:
            pause(wait, busy)
            continue
        try:
            yield
        finally:
            lock.release()
        return
    yield


@contextmanager
def _marked(journal: Path) -> Iterator[None]:
    """Create a marker that makes an open explorer release the file."""
    marker = journal / MERGING
    with suppress(OSError):
        marker.touch()
    try:
        yield
    finally:
        with suppress(OSError):
            marker.unlink()
