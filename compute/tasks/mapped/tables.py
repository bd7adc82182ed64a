"""Read the rows of one file of a data set: Parquet, JSON Lines, JSON, CSV or TSV, the last four also with gzip."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from neurontui.compute.tasks.mapped.faults import Fault, Report
from neurontui.compute.tasks.mapped.mapping import Data
from neurontui.compute.tasks.task_file.formats.entry import Entry, Unit
from neurontui.compute.tasks.task_file.formats.jsonlines import json_entries
from neurontui.compute.tasks.task_file.formats.reader import DELIMITERS, unpacked_name
from neurontui.compute.tasks.task_file.formats.stream import open_stream
from neurontui.compute.tasks.task_file.formats.tables import cells_of
from neurontui.compute.tasks.text import counted, kind, printable, shown
from neurontui.store.errors import InputError


@dataclass(frozen=True)
class Row:
    """One row of a file. Nested objects are flattened: `text.de` for {"text": {"de": …}}."""

    path: Path
    number: int
    unit: Unit
    values: Mapping[str, Any]

    def fault(self, field: str, message: str) -> Fault:
        """A fault of this row."""
        return Fault(self.path, self.number, field, message, self.unit)


@dataclass(frozen=True)
class Table:
    """The rows of one file, and the columns that any of them has."""

    path: Path
    columns: Sequence[str]
    rows: Sequence[Row]


def read_table(path: Path, data: Data, report: Report) -> Table:
    """All rows of a file; faulty ones are reported and left out. Raises InputError if it cannot be read at all."""
    if _is_parquet(path):
        return _parquet(path, report)
    rows = list(_text_rows(path, data, report))
    columns = dict.fromkeys(name for row in rows for name in row.values)
    if not rows:
        report(Fault(path, None, "file", "contains no row"))
    return Table(path, tuple(columns), rows)


def _is_parquet(path: Path) -> bool:
    if not path.is_file():  # opening a pipe would wait
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PAR1" or path.suffix.lower() == ".parquet"
    except OSError as error:
        raise InputError(f"Cannot read {printable(str(path))}: {error.strerror}.") from None


def _parquet(path: Path, report: Report) -> Table:
    # Imported here, because checking a task file does not need Arrow.
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path, partitioning=None)
    except (pyarrow.ArrowException, OSError, ValueError):
        report(Fault(path, None, "file", "is not a Parquet file, or is damaged or incomplete; copy it again"))
        return Table(path, (), ())
    while any(pyarrow.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    if not table.num_rows:
        report(Fault(path, None, "file", "contains no row"))
    rows = [Row(path, number, "row", values) for number, values in _parquet_values(path, table, report)]
    return Table(path, tuple(table.column_names), rows)


def _parquet_values(path: Path, table: Any, report: Report) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbers from 1 and values of the rows, without those with a text that is not UTF-8."""
    with suppress(UnicodeDecodeError):  # which does not say where
        yield from enumerate(table.to_pylist(), 1)
        return
    for number in range(1, table.num_rows + 1):
        try:
            yield number, table.slice(number - 1, 1).to_pylist()[0]
        except UnicodeDecodeError:
            report(Fault(path, number, "row", "has a text that is not UTF-8; save the file again", "row"))


def _text_rows(path: Path, data: Data, report: Report) -> Iterator[Row]:
    last = 0
    with open_stream(path) as stream:
        try:
            for row in _entries(path, stream, data):
                last = row.number
                if isinstance(row, Row):
                    yield row
                else:
                    report(Fault(path, row.number, "line", str(row.fault), row.unit))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            message = f"is a damaged or incomplete gzip file after line {last}; copy it again"
            report(Fault(path, last + 1, "file", message))


def _entries(path: Path, stream: BinaryIO, data: Data) -> Iterator[Row | Entry]:
    ending = unpacked_name(path).suffix.lower()
    if ending in DELIMITERS:
        yield from _table_rows(path, cells_of(stream, DELIMITERS[ending], data.quotes), data.header)
        return
    for entry in json_entries(path, stream):
        if entry.fault is None and isinstance(entry.value, dict):
            yield Row(path, entry.number, entry.unit, dict(_flat(entry.value)))
        else:
            fault = entry.fault or f"must be an object, not {kind(entry.value)}"
            yield Entry(entry.number, fault=fault, unit=entry.unit)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _table_rows(path: Path, lines: Iterator[Entry], header: Sequence[str]) -> Iterator[Row | Entry]:
    names = list(header)
    for line in lines:
        if line.fault is not None:
            yield line
        elif not any(cell.strip() for cell in line.value):
            continue
        elif not names:
            names = [cell.strip() for cell in line.value]
            if twice := [name for name in names if names.count(name) > 1]:
                yield Entry(line.number, fault=f"has two columns '{shown(twice[0])}'; rename one")
                return
        elif len(line.value) != len(names):
            yield Entry(
                line.number, fault=f"has {counted(len(line.value), 'cell')}, but there are {len(names)} columns"
            )
        else:
            yield Row(path, line.number, "line", dict(zip(names, line.value, strict=True)))
