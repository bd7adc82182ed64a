"""JSON: one example per line, read line by line; or a list or objects over several lines, read as a whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from neurontui.compute.tasks.strict_json import JsonError, parse_json, parse_values
from neurontui.compute.tasks.task_file.formats.entry import Entry
from neurontui.compute.tasks.task_file.formats.stream import read_whole

MAX_LINE = 1 << 26
"""Most bytes of a line with one example."""


def json_entries(path: Path, stream: BinaryIO) -> Iterator[Entry]:
    """The entries of a stream at its first character; blank lines are skipped.

    Raises InputError if a list, or an object over several lines, is too large to be read as a whole.
    """
    start = stream.tell()
    whole = _over_many_lines(stream)
    stream.seek(start)
    yield from _whole_entries(read_whole(path, stream)) if whole else _line_entries(stream)


def _over_many_lines(stream: BinaryIO) -> bool:
    """Whether the file is a list, or its first object ends on a later line.

    If the second line is an object itself, only the first line is incomplete.
    """
    lines = (raw for raw in iter(lambda: stream.readline(MAX_LINE), b"") if raw.strip())
    first, second = next(lines, b""), next(lines, b"")
    if first.lstrip().startswith(b"["):
        return True
    return first.endswith(b"\n") and bool(second) and _incomplete(first) and not _is_object(second)


def _incomplete(raw: bytes) -> bool:
    """Whether a JSON object begins here and continues after the end of the line."""
    text = raw.decode("utf-8", "replace").rstrip()
    if not text.startswith("{"):
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text)
    except (ValueError, RecursionError):
        return False
    return False


def _is_object(raw: bytes) -> bool:
    try:
        return isinstance(parse_json(raw), dict)
    except ValueError:
        return False


def _whole_entries(raw: bytes) -> Iterator[Entry]:
    try:
        values = parse_values(raw)
    except JsonError as error:
        yield Entry(error.line, fault=str(error))
        return
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    for number, value in enumerate(values, 1):
        yield Entry(number, value, unit="item")


def _line_entries(stream: BinaryIO) -> Iterator[Entry]:
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if len(raw) > MAX_LINE:
            _skip_line(stream, raw)
            yield Entry(number, fault=f"is longer than {MAX_LINE >> 20} MiB; is it one example?")
        elif raw.strip():
            yield _line_entry(number, raw)


def _line_entry(number: int, raw: bytes) -> Entry:
    try:
        return Entry(number, parse_json(raw.rstrip(b"\r\n")))
    except ValueError as error:
        return Entry(number, fault=str(error))


def _skip_line(stream: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(MAX_LINE)
