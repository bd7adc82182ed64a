"""Read the texts of one file of a corpus, one after the other, without keeping them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurontui.compute.tasks.corpus.files import TextFile, is_lines
from neurontui.compute.tasks.strict_json import JsonError, decode
from neurontui.compute.tasks.task_file.formats.jsonlines import MAX_LINE, json_entries
from neurontui.compute.tasks.task_file.formats.reader import DELIMITERS, unpacked_name
from neurontui.compute.tasks.task_file.formats.stream import open_stream
from neurontui.compute.tasks.task_file.formats.tables import cells_of
from neurontui.compute.tasks.text import listed, printable, text_fault
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import short_code

COLUMNS = ("text", "sentence", "content")
"""Columns with the text of a row; the first of them that the file has."""
LANGUAGE = "language"
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class _Row:
    """A place in a file, as 'line 3', and what is there."""

    place: str
    values: Mapping[str, Any]


def texts_of(file: TextFile) -> Iterator[tuple[str, str]]:
    """Language and text of each non-blank text of a file, in order.

    Raises InputError with file and line for the first one that cannot be read.
    """
    rows = _lines(file.path) if is_lines(file.path) else _rows(file.path)
    for row in rows:
        text = row.values["text"] if is_lines(file.path) else _text(file.path, row)
        if text is None or not str(text).strip():
            continue
        if fault := text_fault(text):
            raise InputError(f"{printable(str(file.path))}, {row.place}: the text {fault}.")
        yield _language(file, row), str(text)


def has_texts(path: Path) -> bool:
    """Whether a file is plain text, or its first row has a text. Raises InputError if it cannot be read."""
    if is_lines(path):
        return True
    first = next(_rows(path), None)
    return first is not None and any(name in first.values for name in COLUMNS)


def _text(path: Path, row: _Row) -> Any:
    name = next((name for name in COLUMNS if name in row.values), None)
    if name is None:
        raise InputError(
            f"{printable(str(path))}, {row.place}: there is no text; its columns are "
            f"{printable(listed(row.values)) or 'none'}, and a corpus needs one of {listed(COLUMNS)}."
        )
    return row.values[name]


def _language(file: TextFile, row: _Row) -> str:
    """The row's own language, or else that of the file, whose name can be a word: `all` is the code of Allar."""
    code = row.values.get(LANGUAGE)
    if isinstance(code, str) and code.strip():
        return short_code(code.strip())
    if file.language is None:
        raise InputError(
            f"{printable(str(file.path))}, {row.place}: there is no language; name the file by the code of its "
            "language, as de.jsonl, or add a column language."
        )
    return file.language


def _lines(path: Path) -> Iterator[_Row]:
    with open_stream(path, plain=True) as stream:
        number = 0
        while raw := stream.readline(MAX_LINE + 1):
            number += 1
            place = f"line {number:,}"
            if len(raw) > MAX_LINE:
                raise InputError(f"{printable(str(path))}, {place}: the text is longer than {MAX_LINE >> 20} MiB.")
            try:
                yield _Row(place, {"text": decode(raw).strip()})
            except JsonError as error:
                raise InputError(f"{printable(str(path))}, {place}: the text {error}.") from None


def _rows(path: Path) -> Iterator[_Row]:
    ending = unpacked_name(path).suffix.lower()
    if ending == ".parquet":
        yield from _parquet(path)
    elif ending in DELIMITERS:
        yield from _table(path, DELIMITERS[ending])
    else:
        yield from _objects(path)


def _objects(path: Path) -> Iterator[_Row]:
    with open_stream(path) as stream:
        for entry in json_entries(path, stream):
            place = f"{entry.unit} {entry.number:,}"
            if entry.fault is not None:
                raise InputError(f"{printable(str(path))}, {place}: {entry.fault}.")
            yield _Row(
                place, {"text": entry.value} if isinstance(entry.value, str) else _object(path, place, entry.value)
            )


def _object(path: Path, place: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        raise InputError(f"{printable(str(path))}, {place}: must be an object with a field text, or text.")
    return value


def _table(path: Path, delimiter: str | None) -> Iterator[_Row]:
    names: list[str] = []
    with open_stream(path) as stream:
        for line in cells_of(stream, delimiter):
            place = f"line {line.number:,}"
            if line.fault is not None:
                raise InputError(f"{printable(str(path))}, {place}: {line.fault}.")
            if not any(cell.strip() for cell in line.value):
                continue
            if not names:
                names = [cell.strip().lower() for cell in line.value]
            elif len(line.value) != len(names):
                raise InputError(
                    f"{printable(str(path))}, {place}: there are {len(line.value)} cells for {len(names)} columns."
                )
            else:
                yield _Row(place, dict(zip(names, line.value, strict=True)))


def _parquet(path: Path) -> Iterator[_Row]:
    # Imported here, because texts and tables do not need Arrow.
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        file = pyarrow.parquet.ParquetFile(path)
        wanted = [name for name in file.schema_arrow.names if name in (*COLUMNS, LANGUAGE)]
        for part in file.iter_batches(_ROWS_AT_ONCE, columns=wanted):
            for values in part.to_pylist():
                number += 1
                yield _Row(f"row {number:,}", values)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        raise InputError(
            f"{printable(str(path))} is not a Parquet file, or is damaged after row {number:,}; copy it again."
        ) from None
