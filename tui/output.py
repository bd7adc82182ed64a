"""Rows on their way out of the command line: one Arrow table in the format that was asked for.

stdout gets data only. A table for people is drawn by rich, cut to the terminal's width, and only where
somebody looks at it; every other format is the same in a pipe and in a terminal.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurontui.store.errors import UsageError
from neurontui.tui.clean import clean
from neurontui.tui.layout import BETWEEN, fitted
from neurontui.tui.saving import save_whole

FORMATS = ("table", "csv", "json", "md", "parquet")
SHOWN_ROWS = 1000
FEW_ROWS = 3


def write(rows: pa.Table, form: str, out: Path | None = None) -> None:
    """Write rows as `form` to a file, or to stdout where `out` is None or `-`."""
    if out is None or str(out) == "-":
        _to_stdout(rows, form)
    else:
        save_whole(out, _encode(rows, form))


def _to_stdout(rows: pa.Table, form: str) -> None:
    if form == "table":
        _draw(rows, Console())
        return
    if form == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is binary: name a file with --out, or send it into a pipe")
    sys.stdout.buffer.write(_encode(rows, form))
    sys.stdout.buffer.flush()


def _encode(rows: pa.Table, form: str) -> bytes:
    encoders: dict[str, Callable[[pa.Table], bytes]] = {
        "table": _as_table, "csv": as_csv, "json": as_json, "md": as_markdown, "parquet": _as_parquet,
    }  # fmt: skip
    return encoders[form](rows)


def _draw(rows: pa.Table, console: Console) -> None:
    shown = rows.slice(0, SHOWN_ROWS)
    cells = [[Text(clean(_cell(value))) for value in record] for record in _records(shown)]
    natural = _natural(shown, cells)
    width = sum(natural) + BETWEEN * (len(natural) - 1)
    # Somebody who looks gets what fits; a pipe gets all of it, for `less -S` and its like.
    if not console.is_terminal:
        wide = Console(file=console.file, width=max(1, width), no_color=console.no_color)
        wide.print(_drawn(shown, cells, natural))
    elif width > console.width and rows.num_rows <= FEW_ROWS:
        _draw_records(shown, console)
    else:
        _draw_what_fits(shown, cells, natural, console)
    if rows.num_rows > SHOWN_ROWS:
        _tell(f"{SHOWN_ROWS:,} of {rows.num_rows:,} rows shown; --format csv gives all")


def _natural(rows: pa.Table, cells: Sequence[Sequence[Text]]) -> list[int]:
    """Width of each column where nothing is cut."""
    names = [Text(clean(name)).cell_len for name in rows.column_names]
    return [max(name, *(each[i].cell_len for each in cells), 0) for i, name in enumerate(names)]


def _drawn(rows: pa.Table, cells: Sequence[Sequence[Text]], widths: Sequence[int]) -> Table:
    """The first columns, as many as there are widths."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=["", "dim"])
    for name, number, width in zip(rows.column_names, _numbers(rows), widths, strict=False):
        table.add_column(
            Text(clean(name)), justify="right" if number else "left", no_wrap=True, width=width
        )
    for record in cells:
        table.add_row(*record[: len(widths)])
    return table


def _numbers(rows: pa.Table) -> list[bool]:
    kinds = [column.type for column in rows.schema]
    return [pa.types.is_integer(each) or pa.types.is_floating(each) for each in kinds]


def _draw_records(rows: pa.Table, console: Console) -> None:
    """A row as lines of name and value, where a few rows are too wide."""
    for number, record in enumerate(_records(rows), 1):
        table = Table(
            show_header=False, show_edge=False, pad_edge=False, box=None,
            title=f"row {number}" if rows.num_rows > 1 else None, title_justify="left",
        )  # fmt: skip
        for name, value in zip(rows.column_names, record, strict=True):
            table.add_row(Text(clean(name), style="bold"), Text(clean(_cell(value))))
        console.print(table)


def _draw_what_fits(
    rows: pa.Table, cells: Sequence[Sequence[Text]], natural: Sequence[int], console: Console
) -> None:
    """The first columns that fit with their texts cut, and a word on the others."""
    widths = fitted(natural, _numbers(rows), console.width)
    console.print(_drawn(rows, cells, widths))
    hidden = ", ".join(clean(each) for each in rows.column_names[len(widths) :])
    if hidden:
        _tell(f"too wide for this terminal, and not shown: {hidden}; --format csv gives all")


def _tell(sentence: str) -> None:
    Console(stderr=True).print(Text(sentence), soft_wrap=True)


def _records(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in rows.columns]
    return zip(*columns, strict=True) if columns else iter(())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    if isinstance(value, list):
        return " ".join(_cell(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _as_table(rows: pa.Table) -> bytes:
    buffer = io.StringIO()
    _draw(rows, Console(file=buffer, width=80, no_color=True))
    return buffer.getvalue().encode()


def as_csv(rows: pa.Table) -> bytes:
    """Comma-separated values with a header; lists joined by a space, NULL empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows.column_names)
    for record in _records(rows):
        writer.writerow([_plain(value) for value in record])
    return buffer.getvalue().encode()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    return "" if value is None else value


def as_json(rows: pa.Table) -> bytes:
    """A JSON array of objects; NaN and infinity become null, which JSON has."""
    names = distinct(rows.column_names)
    objects = [dict(zip(names, map(_finite, each), strict=True)) for each in _records(rows)]
    text = json.dumps(objects, ensure_ascii=False, indent=1, default=_json_value, allow_nan=False)
    return f"{text}\n".encode()


def distinct(names: Sequence[str]) -> list[str]:
    """Names of columns as keys: the second `a` becomes `a_1`, as in DuckDB, instead of replacing the first."""
    keys: dict[str, None] = {}
    for name in names:
        tries = (name, *(f"{name}_{n}" for n in range(1, len(names))))
        keys[next(each for each in tries if each not in keys)] = None
    return list(keys)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return [_finite(each) for each in value] if isinstance(value, list) else value


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def as_markdown(rows: pa.Table) -> bytes:
    """A Markdown table; numbers to four significant digits."""
    lines = [_markdown_row(rows.column_names), _markdown_row(["---"] * rows.num_columns)]
    lines += [_markdown_row([clean(_cell(value)) for value in record]) for record in _records(rows)]
    return ("\n".join(lines) + "\n").encode()


def _markdown_row(cells: list[str]) -> str:
    escaped = (each.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for each in cells)
    return f"| {' | '.join(escaped)} |"


def _as_parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()
