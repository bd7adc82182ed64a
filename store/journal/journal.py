"""The journal of a run: `results.duckdb.journal/<run>/` has its finished batches until they are merged.

Until the merge, readers and other runs can use the results file. An interrupted run resumes from its last finished
batch. Partial sums (attribution_masks, neuron_attribution, …) are written per batch, so few large batches merge faster.
"""

import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
from filelock import FileLock, Timeout

from neurontui.store.errors import BusyError, StoreError
from neurontui.store.journal.manifest import Manifest
from neurontui.store.journal.position import Shown, read_position
from neurontui.store.journal.shards import (
    FINAL,
    ShardWriter,
    batch_folder,
    is_whole,
    read_index,
    read_sealed,
    sync_folder,
    write_sealed,
    write_shards,
)
from neurontui.store.os_errors import translate_os_errors
from neurontui.store.reader import require_name

MANIFEST = "manifest.json"
MERGING = "merging"
"""Marker file in a journal while its merge waits for the results file or writes it."""
_LOCK = ".lock"
_BATCH = re.compile(r"batch-(\d{6,})")


@dataclass(frozen=True)
class Progress:
    """Progress of a run that is not merged yet; `done` and `total` count batches."""

    path: Path
    name: str
    key: str
    done: int
    total: int
    merging: bool
    running: bool
    """Whether a process has locked the journal."""
    shown: Shown | None = None
    """What that process is doing."""


class Journal:
    """The journal of one run, locked by this process; a context manager."""

    def __init__(self, path: Path, manifest: Manifest, lock: FileLock) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock

    @classmethod
    def open(cls, results: Path, manifest: Manifest) -> Self:
        """Create the journal of a run, or resume the one with the same key.

        While it is open, no other process can merge the run. Then check `merged_run` and `discard` it if unneeded.
        Batches with truncated or changed files are deleted, to be measured again.
        Raises BusyError if another process has locked it, StoreError if it cannot be written.
        """
        try:
            manifest.require_sound()
        except ValueError as error:
            raise StoreError(f"The run {manifest.name} cannot be stored: {error}.") from None
        require_name(results)
        path = journals_of(results) / run_folder(manifest.name, manifest.key)
        with translate_os_errors(path):
            lock = _acquire(path)
            try:
                before = _earlier(path)
                if before is not None:
                    manifest = replace(manifest, started=before.started)
                _write_manifest(path, manifest, before)
                _drop_damaged(path)
            except BaseException:
                lock.release()
                raise
        return cls(path, manifest, lock)

    @property
    def finished(self) -> set[int]:
        """Numbers of the finished batches."""
        return finished_batches(self.path)

    @cached_property
    def total(self) -> int:
        """Number of batches of the whole run."""
        return self.manifest.n_batches

    def write(self, batch: int, tables: Mapping[str, pa.Table], seconds: float, tokens: int) -> None:
        """Store the tables of one batch atomically. Raises StoreError, for example if the disk is full."""
        write_shards(batch_folder(self.path, batch), tables, seconds, tokens)

    def writer(self, batch: int) -> ShardWriter:
        """A writer for a batch whose tables arrive in pieces: `append` them, then `publish`."""
        return ShardWriter(batch_folder(self.path, batch))

    def final_writer(self) -> ShardWriter:
        """The same for tables that arrive in pieces: `append` them, then `publish`."""
        with translate_os_errors(self.path):
            shutil.rmtree(self.path / FINAL, ignore_errors=True)
        return ShardWriter(self.path / FINAL)

    def write_final(self, tables: Mapping[str, pa.Table], seconds: float = 0.0) -> None:
        """Store tables of the whole run, such as neuron_vocabulary; replaces earlier ones."""
        with self.final_writer() as writer:
            writer.append(tables)
            writer.publish(seconds, 0)

    def discard(self) -> None:
        """Delete the journal of a run that is already in the results file."""
        delete_journal(self.path)

    def close(self) -> None:
        """Unlock the journal; it stays on disk until it is merged."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def journals_of(results: Path) -> Path:
    """The folder of all journals of a results file."""
    return results.with_name(results.name + ".journal")


def run_folder(name: str, key: str) -> str:
    """Folder name of a run's journal: readable, and unique for each key."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    safe_key = re.sub(r"[^A-Za-z0-9]", "", key)[:16]
    return f"{readable}-{safe_key}".strip("-")


def existing_manifest(results: Path, name: str, key: str) -> Manifest | None:
    """The manifest of a run that has started and is not merged, or None."""
    return _earlier(journals_of(results) / run_folder(name, key))


def read_manifest(path: Path) -> Manifest:
    """The manifest of a journal. Raises StoreError if it is damaged."""
    try:
        return Manifest.from_json(read_sealed(path / MANIFEST)["manifest"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StoreError(
            f"The journal {path} has no readable manifest; rerun the command of its run, or delete the folder."
        ) from None


def finished_batches(path: Path) -> set[int]:
    """Numbers of the finished batches of a journal."""
    matches = (_BATCH.fullmatch(folder.name) for folder in path.iterdir())
    return {int(match[1]) for match in matches if match}


def cost(path: Path) -> tuple[float, int]:
    """Total seconds and prompt tokens of all finished batches."""
    folders = [batch_folder(path, batch) for batch in sorted(finished_batches(path))]
    final = [path / FINAL] if (path / FINAL).is_dir() else []
    indexes = [read_index(folder) for folder in folders + final]
    return sum(index.seconds for index in indexes), sum(index.tokens for index in indexes)


def list_journals(results: Path) -> list[Progress]:
    """Runs of a results file that are being measured or can be resumed; damaged journals are left out."""
    try:
        entries = sorted(journals_of(results).iterdir())
    except OSError:
        return []
    folders = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return [progress for progress in map(_progress, folders) if progress is not None]


def lock_journal(path: Path, timeout: float = 1.0) -> FileLock:
    """Lock a journal for this process; the kernel releases the lock when the process ends. Raises BusyError."""
    # The timeout is not 0, because list_journals acquires the lock briefly to check whether a journal is locked.
    lock = FileLock(path / _LOCK, timeout=timeout, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(f"Another process is measuring this run ({path}); wait for it, or stop it first.") from None
    return lock


def delete_journal(path: Path) -> None:
    """Delete a journal, even a partly deleted one; never fails."""
    # Renamed first, so that a partly deleted journal is not mistaken for a run that can be resumed.
    deleted = path.with_name(f".{path.name}.merged")
    shutil.rmtree(deleted, ignore_errors=True)
    with suppress(OSError):
        path.replace(deleted)
        shutil.rmtree(deleted, ignore_errors=True)
        path.parent.rmdir()


def _acquire(path: Path) -> FileLock:
    while True:
        path.mkdir(parents=True, exist_ok=True)
        try:
            lock = lock_journal(path)
        except FileNotFoundError:
            continue
        # The process that had the lock before can have merged and deleted the folder.
        if (path / _LOCK).exists():
            return lock
        lock.release()


def _earlier(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except StoreError:
        return None


def _write_manifest(path: Path, manifest: Manifest, before: Manifest | None) -> None:
    if before is not None and before.n_batches != manifest.n_batches:
        # Batches of a different division of the examples cannot be combined.
        for batch in finished_batches(path):
            shutil.rmtree(batch_folder(path, batch))
    if before != manifest:
        scratch = path / f".{MANIFEST}.tmp"
        write_sealed(scratch, {"manifest": manifest.to_json()})
        scratch.replace(path / MANIFEST)
        sync_folder(path)


def _drop_damaged(path: Path) -> None:
    for scratch in path.glob(".*.tmp"):
        shutil.rmtree(scratch, ignore_errors=True)
    for batch in finished_batches(path):
        folder = batch_folder(path, batch)
        if not is_whole(folder):
            shutil.rmtree(folder)


def _progress(path: Path) -> Progress | None:
    try:
        manifest = read_manifest(path)
        done = len(finished_batches(path))
        running = _is_locked(path)
        merging = running and (path / MERGING).exists()
    except (StoreError, OSError):
        return None
    shown = read_position(path) if running and not merging else None
    return Progress(path, manifest.name, manifest.key, done, manifest.n_batches, merging, running, shown)


def _is_locked(path: Path) -> bool:
    try:
        lock_journal(path, timeout=0).release()
    except BusyError:
        return True
    except OSError:  # a read-only file system: no process writes here
        return False
    return False
