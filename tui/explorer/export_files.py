"""Tables and charts as files and as text to paste. One place decides how a value looks in each format."""

import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from neurontui.store.errors import UsageError
from neurontui.tui.charts.model import Drawing
from neurontui.tui.charts.svg import to_svg
from neurontui.tui.charts.terminal.plain_text import to_text
from neurontui.tui.common.sanitize import clean

TABLE_FORMATS = ("csv", "json", "md", "parquet")
CHART_FORMATS = ("svg", "txt")


def table_bytes(table: pa.Table, kind: str) -> bytes:
    """A table in one of TABLE_FORMATS; text is UTF-8."""
    return _WRITERS[kind](table)


def chart_bytes(drawing: Drawing, kind: str) -> bytes:
    """A chart in one of CHART_FORMATS."""
    return (to_svg(drawing) if kind == "svg" else to_text(drawing) + "\n").encode("utf-8", "replace")


def save(folder: Path, name: str, kind: str, content: bytes) -> Path:
    """Write a file that does not exist yet: `name.kind`, or `name-2.kind` and so on. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            path = folder / f"{slug(name)}{'' if number == 1 else f'-{number}'}.{kind}"
            try:
                with path.open("xb") as file:
                    file.write(content)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise UsageError(f"Cannot write into {folder} ({error.strerror or error}); choose another folder.") from None
    raise UsageError(f"{folder} has ten thousand files of that name; choose another folder.")


def slug(name: str) -> str:
    """A name fit for any file system: letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", clean(name)).strip("-.")[:80] or "export"


def table_text(table: pa.Table) -> str:
    """Tab-separated text, as spreadsheets paste it; cleaned, for it may be pasted into a shell."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True) if table.num_columns else []
    lines = [
        "\t".join(clean(name) for name in table.column_names),
        *("\t".join(clean(_flat(value)) for value in row) for row in rows),
    ]
    return "\n".join(lines)


def _csv(table: pa.Table) -> bytes:
    from pyarrow import csv

    buffer = io.BytesIO()
    csv.write_csv(_without_nesting(table), buffer)
    return buffer.getvalue()


def _without_nesting(table: pa.Table) -> pa.Table:
    """Lists and structs as text, which CSV cannot hold, and enums as the words they stand for."""
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = pa.array(
                [_flat(value) if value is not None else None for value in table.column(index).to_pylist()],
                pa.string(),
            )
            table = table.set_column(index, field.name, texts)
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(field.type.value_type))
    return table


def _json(table: pa.Table) -> bytes:
    return (json.dumps(table.to_pylist(), default=_plain, ensure_ascii=False, indent=1) + "\n").encode(
        "utf-8", "replace"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _md(table: pa.Table) -> bytes:
    head = [_cell(name) for name in table.column_names]
    rows = [[_cell(_flat(value)) for value in row] for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    lines = [head, ["---"] * len(head), *rows]
    return ("\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n").encode("utf-8", "replace")


def _cell(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace("|", "\\|")


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(_flat(each) for each in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("\t", " ").replace("\n", " ")


_WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    "csv": _csv,
    "json": _json,
    "md": _md,
    "parquet": _parquet,
}
