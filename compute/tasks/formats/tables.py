"""CSV and TSV: a row an example, with a column `id` and one for each language.

Columns `prompt_de` (also `prompts.de`) hold prompts; where there is none of these, so do columns named by a
language code (`de`). `answer_de` and `choices_de` (a JSON list) go with them.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from neurontui.compute.tasks.formats.entry import Entry
from neurontui.compute.tasks.formats.jsonlines import MAX_LINE
from neurontui.compute.tasks.jsonline import decode, parse_json
from neurontui.compute.tasks.text import listed, shown
from neurontui.store.language_reference import reference
from neurontui.store.language_tags import is_valid_code, language_tag, short_code

_PREFIXES = {
    "prompt": "prompts",
    "prompts": "prompts",
    "answer": "answers",
    "answers": "answers",
    "choice": "choices",
    "choices": "choices",
}
_PLAIN = ("id", "cluster", "answer_language")
_LONG = {"language", "lang", "language_code", "locale"}


@dataclass(frozen=True)
class Column:
    """What a column holds: a plain field, `prompts`, `answers` or `choices` of a language, or the user's own data."""

    field: str
    code: str | None = None
    bare: bool = False
    """Named by the language code alone, which may also be a word: `no`, `is`, `id`."""


def table_entries(stream: BinaryIO, delimiter: str | None) -> Iterator[Entry]:
    """The rows of a table as records; `delimiter` None: whichever of , ; and tab splits the header into most columns.

    The number of an entry is the line on which its row begins.
    """
    csv.field_size_limit(MAX_LINE)
    start = 1
    try:
        lines = _lines(stream)
        first = next(lines, "")
        rows = csv.reader(chain([first], lines), delimiter=delimiter or _delimiter(first), strict=True)
        columns = _columns(next(rows, []))
        for start, cells in _numbered(rows):
            if any(cell.strip() for cell in cells):
                yield _entry(start, cells, columns)
    except csv.Error as error:
        yield Entry(start, fault=f"is not a row of a table: {error}; is a quote not closed?")
    except ValueError as error:
        yield Entry(start, fault=str(error))


def _lines(stream: BinaryIO) -> Iterator[str]:
    while raw := stream.readline(MAX_LINE + 1):
        if len(raw) > MAX_LINE:
            raise csv.Error(f"a line is longer than {MAX_LINE >> 20} MiB")
        yield decode(raw)


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins; `rows` is a csv.reader behind its header."""
    start = rows.line_num + 1
    for cells in rows:
        yield start, cells
        start = rows.line_num + 1


def _delimiter(header: str) -> str:
    return max(",;\t", key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _columns(cells: Sequence[str]) -> list[Column]:
    """What each column holds. Raises ValueError with the end of a sentence about the header."""
    names = [cell.strip() for cell in cells]
    columns = _with_languages([_named(name) for name in names])
    fields = {column.field for column in columns}
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise ValueError(f"has the column '{shown(twice[0])}' twice; keep one")
    if "id" not in fields:
        raise ValueError(f"is a header without a column id; its columns are {_shown(names)}")
    if "prompts" not in fields and fields & _LONG:
        raise ValueError(
            "is the header of a table with one language a row; give one example a row, "
            "with a column of prompts for each language (prompt_en, prompt_de, ...)"
        )
    if "prompts" not in fields:
        raise ValueError(
            f"is a header without a column of prompts, as prompt_en; its columns are {_shown(names)}"
        )
    return columns


def _shown(names: Sequence[str]) -> str:
    return listed([shown(name) for name in names[:20]] + ["..."] * (len(names) > 20))


def _named(name: str) -> Column:
    for mark in "._":
        prefix, found, code = name.partition(mark)
        if found and code and prefix.lower() in _PREFIXES:
            return Column(_PREFIXES[prefix.lower()], code)
    return Column(name.lower() if name.lower() in _PLAIN else name)


def _with_languages(columns: list[Column]) -> list[Column]:
    """Columns named by a language code are prompts where no column is named as such."""
    if any(column.field == "prompts" for column in columns):
        return columns
    answered = {short_code(column.code) for column in columns if column.code}
    return [
        Column("prompts", column.field, bare=True)
        if column.field not in _PLAIN and _is_language(column.field, answered)
        else column
        for column in columns
    ]


def _is_language(name: str, answered: set[str]) -> bool:
    """Whether a column is named by a language; three letters can be any word, so the language must be a usual one."""
    usual = language_tag(name).language in reference() and is_valid_code(name)
    return bool(name) and (usual or short_code(name) in answered)


def _entry(number: int, cells: Sequence[str], columns: Sequence[Column]) -> Entry:
    if len(cells) > len(columns):
        return Entry(
            number, fault=f"has {len(cells)} cells, but the header has {len(columns)} columns"
        )
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
    if column.bare and cell.strip().isdecimal():
        raise ValueError(
            f"has the number {shown(cell.strip())} in the column '{shown(code)}', which is a language code; "
            f"if these are prompts, name the column prompt_{shown(code)}, else give it another name"
        )
    if column.field == "prompts":
        record["prompts"][code] = cell if cell.strip() else None
    elif cell.strip():
        read: Callable[[str, str], Any] = _choices if column.field == "choices" else _text
        record.setdefault(column.field, {})[code] = read(cell, code)


def _text(cell: str, code: str) -> str:
    return cell


def _choices(cell: str, code: str) -> Any:
    try:
        return parse_json(cell.encode("utf-8"))
    except ValueError:
        example = json.dumps(["yes", "no"])
        raise ValueError(
            f"has choices in {shown(code)} that are not a JSON list, as {example}"
        ) from None


def _resolve_labels(record: dict[str, Any]) -> None:
    """An answer that is no choice but a whole number counts the choices, as in JSON."""
    for code, answer in record.get("answers", {}).items():
        options = record.get("choices", {}).get(code)
        if isinstance(options, list) and answer not in options and answer.strip().isdecimal():
            record["answers"][code] = int(answer)
