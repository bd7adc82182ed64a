"""CSV and TSV: one example per row, with a header that names the columns."""

import csv
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from neurontui.compute.tasks.strict_json import JsonError, decode, parse_json
from neurontui.compute.tasks.task_file.formats.columns import Column, columns_of
from neurontui.compute.tasks.task_file.formats.entry import Entry
from neurontui.compute.tasks.task_file.formats.jsonlines import MAX_LINE
from neurontui.compute.tasks.text import printable, shown


class _Unquoted(csv.excel):
    """Quotation marks are characters like others."""

    quoting = csv.QUOTE_NONE


def table_entries(stream: BinaryIO, delimiter: str | None) -> Iterator[Entry]:
    """The rows of a table as records; `delimiter` None: the one of , ; and tab that gives the most columns.

    The number of an entry is the line at which its row begins.
    """
    columns: Sequence[Column] | None = None
    for row in cells_of(stream, delimiter):
        if row.fault is not None:
            yield row
        elif not any(cell.strip() for cell in row.value):
            continue
        elif columns is None:
            try:
                columns = columns_of(row.value)
            except ValueError as error:
                yield Entry(row.number, fault=str(error))
                return
        else:
            yield _entry(row.number, row.value, columns)


def cells_of(stream: BinaryIO, delimiter: str | None, quotes: bool = True) -> Iterator[Entry]:
    """Lists of cells, the header first; stops at the first invalid row.

    quotes: whether quotation marks enclose cells; if not, they are characters like others.
    """
    csv.field_size_limit(MAX_LINE)
    dialect = csv.excel if quotes else _Unquoted
    start = 1
    try:
        lines = _lines(stream)
        first = next(lines, "")
        rows = csv.reader(chain([first], lines), dialect, delimiter=delimiter or _delimiter(first), strict=True)
        for cells in rows:
            yield Entry(start, cells)
            start = rows.line_num + 1
    except csv.Error as error:
        yield Entry(start, fault=f"is not a row of a table: {printable(str(error))}; check for an unclosed quote")
    except JsonError as error:
        yield Entry(start, fault=str(error))


def _lines(stream: BinaryIO) -> Iterator[str]:
    while raw := stream.readline(MAX_LINE + 1):
        if len(raw) > MAX_LINE:
            raise csv.Error(f"a line is longer than {MAX_LINE >> 20} MiB")
        yield decode(raw)


def _delimiter(header: str) -> str:
    return max(",;\t", key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _entry(number: int, cells: Sequence[str], columns: Sequence[Column]) -> Entry:
    if len(cells) > len(columns):
        return Entry(number, fault=f"has {len(cells)} cells, but the header has {len(columns)} columns")
    try:
        return Entry(number, _record(cells, columns))
    except ValueError as error:
        return Entry(number, fault=str(error))


def _record(cells: Sequence[str], columns: Sequence[Column]) -> dict[str, Any]:
    record: dict[str, Any] = {"prompts": {}}
    for cell, column in zip(cells, columns, strict=False):
        if column.code is not None:
            _add(record, column, cell)
        elif column.field and (cell.strip() or column.field == "id"):
            record[column.field] = cell
    _resolve_labels(record)
    return record


def _add(record: dict[str, Any], column: Column, cell: str) -> None:
    code = str(column.code)
    if column.doubtful and cell.strip().isdecimal():
        raise ValueError(
            f"has the number {shown(cell.strip())} as prompt in '{shown(code)}', because a column has the name of "
            "that language; rename the column"
        )
    if column.field == "prompts":
        record["prompts"][code] = cell if cell.strip() else None
    elif cell.strip():
        value = _choices(cell, code) if column.field == "choices" else cell
        record.setdefault(column.field, {})[code] = value


def _choices(cell: str, code: str) -> Any:
    try:
        return parse_json(cell.encode("utf-8"))
    except ValueError:
        example = json.dumps(["yes", "no"])
        raise ValueError(f"has choices in {shown(code)} that are not a JSON list, as {example}") from None


def _resolve_labels(record: dict[str, Any]) -> None:
    """An answer that is not a choice but a whole number is the index of a choice, as in JSON."""
    for code, answer in record.get("answers", {}).items():
        options = record.get("choices", {}).get(code)
        if isinstance(options, list) and answer not in options and answer.strip().isdecimal():
            record["answers"][code] = int(answer)
