"""Reads and writes files of neurons: CSV, or a JSON array of objects, with layer, neuron and, optionally, language.

Other columns are refused.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from neurontui.store.errors import InputError
from neurontui.store.neuron_sets.neuron_set import Neuron

REQUIRED, OPTIONAL = ("layer", "neuron"), ("language",)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


class Row(NamedTuple):
    """A row of a file."""

    place: str
    """File and line, for errors."""
    layer: int
    neuron: int
    language: str | None
    """As written in the file; None for all languages."""


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV file, or of a JSON file (`.json`). Raises InputError with file and line."""
    is_json = path.suffix.lower() == ".json"
    kind = "JSON" if is_json else "CSV"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _json_rows(path, file) if is_json else _csv_rows(path, csv.reader(file, strict=True))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (csv.Error, RecursionError, ValueError) as error:  # also UnicodeDecodeError and JSONDecodeError
        raise InputError(f"{path} is not a {kind} file in UTF-8 ({error}).") from error


def column_fault(names: Sequence[str]) -> str | None:
    """The problem with the columns of a set of neurons, as the end of a sentence; None if there is none."""
    expected = "; the columns are layer, neuron and, optionally, language"
    for name in REQUIRED:
        if name not in names:
            return f"has no column '{name}'{expected}"
    for name in names:
        if name not in (*REQUIRED, *OPTIONAL):
            return f"has an unknown column '{name}'{expected}; remove it"
    twice = [name for name in names if names.count(name) > 1]
    return f"has the column '{twice[0]}' twice{expected}" if twice else None


def csv_text(neurons: Iterable[Neuron]) -> str:
    """A CSV file with the columns layer, neuron and language; no language means all languages."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*REQUIRED, *OPTIONAL])
    writer.writerows(neurons)  # None is written as an empty cell
    return buffer.getvalue()


def json_text(neurons: Iterable[Neuron]) -> str:
    """A JSON array of objects, one on a line."""
    lines = ",\n".join(f"  {json.dumps(neuron._asdict(), ensure_ascii=False)}" for neuron in neurons)
    return f"[\n{lines}\n]\n"


def _csv_rows(path: Path, reader: Any) -> Iterator[Row]:
    names = [name.strip().lower() for name in next(reader, [])]
    _require_columns(path, names)
    for cells in reader:
        if not cells:
            continue
        place = f"{path}, line {reader.line_num}"
        if len(cells) != len(names):
            raise InputError(f"{place}: {len(cells)} cells for {len(names)} columns.")
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        yield Row(place, _number(place, row, "layer"), _number(place, row, "neuron"), row.get("language") or None)


def _json_rows(path: Path, file: TextIO) -> Iterator[Row]:
    items = json.load(file)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path} is not a JSON array of objects such as " + '{"layer": 0, "neuron": 3}.')
    for number, item in enumerate(items, 1):
        place, language = f"{path}, object {number}", item.get("language")
        _require_columns(place, list(item))
        if language is not None and not isinstance(language, str):
            raise InputError(f"{place}: language is neither text nor null.")
        yield Row(place, _number(place, item, "layer"), _number(place, item, "neuron"), language or None)


def _require_columns(place: object, names: Sequence[str]) -> None:
    if fault := column_fault(names):
        raise InputError(f"{place} {fault}.")


def _number(place: str, row: Mapping[str, Any], name: str) -> int:
    value = row[name]
    if isinstance(value, bool) or not _WHOLE.fullmatch(str(value)):
        raise InputError(f"{place}: {name} is '{value}', which is not a whole number.")
    return int(value)
