"""The statements of merge.sql: what each is for, and how it is cut so that its memory stays bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from neurontui.store.journal.manifest import Manifest

_ROWS = {"chunk": 8_000_000, "heap": 64_000_000}
"""Rows that one statement adds up, or copies. A heap is what a reader of one neuron looks through: some 80 MB of masks."""


@dataclass(frozen=True)
class Statement:
    """One statement of merge.sql: the table it fills, the column it is cut by, and its SQL."""

    table: str
    chunk: str | None
    rows: int
    """At most in one range of that column, if it has more than one value."""
    one_thread: bool
    sql: str
    parameters: frozenset[str]


@cache
def statements() -> tuple[Statement, ...]:
    """The statements of merge.sql, in order."""
    text = (Path(__file__).parent / "merge.sql").read_text(encoding="utf-8")
    return tuple(map(_statement, text.strip().split("\n\n")[1:]))


def chunks(statement: Statement, manifest: Manifest, rows: int) -> list[tuple[int | str, int | str]]:
    """Ranges of the column a statement is cut by that hold about as many of its `rows` as are allowed."""
    values: Sequence[int | str] = sorted(each.layer for each in manifest.layers)
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
    cuts = [rule.split()[1::2] for rule in rules if rule.startswith("a ")]
    kind, column = cuts[0] if cuts else ("chunk", None)
    known = frozenset(duckdb.extract_statements(sql)[0].named_parameters)
    return Statement(table, column, _ROWS[kind], "one thread" in rules, sql, known)
