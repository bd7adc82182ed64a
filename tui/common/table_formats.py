"""Rows as bytes, piece by piece: a billion of them take no more memory than one piece."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from textwrap import indent
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neurontui.store.errors import InputError
from neurontui.tui.common.sanitize import clean

Pieces = Iterator[pa.Table]
"""Tables of the same columns, at least one; together the rows."""


def encoded(pieces: Pieces, form: str) -> Iterator[bytes]:
    """The rows as csv, json, md or parquet."""
    return _ENCODERS[form](pieces)


def records(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples of Python values."""
    columns = [column.to_pylist() for column in rows.columns]
    return zip(*columns, strict=True) if columns else iter(())


def cell(value: Any) -> str:
    """A value as people read it: four digits, lists joined by a space, NULL empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    if isinstance(value, list):
        return " ".join(cell(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def distinct(names: Sequence[str]) -> list[str]:
    """Names of columns as keys: the second `a` becomes `a_1`, as in DuckDB, instead of replacing the first."""
    keys: dict[str, None] = {}
    for name in names:
        tries = (name, *(f"{name}_{n}" for n in range(1, len(names))))
        keys[next(each for each in tries if each not in keys)] = None
    return list(keys)


def _csv(pieces: Pieces) -> Iterator[bytes]:
    """Comma-separated values with a header; lists joined by a space, NULL empty."""
    for number, rows in enumerate(pieces):
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        if number == 0:
            writer.writerow(rows.column_names)
        writer.writerows([_plain(value) for value in record] for record in records(rows))
        yield buffer.getvalue().encode()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    return "" if value is None else value


def _json(pieces: Pieces) -> Iterator[bytes]:
    """A JSON array of objects; NaN and infinity become null, which JSON has."""
    before = "["
    for rows in pieces:
        names = distinct(rows.column_names)
        for record in records(rows):
            text = json.dumps(
                dict(zip(names, map(_finite, record), strict=True)),
                ensure_ascii=False, indent=1, default=_json_value, allow_nan=False,
            )  # fmt: skip
            yield f"{before}\n{indent(text, ' ')}".encode()
            before = ","
    yield b"[]\n" if before == "[" else b"\n]\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return [_finite(each) for each in value] if isinstance(value, list) else value


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _markdown(pieces: Pieces) -> Iterator[bytes]:
    """A Markdown table; numbers to four significant digits."""
    for number, rows in enumerate(pieces):
        lines = [[cell(value) for value in record] for record in records(rows)]
        if number == 0:
            lines = [rows.column_names, ["---"] * rows.num_columns, *lines]
        yield "".join(f"{_markdown_row(line)}\n" for line in lines).encode()


def _markdown_row(cells: Sequence[str]) -> str:
    escaped = (clean(each).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for each in cells)
    return f"| {' | '.join(escaped)} |"


def _parquet(pieces: Pieces) -> Iterator[bytes]:
    first = next(pieces)
    sink = _Sink()
    with pq.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for rows in pieces:
            yield sink.taken()
            writer.write_table(_alike(rows, first.schema))
    yield sink.taken()


def _alike(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """A later piece with the columns of the first. Dates that Python cannot hold are text where they occur."""
    try:
        return rows.cast(schema)
    except pa.ArrowException:
        odd = [each.name for each, wanted in zip(rows.schema, schema, strict=True) if each.type != wanted.type]
        raise InputError(
            f"The column {', '.join(odd)} holds dates of far years among others; cast it to VARCHAR, or ask for csv."
        ) from None


class _Sink(io.RawIOBase):
    """A file that forgets what was taken from it, but knows how long it has become."""

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
        """Nothing to close: what was written is taken afterwards."""

    def taken(self) -> bytes:
        """What was written since it was last asked for."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


_ENCODERS: dict[str, Callable[[Pieces], Iterator[bytes]]] = {
    "csv": _csv,
    "json": _json,
    "md": _markdown,
    "parquet": _parquet,
}
