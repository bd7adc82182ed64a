"""Read the entries of a task file in any supported format."""

from collections.abc import Iterator
from pathlib import Path

from neurontui.compute.tasks.task_file.formats.entry import Entry
from neurontui.compute.tasks.task_file.formats.jsonlines import json_entries
from neurontui.compute.tasks.task_file.formats.stream import open_stream
from neurontui.compute.tasks.task_file.formats.tables import table_entries

DELIMITERS = {".csv": None, ".tsv": "\t", ".tab": "\t"}
"""File name suffixes of tables; None: the delimiter is found in the header."""
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".gz")
"""File name suffixes of task files; a name with one of them is a task file even if it does not exist."""


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a file, in order. Raises InputError if it cannot be read or has another format."""
    with open_stream(path) as stream:
        start = stream.tell()
        like_json = stream.read(4096).lstrip()[:1] in (b"{", b"[")
        stream.seek(start)
        ending = unpacked_name(path).suffix.lower()
        if ending in DELIMITERS and not like_json:
            yield from table_entries(stream, DELIMITERS[ending])
        else:
            yield from json_entries(path, stream)


def unpacked_name(path: Path) -> Path:
    """The name without .gz."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path
