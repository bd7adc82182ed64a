"""Paths that DuckDB reads as they are: in a path, it takes `*`, `?` and `[` for a pattern that fits other files, too."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neurontui.store.errors import StoreError
from neurontui.store.schema import quoted

_PATTERN = re.compile(r"[*?\[]")


@contextmanager
def plain_folder(folder: Path) -> Iterator[Path]:
    """The folder, or a link to it whose path has no pattern; what is written or read through it is the folder's own.

    Raises StoreError where the system's folder for temporary files has a pattern in its path as well.
    """
    folder = folder.resolve()
    if not _PATTERN.search(str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="neurontui.") as place:
        link = Path(place).resolve() / "folder"
        if _PATTERN.search(str(link)):
            raise StoreError(f"{link.parent} has *, ? or [ in its path, as {folder} has; set TMPDIR to another folder.")
        link.symlink_to(folder, target_is_directory=True)
        yield link


def parquet(files: Iterable[Path]) -> str:
    """SQL that reads Parquet files of one schema; a folder named `layer=3` above them is no column."""
    names = ", ".join(quoted(file) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"
