"""Errors of the file system as StoreErrors."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurontui.store.errors import StoreError

_FULL = ("No space left", "not enough disk space", "File too large", "Disk quota exceeded")


@contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Raise StoreError for a failure of the file system while a journal or a folder in it is written to `path`."""
    try:
        yield
    except OSError as error:
        what, advice = first_line(error), "check that the folder is writable"
        if no_room(error):
            what, advice = "the disk is full", "make room"
        raise StoreError(
            f"Cannot write {path}: {what}; {advice} and rerun the same command. Finished batches are kept."
        ) from None


def no_room(error: BaseException) -> bool:
    """Whether an error of the file system or of DuckDB means that the disk, a quota or a limit is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return any(text in str(error) for text in _FULL)


def first_line(error: BaseException) -> str:
    """The first line of an error's message without its final period, to be quoted in a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
