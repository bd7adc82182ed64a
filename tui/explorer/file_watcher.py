"""Looks after the files from outside: runs being measured, merges that wait for us, files that were replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from neurontui.store.journal.journal import Progress, list_journals

EVERY = 1.0
"""Seconds between two looks."""


@dataclass(frozen=True)
class FileStatus:
    """What one look saw."""

    journals: tuple[Progress, ...]
    stamps: tuple[tuple[int, int, int], ...]
    """Inode, size and time of change of each file; zeros where it is gone."""

    @property
    def merging(self) -> tuple[str, ...]:
        """Names of the runs that wait for the file, or are being written into it."""
        return tuple(journal.name for journal in self.journals if journal.merging)


class FilesChecked(Message):
    """A look was taken."""

    def __init__(self, sight: FileStatus) -> None:
        super().__init__()
        self.sight = sight


def look(paths: Sequence[Path]) -> FileStatus:
    """Look at the journals and the files; a few system calls, but on slow disks: call it in a thread."""
    journals = tuple(journal for path in paths for journal in list_journals(path))
    return FileStatus(journals, stamps_of(paths))


def stamps_of(paths: Sequence[Path]) -> tuple[tuple[int, int, int], ...]:
    """By what one sees that a file is another one."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_size, status.st_mtime_ns)
