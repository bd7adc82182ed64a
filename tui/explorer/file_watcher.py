"""Checks the files from outside: runs in progress, merges that wait for the file, files that were replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurontui.store.journal.journal import Progress

EVERY = 1.0
"""Seconds between two checks."""


@dataclass(frozen=True)
class FileStatus:
    """The result of one check."""

    journals: tuple["Progress", ...]
    stamps: tuple[tuple[int, int, int], ...]
    """Inode, size and modification time of each file; zeros if it does not exist."""

    @property
    def merging(self) -> tuple[str, ...]:
        """Names of the runs that wait for the file or are being written into it."""
        return tuple(journal.name for journal in self.journals if journal.merging)


def look(paths: Sequence[Path]) -> FileStatus:
    """Check journals and files. A few system calls, but slow on slow disks: call it in a thread."""
    # Imported here, in the thread: it imports file locks and Parquet, which the first screen does not wait for.
    from neurontui.store.journal.journal import list_journals

    journals = tuple(journal for path in paths for journal in list_journals(path))
    return FileStatus(journals, stamps_of(paths))


def stamps_of(paths: Sequence[Path]) -> tuple[tuple[int, int, int], ...]:
    """Stamps by which a replaced file is recognized."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_size, status.st_mtime_ns)
