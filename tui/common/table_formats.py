"""Rows as csv, tsv, json, md or parquet, piece by piece: any number of rows takes no more memory than one piece."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from textwrap import indent
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neurontui.store.errors import InputError
from neurontui.tui.common.cell_text import exact, json_value, rounded
from neurontui.tui.common.sanitize import clean

Pieces = Iterator[pa.Table]
"""Tables with the same columns, at least one; together they are the rows."""

TABLE_FORMATS = ("csv", "json", "md", "parquet")
"""Formats of files. Text for the clipboard is tsv."""


def encoded(pieces: Pieces, form: str) -> Iterator[bytes]:
    """The rows in one of TABLE_FORMATS or as tsv; columns with equal names get different names."""
    return _ENCODERS[form](map(with_distinct_names, pieces))


def with_distinct_names(rows: pa.Table) -> pa.Table:
    """`rows` without two columns of the same name: the second `a` becomes `a_1`, as in DuckDB."""
    return rows.rename_columns(distinct(rows.column_names))


def distinct(names: Sequence[str]) -> list[str]:
    """Column names with a number appended where a name occurs again."""
    keys: dict[str, None] = {}
    for name in names:
        candidates = (name, *(f"{name}_{n}" for n in range(1, len(names))))
        keys[next(key for key in candidates if key not in keys)] = None
    return list(keys)


def records(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples of Python values."""
    columns = [column.to_pylist() for column in rows.columns]
    return zip(*columns, strict=True) if columns else iter(())


def _csv(pieces: Pieces) -> Iterator[bytes]:
    """Comma-separated values with a header."""
    for number, rows in enumerate(pieces):
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        if number == 0:
            writer.writerow(rows.column_names)
        writer.writerows(map(exact, record) for record in records(rows))
        yield _bytes(buffer.getvalue())


def _tsv(pieces: Pieces) -> Iterator[bytes]:
    """Tab-separated values with a header, one line a row; cleaned, because it may be pasted into a shell."""
    for number, rows in enumerate(pieces):
        lines = [[exact(value) for value in record] for record in records(rows)]
        if number == 0:
            lines = [rows.column_names, *lines]
        yield _bytes("".join("\t".join(map(_one_line, line)) + "\n" for line in lines))


def _one_line(text: str) -> str:
    return clean(text.replace("\t", " ").replace("\n", " "))


def _json(pieces: Pieces) -> Iterator[bytes]:
    """A JSON array of objects."""
    before = "["
    for rows in pieces:
        names = rows.column_names
        for record in records(rows):
            row = dict(zip(names, map(json_value, record), strict=True))
            text = json.dumps(row, ensure_ascii=False, indent=1, allow_nan=False)
            yield _bytes(f"{before}\n{indent(text, ' ')}")
            before = ","
    yield b"[]\n" if before == "[" else b"\n]\n"


def _markdown(pieces: Pieces) -> Iterator[bytes]:
    """A Markdown table, numbers rounded."""
    for number, rows in enumerate(pieces):
        lines = [[rounded(value) for value in record] for record in records(rows)]
        if number == 0:
            lines = [rows.column_names, ["---"] * rows.num_columns, *lines]
        yield _bytes("".join(f"{_markdown_row(line)}\n" for line in lines))


def _markdown_row(cells: Sequence[str]) -> str:
    escaped = (_one_line(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _parquet(pieces: Pieces) -> Iterator[bytes]:
    first = next(pieces)
    sink = _Sink()
    with pq.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for rows in pieces:
            yield sink.take()
            writer.write_table(_as_first(rows, first.schema))
    yield sink.take()


def _as_first(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """A later piece with the column types of the first. Dates outside Python's range are text where they occur."""
    try:
        return rows.cast(schema)
    except pa.ArrowException:
        names = [field.name for field, first in zip(rows.schema, schema, strict=True) if field.type != first.type]
        raise InputError(
            f"The column {', '.join(names)} mixes dates with dates outside the years 1 to 9999; "
            "cast it to VARCHAR, or use csv."
        ) from None


class _Sink(io.RawIOBase):
    """A file for ParquetWriter that hands out what was written and keeps only the length."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def close(self) -> None:
        """Nothing to close: the last parts are taken after the writer has closed."""

    def take(self) -> bytes:
        """What was written since the last call."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


_ENCODERS: dict[str, Callable[[Pieces], Iterator[bytes]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "json": _json,
    "md": _markdown,
    "parquet": _parquet,
}
