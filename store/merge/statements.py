"""The statements of merge.sql, and the ranges in which each of them runs to limit its memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from neurontui.store.journal.manifest import Manifest

_ROWS = {"chunk": 8_000_000, "heap": 64_000_000}
"""Maximum rows per range: `chunk` for sums, `heap` for copies. Reading one neuron scans one heap (80 MB)."""

Range = tuple[int | str, int | str]
"""First and last value of the column of a statement."""


@dataclass(frozen=True)
class Statement:
    """One statement of merge.sql: the table that it fills, the column of its ranges, and its SQL."""

    table: str
    chunk: str | None
    rows: int
    """Maximum rows in one range of the column, if the range has more than one value."""
    one_thread: bool
    sql: str
    parameters: frozenset[str]


@cache
def statements() -> tuple[Statement, ...]:
    """The statements of merge.sql, in order."""
    text = (Path(__file__).parent / "merge.sql").read_text(encoding="utf-8")
    return tuple(map(_statement, text.strip().split("\n\n")[1:]))


def chunks(statement: Statement, manifest: Manifest, rows: int) -> list[Range]:
    """Ranges (first, last) of the statement's column, each with about `statement.rows` of its `rows`."""
    values: Sequence[int | str] = sorted(layer.layer for layer in manifest.layers)
    if statement.chunk == "language":
        values = sorted(manifest.languages)
    if statement.chunk is None or not values:
        return [(0, 0)]
    size = max(1, len(values) * statement.rows // max(1, rows))
    parts = [values[first : first + size] for first in range(0, len(values), size)]
    return [(part[0], part[-1]) for part in parts]


def _statement(block: str) -> Statement:
    header, _, sql = block.partition("\n")
    table, *rules = header.removeprefix("-- ").split(", ")
    ranges = [rule.split()[1::2] for rule in rules if rule.startswith("a ")]
    kind, column = ranges[0] if ranges else ("chunk", None)
    parameters = frozenset(duckdb.extract_statements(sql)[0].named_parameters)
    return Statement(table, column, _ROWS[kind], "one thread" in rules, sql, parameters)
