"""The paper's claims as a matrix: a row for each claim, a column for each run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from rich.cells import cell_len

from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.claim_words import measured, number_of, summary, title, wording
from neurontui.tui.common.table_fields import Field

SIGNS = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
NOT_MEASURED = "–"
PENDING = "…"
FAILED = "!"
SELECTED = "●"
_INKS = {"supported": "good", "contradicted": "bad"}
GAP = 2
"""Cells between columns and after the last one."""
MARGIN = 3
"""Cells for the scroll bar, and for the arrow in the heading of a sorted column."""

Claims = Mapping[int, pa.Table | None]
"""Rows of the query `claims` by number of the run; None if the query failed. Runs that are missing are pending."""


def claim_matrix(claims: Claims, run: int, runs: Sequence[int], width: int) -> tuple[pa.Table, tuple[Field, ...]]:
    """A row for each claim of `run`: its words, a sign for each of `runs`, and the number of `run`; and its columns.

    The words fill what signs and numbers leave of `width`; ● is before the number of the selected run.
    """
    table = claims.get(run)
    rows = [] if table is None else table.to_pylist()
    of_run = {number: _signs(claims, number) for number in runs}
    head = _aligned(runs, (f"{SELECTED if number == run else ''}{number}" for number in runs))
    interval = f"run {run}, 99.8 % interval"
    numbers = [number_of(row) for row in rows]
    room = width - cell_len(head) - max(map(cell_len, [interval, *numbers])) - 3 * GAP - MARGIN
    roomy = room >= max((cell_len(title(row["claim"])) for row in rows), default=0)
    columns: dict[str, list[Any]] = {
        "claim": [row["claim"] for row in rows],
        "words": [wording(row, room) for row in rows],
        "signs": [_aligned(runs, (signs.get(row["claim"], signs[""]) for signs in of_run.values())) for row in rows],
        "number": numbers,
    }
    fields = (
        Field("words", "claim", stretch=roomy),
        Field("signs", head),
        Field("number", interval, stretch=not roomy),
    )
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), fields


def _aligned(runs: Sequence[int], texts: Iterable[str]) -> str:
    """Texts under the numbers of the runs, each with room for a mark before it."""
    room = max((len(str(run)) for run in runs), default=1) + 1
    return "".join(f"{text:>{room}}" for text in texts)


def _signs(claims: Claims, run: int) -> dict[str, str]:
    """The sign of each claim in a run; under the empty name that of claims without a row."""
    if run not in claims:
        return {"": PENDING}
    table = claims[run]
    if table is None:
        return {"": FAILED}
    return {"": NOT_MEASURED, **{row["claim"]: sign_of(row) for row in table.to_pylist()}}


def sign_of(row: Mapping[str, Any]) -> str:
    """✓ supported, ✗ contradicted, ? undecided, – not measured."""
    return SIGNS.get(row["verdict"], NOT_MEASURED) if measured(row) else NOT_MEASURED


def summary_lines(table: pa.Table, width: int) -> list[Spans]:
    """Three sentences, each on one line if it fits, else on two."""
    lines: list[Spans] = []
    for sentence in summary(table.to_pylist()):
        first, *rest = wrapped(sentence, max(width - 2, 20))
        lines.append([Span("● ", "first"), Span(first, "text")])
        lines += [[Span("  "), Span(line, "text")] for line in rest[:1]]
    return lines


def claim_lines(row: Mapping[str, Any], width: int) -> list[Spans]:
    """One claim in full: what the paper says, where, and what the run shows."""
    verdict = str(row["verdict"]) if measured(row) else "not measured"
    sign = f"{sign_of(row)} {verdict}  "
    first, *rest = wrapped(f"{row['says']} ({row['section']})", max(width - len(sign), 20))
    return [
        [Span(sign, _INKS.get(verdict, "second"), bold=True), Span(first, "text", bold=True)],
        *([Span(" " * len(sign) + line, "text", bold=True)] for line in rest),
        *([Span(f"  {line}", "text")] for line in wrapped(row["finding"], max(width - 2, 20))),
    ]


def legend(n_runs: int) -> Spans:
    """What the signs mean."""
    words = f"✓ supported  ✗ contradicted  ? undecided  {NOT_MEASURED} not measured"
    return [Span(f"{words}  ·  . , other run" if n_runs > 1 else words, "dim")]
