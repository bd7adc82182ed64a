"""Notes that queries return in a column `note`, as lines of a screen."""

import pyarrow as pa

from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.spans import Span, Spans


def notes_of(table: pa.Table | None) -> list[str]:
    """The different notes of a table, sorted; none without a column `note`."""
    if table is None or "note" not in table.column_names:
        return []
    return sorted(str(note) for note in table.column("note").unique().to_pylist() if note)


def note_lines(note: str, width: int) -> list[Spans]:
    """One note on lines of at most `width` cells."""
    return [[Span(line, "second")] for line in wrapped(note, width)]
