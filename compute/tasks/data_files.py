"""Find and read the files of a published data set: in any folder layout, with strict checks of their content."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurontui.compute.tasks.strict_json import parse_json
from neurontui.compute.tasks.text import kind, printable
from neurontui.store.errors import InputError

_MAX_DEPTH = 7
_MAX_FILES = 100_000


def files_under(data: Path) -> list[Path]:
    """Every file at or a few folders below `data`, in a fixed order; raises InputError if the path does not exist."""
    data = data.expanduser().absolute()
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise InputError(f"There is no file or folder {printable(str(data))} to read the data from.")
    paths: list[Path] = []
    for folder, folders, names in os.walk(data):
        depth = len(Path(folder).relative_to(data).parts)
        folders[:] = [] if depth >= _MAX_DEPTH else [name for name in folders if name[0] != "."]
        paths += [Path(folder, name) for name in names]
        if len(paths) > _MAX_FILES:
            raise InputError(
                f"{printable(str(data))} contains more than {_MAX_FILES:,} files; use the data set's own folder."
            )
    return sorted(paths, key=lambda path: (len(path.parts), path))


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines, split only at line feeds; a final empty line is ignored."""
    text = _bytes(path)
    lines = text.split(b"\n")
    for number, raw in enumerate(lines[:-1] if not lines[-1] else lines, 1):
        try:
            yield number, raw.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{printable(str(path))}, line {number} is not UTF-8.") from None


def read_rows(path: Path, *fields: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and objects of a JSON Lines file, each with all of `fields`."""
    for number, line in read_lines(path):
        if line.strip():
            row = _parsed(path, line.encode(), f", line {number}")
            yield number, require_fields(row, fields, f"{printable(str(path))}, line {number}")


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return _parsed(path, _bytes(path), "")


def require_fields(row: object, fields: tuple[str, ...], where: str) -> dict[str, Any]:
    """The row as an object; raises InputError if it is not an object or lacks a field."""
    if not isinstance(row, dict):
        raise InputError(f"{where} must be an object, not {kind(row)}.")
    missing = [name for name in fields if name not in row]
    if missing:
        raise InputError(f"{where} has no field {json.dumps(missing[0])}.")
    return row


def require_text(value: object, where: str) -> str:
    """The text without surrounding white space, possibly empty; raises InputError for other types."""
    if not isinstance(value, str):
        raise InputError(f"{where} must be text, not {kind(value)}.")
    return value.strip()


def _parsed(path: Path, raw: bytes, where: str) -> Any:
    try:
        return parse_json(raw)
    except ValueError as error:
        raise InputError(f"{printable(str(path))}{where} {error}.") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {printable(str(path))}: {error.strerror}.") from None
