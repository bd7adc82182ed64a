"""Contents of the SQL screen's dialogs (plans, tables and columns, single values) and its status lines."""

import textwrap
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.spans import Span, Spans, width_of
from neurontui.tui.common.number_formats import plain_value
from neurontui.tui.common.sanitize import clean, clean_lines, fit
from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.sql_editor.sql_text import Names

SCHEMA_FIELDS = (
    Field("table_name", "table"),
    Field("column_name", "column", lambda name: name or ""),
    Field("type", "type", lambda kind: (kind or "").partition("(")[0], rank=1),
    Field("comment", "what it is", lambda words: words or "", stretch=True),
)
"""Shown before the first result: what can be queried."""


def plan_lines(table: pa.Table) -> list[Spans]:
    """The plan that EXPLAIN returns, line by line."""
    texts = table.column(table.num_columns - 1).to_pylist()
    return [[Span(line)] for text in texts for line in clean_lines(text).splitlines()]


def value_lines(value: Any) -> list[Spans]:
    """One value in full."""
    lines: list[Spans] = [[Span(line)] for line in clean_lines(plain_value(value)).splitlines()]
    return lines or [[Span("empty", "dim")]]


def schema_lines(table: pa.Table, width: int) -> list[Spans]:
    """Tables with their columns and what they mean, in `width` cells; what the query `schema` returns."""
    lines: list[Spans] = []
    for row in table.to_pylist():
        comment = row["comment"] or ""
        if row["column_name"] is None:
            lines += [[], *_hanging([Span(row["table_name"], "first", bold=True)], comment, width)]
        else:
            name, kind = fit(row["column_name"], 18), fit(row["type"], 14)
            lines += _hanging([Span(f"  {name} "), Span(kind, "third")], comment, width)
    return lines[1:]


def _hanging(head: Spans, words: str, width: int) -> list[Spans]:
    """Words behind a head, on as many lines as they take."""
    used = width_of(head) + 2
    wrapped = textwrap.wrap(clean(words), max(width - used, 20)) or [""]
    first: list[Spans] = [[*head, Span(f"  {wrapped[0]}", "dim")]]
    return first + [[Span(" " * used + line, "dim")] for line in wrapped[1:]]


def names_of(table: pa.Table, queries: tuple[str, ...]) -> Names:
    """What can be completed, from the query `schema`."""
    tables: dict[str, tuple[str, ...]] = {}
    for row in table.to_pylist():
        if row["column_name"] is not None:
            tables[row["table_name"]] = (*tables.get(row["table_name"], ()), row["column_name"])
    return Names(tables, queries)


def rows_words(rows: int, seconds: float, cut: int | None) -> Spans:
    """How many rows, how long it took, and whether there are more."""
    words = f"{rows:,} rows" if rows != 1 else "1 row"
    parts = [Span(words, "text", bold=True), Span(f" in {seconds:.2f} s", "dim")]
    if cut is not None:
        parts.append(Span(f"   stopped at {cut:,} rows; m shows more, e exports all", "second"))
    return parts


def running_words(seconds: float, percent: float | None) -> Spans:
    """How long a query has been running."""
    done = f"  {percent:.0f} %" if percent is not None and percent < 100 else ""
    return [
        Span(f"running {seconds:.0f} s{done}", "second", bold=True),
        Span("   esc stops it", "dim"),
    ]
