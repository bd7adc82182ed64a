"""Writes rows to stdout or a file in the format of --format.

A table is drawn by rich and cut to the width of the terminal; in a pipe it is complete. Every other format is the
same in a pipe and in a terminal.
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

    An iterator yields pieces with the same columns, at least one, and is read only as far as needed.
    """
    pieces = iter([rows]) if isinstance(rows, pa.Table) else rows
    if out is not None and str(out) != "-":
        save_whole(out, _as_table(pieces) if form == "table" else encoded(pieces, form))
    elif form == "table":
        _draw(*_first(map(with_distinct_names, pieces)), Console())
    elif form == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is a binary format; give a file with --out, or use a pipe")
    else:
        for part in encoded(pieces, form):
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def _first(pieces: Iterator[pa.Table]) -> tuple[pa.Table, str]:
    """The rows to show, and the total as text; empty if all are shown."""
    shown = [next(pieces)]
    for piece in pieces:
        if sum(part.num_rows for part in shown) > SHOWN_ROWS:
            return pa.concat_tables(shown).slice(0, SHOWN_ROWS), "many more"
        shown.append(piece)
    rows = pa.concat_tables(shown)
    return rows.slice(0, SHOWN_ROWS), f"{rows.num_rows:,}" if rows.num_rows > SHOWN_ROWS else ""


def _draw(shown: pa.Table, of: str, console: Console) -> None:
    cells = [[Text(clean(rounded(value))) for value in record] for record in records(shown)]
    natural = _natural(shown, cells)
    width = sum(natural) + BETWEEN * (len(natural) - 1)
    # A terminal gets what fits; a pipe gets everything, for `less -S`.
    if not console.is_terminal:
        wide = Console(file=console.file, width=max(1, width), no_color=console.no_color)
        wide.print(_drawn(shown, cells, natural))
    elif width > console.width and shown.num_rows <= FEW_ROWS:
        _draw_records(shown, console)
    else:
        _draw_what_fits(shown, cells, natural, console)
    if of:
        _say(f"{SHOWN_ROWS:,} of {of} rows shown; use --format csv for all rows")


def _natural(rows: pa.Table, cells: Sequence[Sequence[Text]]) -> list[int]:
    """Width of each column if nothing is cut."""
    names = [Text(clean(name)).cell_len for name in rows.column_names]
    return [max(name, *(record[i].cell_len for record in cells), 0) for i, name in enumerate(names)]


def _drawn(rows: pa.Table, cells: Sequence[Sequence[Text]], widths: Sequence[int]) -> Table:
    """A table of the first columns, one for each width."""
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=["", "dim"])
    for name, number, width in zip(rows.column_names, _numbers(rows), widths, strict=False):
        table.add_column(Text(clean(name)), justify="right" if number else "left", no_wrap=True, width=width)
    for record in cells:
        table.add_row(*record[: len(widths)])
    return table


def _numbers(rows: pa.Table) -> list[bool]:
    return [pa.types.is_integer(field.type) or pa.types.is_floating(field.type) for field in rows.schema]


def _draw_records(rows: pa.Table, console: Console) -> None:
    """Each row as lines of name and value, for a few rows that are too wide."""
    for number, record in enumerate(records(rows), 1):
        table = Table(
            show_header=False, show_edge=False, pad_edge=False, box=None,
            title=f"row {number}" if rows.num_rows > 1 else None, title_justify="left",
        )  # fmt: skip
        for name, value in zip(rows.column_names, record, strict=True):
            table.add_row(Text(clean(name), style="bold"), Text(clean(rounded(value))))
        console.print(table)


def _draw_what_fits(rows: pa.Table, cells: Sequence[Sequence[Text]], natural: Sequence[int], console: Console) -> None:
    """The first columns that fit, with text cut, and a message that names the others."""
    widths = fitted(natural, _numbers(rows), console.width)
    console.print(_drawn(rows, cells, widths))
    hidden = ", ".join(clean(name) for name in rows.column_names[len(widths) :])
    if hidden:
        _say(f"columns that do not fit and are not shown: {hidden}; use --format csv for all columns")


def _say(sentence: str) -> None:
    Console(stderr=True).print(Text(sentence), soft_wrap=True)


def _as_table(pieces: Iterator[pa.Table]) -> bytes:
    buffer = io.StringIO()
    _draw(*_first(map(with_distinct_names, pieces)), Console(file=buffer, width=80, no_color=True))
    return buffer.getvalue().encode()
