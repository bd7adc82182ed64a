"""Formats that are not supported: their names, how they are recognized, and what to do."""

from pathlib import Path

from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError

READ = "JSON Lines, a JSON list, CSV or TSV, also with gzip"

_PANDAS = "save it as JSON Lines (in pandas: to_json(..., orient='records', lines=True))"
_SHEET = "save the sheet as CSV UTF-8"
_PICKLE = "save it as JSON Lines; pickles can run code and are not opened"
_UNPACK = "unpack it first, or pack it with gzip"

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", _PANDAS),
    (b"ARROW1", "an Arrow file", _PANDAS),
    (b"FEA1", "a Feather file", _PANDAS),
    (b"Obj\x01", "an Avro file", _PANDAS),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _PANDAS),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", _SHEET),
    (b"BZh", "packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstandard", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF file", "save its text as JSON Lines"),
    (b"\x93NUMPY", "a NumPy array", "save it as JSON Lines"),
    *((b"\x80" + bytes([protocol]), "a pickle", _PICKLE) for protocol in range(2, 6)),
    (b"version https://git-lfs", "a Git LFS pointer, not the file", "run `git lfs pull`"),
    (b"<", "XML or HTML", "save it as JSON Lines"),
    (b"---\n", "YAML", "save it as JSON Lines"),
)

_ENDINGS = {
    ".yaml": ("YAML", "save it as JSON Lines"),
    ".yml": ("YAML", "save it as JSON Lines"),
    ".orc": ("an ORC file", _PANDAS),
    ".txt": (
        "plain text",
        "save it as JSON Lines or CSV, with an id and a prompt for each language",
    ),
    ".md": (
        "plain text",
        "save it as JSON Lines or CSV, with an id and a prompt for each language",
    ),
    ".py": ("a Python program", "save its data as JSON Lines"),
}


_IN_TEXT = ("XML or HTML", "YAML")
"""Formats whose beginning can also be that of a plain text."""


def refuse_other_formats(path: Path, head: bytes, *, plain: bool = False) -> None:
    """Raise InputError that names the format of a file, if it is not supported.

    head: the first bytes after unpacking gzip, at least 600 if the file has them. plain: a text per line is expected.
    """
    other_format = _by_content(head) or (None if plain else _by_ending(path, head))
    if other_format is None or (plain and other_format[0] in _IN_TEXT):
        return
    what, advice = other_format
    expected = "a file of texts has one text per line, in UTF-8" if plain else f"a task file is {READ}"
    raise InputError(f"{printable(str(path))} is {what}; {advice}: {expected}.")


def _by_content(head: bytes) -> tuple[str, str] | None:
    for beginning, what, advice in _BEGINNINGS:
        if head.startswith(beginning):
            return what, advice
    if head.startswith(b"PK\x03\x04"):
        office = b"[Content_Types].xml" in head or b"xl/" in head
        return ("an Excel workbook", _SHEET) if office else ("a zip archive", _UNPACK)
    if head[8:12] == b"DUCK":
        return "a DuckDB database", "export the table as JSON Lines (COPY ... TO 'task.jsonl')"
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if head.startswith((b"{\0", b"[\0", b"\0{", b"\0[")):
        return "UTF-16 or UTF-32 text without a byte order mark", "save it as UTF-8"
    return None


def _by_ending(path: Path, head: bytes) -> tuple[str, str] | None:
    like_json = head.lstrip()[:1] in (b"{", b"[")
    return None if like_json else _ENDINGS.get(path.suffix.lower())


def describe_folder(path: Path) -> str:
    """Description of a folder as the end of a sentence, and what to do."""
    if any((path / name).exists() for name in ("dataset_info.json", "state.json", "dataset_dict.json")):
        return "is a folder saved by `datasets`; write it with to_json() and use that file"
    return f"is a folder; use one file: {READ}"
