"""One batch on disk: a folder with one Parquet file per table and an index of these files.

The folder is written under a temporary name, synced and renamed, so a batch is either complete or absent. The index has
the SHA-256 of each file; if a file is truncated or changed later, its batch is measured again. Different processes and
machines can write different batches.
"""

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from neurontui.store.errors import StoreError
from neurontui.store.os_errors import first_line, translate_os_errors
from neurontui.store.schema import shard_schema

INDEX = "index.json"
FINAL = "final"
"""Folder with the tables of the whole run."""
COMPRESSION, _LEVEL = "ZSTD", 1

_DELTA = frozenset({"example", "layer", "neuron"})
# With the statistics of a row group, the merge can skip it when it reads one layer.
_ROW_GROUP = 4 * 122_880


@dataclass(frozen=True)
class ShardFile:
    """One Parquet file: its table, rows, bytes and SHA-256."""

    table: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ShardIndex:
    """Time, prompt tokens and files of a batch."""

    seconds: float
    tokens: int
    files: tuple[ShardFile, ...]


def batch_folder(journal: Path, batch: int) -> Path:
    """Folder of batch number `batch` when it is finished."""
    return journal / f"batch-{batch:06d}"


class ShardWriter:
    """Collects the tables of one batch, in any number of pieces, and publishes them together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch = _scratch_of(folder)
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = {}
        with translate_os_errors(folder):
            self._scratch.mkdir(parents=True)

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows; the pieces of a table are concatenated in their order.

        Raises StoreError if a table or column is unknown or missing, or if the disk is full.
        """
        for name, table in tables.items():
            fitted = fit(name, table)
            with translate_os_errors(self._folder):
                if name not in self._writers:
                    self._writers[name] = _parquet(self._scratch / f"{name}.parquet", fitted.schema)
                self._writers[name].write_table(fitted, row_group_size=_ROW_GROUP)
            self._rows[name] = self._rows.get(name, 0) + fitted.num_rows

    def publish(self, seconds: float, tokens: int) -> None:
        """Make the batch durable and visible; an existing batch is left unchanged."""
        with translate_os_errors(self._folder):
            for writer in self._writers.values():
                writer.close()
            files = tuple(_finish(self._scratch, name, rows) for name, rows in self._rows.items())
            index = ShardIndex(seconds, tokens, files)
            write_sealed(self._scratch / INDEX, asdict(index))
            sync_folder(self._scratch)
            _rename(self._scratch, self._folder)
            sync_folder(self._folder.parent)

    def discard(self) -> None:
        """Delete the unpublished files."""
        for writer in self._writers.values():
            try:
                writer.close()
            except OSError:
                continue
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()  # does nothing after `publish`


def write_shards(folder: Path, tables: Mapping[str, pa.Table], seconds: float = 0.0, tokens: int = 0) -> None:
    """Write one batch to `folder` atomically. Raises StoreError like ShardWriter."""
    with ShardWriter(folder) as writer:
        writer.append(tables)
        writer.publish(seconds, tokens)


def read_files(folder: Path) -> dict[str, bytes]:
    """Name -> content of each file of a finished batch, to be sent to the machine that has the journal."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a finished batch from another machine, atomically. Raises StoreError if it is incomplete or changed."""
    scratch = _scratch_of(folder)
    with translate_os_errors(folder):
        scratch.mkdir(parents=True)
        try:
            for name, content in files.items():
                with (scratch / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            if not is_whole(scratch):
                raise StoreError(f"{folder.name} arrived incomplete or damaged; rerun the same command.")
            sync_folder(scratch)
            _rename(scratch, folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def read_index(folder: Path) -> ShardIndex:
    """The index of a finished batch. Raises ValueError if it is damaged, OSError if it is missing."""
    raw = read_sealed(folder / INDEX)
    files = tuple(ShardFile(**file) for file in raw["files"])
    return ShardIndex(float(raw["seconds"]), int(raw["tokens"]), files)


def is_whole(folder: Path) -> bool:
    """Whether all files of a batch exist and are unchanged; reads them completely."""
    try:
        files = read_index(folder).files
        return all(_sha256(folder / f"{file.table}.parquet") == file.sha256 for file in files)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def fit(name: str, table: pa.Table) -> pa.Table:
    """`table` with exactly the columns of a shard of `name`, in order. Raises StoreError if that is impossible."""
    schema = shard_schema(name)
    wrong = set(schema.names) ^ set(table.column_names)
    if wrong:
        raise StoreError(f"A shard of {name} has missing or unknown columns: {sorted(wrong)}.")
    try:
        return table.select(schema.names).cast(schema)
    except pa.ArrowInvalid as error:
        raise StoreError(f"A shard of {name} does not fit: {first_line(error)}.") from None


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON, preceded by its SHA-256, and sync it to disk."""
    body = json.dumps(content, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{digest}\n{body}\n")
        file.flush()
        os.fsync(file.fileno())


def read_sealed(path: Path) -> dict[str, Any]:
    """Read the output of `write_sealed`. Raises ValueError if it was changed, OSError if it is missing."""
    digest, _, body = path.read_text(encoding="utf-8").partition("\n")
    body = body.removesuffix("\n")
    if hashlib.sha256(body.encode()).hexdigest() != digest:
        raise ValueError(f"{path} was changed")
    content: dict[str, Any] = json.loads(body)
    return content


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _scratch_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")


def _parquet(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression=COMPRESSION,
        compression_level=_LEVEL,
        use_dictionary=[name for name in schema.names if name not in _DELTA],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in schema.names if name in _DELTA},
        version="2.6",
    )


def _finish(folder: Path, name: str, rows: int) -> ShardFile:
    path = folder / f"{name}.parquet"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return ShardFile(name, rows, path.stat().st_size, digest)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rename(scratch: Path, folder: Path) -> None:
    try:
        scratch.replace(folder)
    except OSError as error:
        # If two workers measured the same batch, the first one is kept.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
