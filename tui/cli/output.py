"""Rows on their way out of the command line, in the format that was asked for.

stdout gets data only. A table for people is drawn by rich, cut to the terminal's width, and only where
somebody looks at it; every other format is the same in a pipe and in a terminal.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurontui.store.errors import UsageError
from neurontui.tui.common.atomic_write import save_whole
from neurontui.tui.common.cell_text import rounded
from neurontui.tui.common.column_widths import BETWEEN, fitted
from neurontui.tui.common.sanitize import clean
from neurontui.tui.common.table_formats import encoded, records, with_distinct_names

SHOWN_ROWS = 1000
FEW_ROWS = 3


def write(rows: pa.Table | Iterator[pa.Table], form: str, out: Path | None = None) -> None:
    """Write rows as `form` to a file, or to stdout where `out` is None or `-`.

    An iterator brings them in pieces of the same columns, at least one, and is read no further than is needed.
    """
    pieces = iter([rows]) if isinstance(rows, pa.Table) else rows
    if out is not None and str(out) != "-":
        save_whole(out, _as_table(pieces) if form == "table" else encoded(pieces, form))
    elif form == "table":
        _draw(*_first(map(with_distinct_names, pieces)), Console())
    elif form == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is binary: name a file with --out, or send it into a pipe")
    else:
        for part in encoded(pieces, form):
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def _first(pieces: Iterator[pa.Table]) -> tuple[pa.Table, str]:
    """The rows that are shown, and how many there are in all, in words; empty where all are shown."""
    shown = [next(pieces)]
    for piece in pieces:
        if sum(each.num_rows for each in shown) > SHOWN_ROWS:
            return pa.concat_tables(shown).slice(0, SHOWN_ROWS), "many more"
        shown.append(piece)
    rows = pa.concat_tables(shown)
    return rows.slice(0, SHOWN_ROWS), f"{rows.num_rows:,}" if rows.num_rows > SHOWN_ROWS else ""


def _draw(shown: pa.Table, of: str, console: Console) -> None:
    cells = [[Text(clean(rounded(value))) for value in record] for record in records(shown)]
    natural = _natural(shown, cells)
    width = sum(natural) + BETWEEN * (len(natural) - 1)
    # Somebody who looks gets what fits; a pipe gets all of it, for `less -S` and its like.
    if not console.is_terminal:
        wide = Console(file=console.file, width=max(1, width), no_color=console.no_color)
        wide.print(_drawn(shown, cells, natural))
    elif width > console.width and shown.num_rows <= FEW_ROWS:
        _draw_records(shown, console)
    else:
        _draw_what_fits(shown, cells, natural, console)
    if of:
        _tell(f"{SHOWN_ROWS:,} of {of} rows shown; --format csv gives all")


def _natural(rows: pa.Table, cells: Sequence[Sequence[Text]]) -> list[int]:
    """Width of each column where nothing is cut."""
    names = [Text(clean(name)).cell_len for name in rows.column_names]
    return [max(name, *(each[i].cell_len for each in cells), 0) for i, name in enumerate(names)]


def _drawn(rows: pa.Table, cells: Sequence[Sequence[Text]], widths: Sequence[int]) -> Table:
    """The first columns, as many as there are widths."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=["", "dim"])
    for name, number, width in zip(rows.column_names, _numbers(rows), widths, strict=False):
        table.add_column(Text(clean(name)), justify="right" if number else "left", no_wrap=True, width=width)
    for record in cells:
        table.add_row(*record[: len(widths)])
    return table


def _numbers(rows: pa.Table) -> list[bool]:
    kinds = [column.type for column in rows.schema]
    return [pa.types.is_integer(each) or pa.types.is_floating(each) for each in kinds]


def _draw_records(rows: pa.Table, console: Console) -> None:
    """A row as lines of name and value, where a few rows are too wide."""
    for number, record in enumerate(records(rows), 1):
        table = Table(
            show_header=False, show_edge=False, pad_edge=False, box=None,
            title=f"row {number}" if rows.num_rows > 1 else None, title_justify="left",
        )  # fmt: skip
        for name, value in zip(rows.column_names, record, strict=True):
            table.add_row(Text(clean(name), style="bold"), Text(clean(rounded(value))))
        console.print(table)


def _draw_what_fits(rows: pa.Table, cells: Sequence[Sequence[Text]], natural: Sequence[int], console: Console) -> None:
    """The first columns that fit with their texts cut, and a word on the others."""
    widths = fitted(natural, _numbers(rows), console.width)
    console.print(_drawn(rows, cells, widths))
    hidden = ", ".join(clean(each) for each in rows.column_names[len(widths) :])
    if hidden:
        _tell(f"too wide for this terminal, and not shown: {hidden}; --format csv gives all")


def _tell(sentence: str) -> None:
    Console(stderr=True).print(Text(sentence), soft_wrap=True)


def _as_table(pieces: Iterator[pa.Table]) -> bytes:
    buffer = io.StringIO()
    _draw(*_first(map(with_distinct_names, pieces)), Console(file=buffer, width=80, no_color=True))
    return buffer.getvalue().encode()
