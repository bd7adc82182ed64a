"""The paper's claims as a matrix: a row for each claim, a column for each run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.claim_words import measured, number_of, summary, title
from neurontui.tui.common.sanitize import fit
from neurontui.tui.common.table_fields import Field

SIGNS = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
NOT_MEASURED = "–"
PENDING = "…"
FAILED = "!"
SELECTED = "●"
_INKS = {"supported": "good", "contradicted": "bad"}
WIDE = 120

Claims = Mapping[int, pa.Table | None]
"""Rows of the query `claims` by number of the run; None if the query failed. Runs that are missing are pending."""


def claim_matrix(claims: Claims, run: int, runs: Sequence[int]) -> pa.Table:
    """A row for each claim of `run`: its words, a sign for each of `runs`, and the number of `run`."""
    table = claims.get(run)
    rows = [] if table is None else table.to_pylist()
    of_run = {number: _signs(claims, number) for number in runs}
    columns: dict[str, list[Any]] = {
        "claim": [row["claim"] for row in rows],
        "title": [title(row["claim"]) for row in rows],
        "says": [row["says"] for row in rows],
        "signs": [_aligned(runs, (signs.get(row["claim"], signs[""]) for signs in of_run.values())) for row in rows],
        "number": [number_of(row) for row in rows],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


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


def matrix_fields(run: int, runs: Sequence[int], width: int) -> tuple[Field, ...]:
    """Columns: the claim, signs under the numbers of the runs, ● before the selected one, and its number."""
    claim = Field("says", "claim") if width >= WIDE else Field("title", "claim")
    head = _aligned(runs, (f"{SELECTED if number == run else ''}{number}" for number in runs))
    return claim, Field("signs", head), Field("number", f"run {run}, 99.8 % interval", stretch=True)


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
    head: Spans = [
        Span(f"{sign_of(row)} {verdict}  ", _INKS.get(verdict, "second"), bold=True),
        Span(fit(f"{row['says']} ({row['section']})", max(width - len(verdict) - 4, 20)), "text", bold=True),
    ]
    return [head, *([Span(f"  {line}", "text")] for line in wrapped(row["finding"], max(width - 2, 20)))]


def legend(n_runs: int) -> Spans:
    """What the signs mean."""
    words = f"✓ supported  ✗ contradicted  ? undecided  {NOT_MEASURED} not measured"
    return [Span(f"{words}  ·  . , other run" if n_runs > 1 else words, "dim")]
