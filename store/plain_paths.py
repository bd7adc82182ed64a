"""Paths without pattern characters: DuckDB reads `*`, `?` and `[` in a path as a pattern that can match other files."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neurontui.store.errors import StoreError
from neurontui.store.sql_text import quoted

_PATTERN = re.compile(r"[*?\[]")


@contextmanager
def plain_folder(folder: Path) -> Iterator[Path]:
    """The folder, or a temporary link to it if its path has a pattern character.

    Raises StoreError if the system's folder for temporary files also has one in its path.
    """
    folder = folder.resolve()
    if not _PATTERN.search(str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="neurontui.") as temporary:
        link = Path(temporary).resolve() / "folder"
        if _PATTERN.search(str(link)):
            raise StoreError(f"{link.parent} has *, ? or [ in its path, like {folder}; set TMPDIR to another folder.")
        link.symlink_to(folder, target_is_directory=True)
        yield link


def parquet(files: Iterable[Path], *, by_name: bool = False) -> str:
    """SQL that reads Parquet files of one schema. A parent folder named `layer=3` does not become a column.

    by_name: some files can lack columns, which are then NULL.
    """
    names = ", ".join(quoted(file) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false, union_by_name = {by_name})"
