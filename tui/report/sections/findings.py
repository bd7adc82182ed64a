"""What the runs say of the paper's claims: the sentences of the query `claims`."""

from collections.abc import Mapping, Sequence

from neurontui.queries.results import Results
from neurontui.store.errors import QueryError
from neurontui.tui.common.significant import NONE
from neurontui.tui.report.model import Block, Cell, Table, Text
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

SIGNS = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
Claims = Mapping[Run, list[Row] | Text]
"""A row a claim, or why there is none."""


def read_claims(results: Results, runs: Sequence[Run]) -> Claims:
    """The claims of every run; empty where there is no such query."""
    if "claims" not in {query.name for query in results.queries()}:
        return {}
    return {run: _read(results, run) for run in runs}


def _read(results: Results, run: Run) -> list[Row] | Text:
    try:
        rows: list[Row] = results.query("claims", run=run.number).to_pylist()
    except QueryError as error:
        return Text(f"The paper’s claims could not be looked at: {error}", "bad")
    return rows


def matrix(claims: Claims) -> tuple[Block, ...]:
    """A row a claim, a column a run: each verdict as one sign."""
    known = {run: rows for run, rows in claims.items() if not isinstance(rows, Text) and rows}
    if not known:
        return ()
    first = next(iter(known.values()))
    verdicts = {(run, row["claim"]): row["verdict"] for run, rows in known.items() for row in rows}
    body = tuple(
        (
            *cells(row["says"], row["section"]),
            *(_sign(verdicts.get((run, row["claim"]))) for run in known),
        )
        for row in first
    )
    return (
        Table(
            "What the runs say of the paper’s claims",
            ("claim", "section", *(f"run {run.number}" for run in known)),
            body,
            labels=2,
            caption="✓ supported, ✗ contradicted, ? undecided: at 99.8 % intervals, so that all claims together "
            "err in at most "
            "one of twenty runs. The numbers are in each run’s section.",
        ),
    )


def _sign(verdict: str | None) -> Cell:
    return Cell(SIGNS.get(verdict or "", NONE), strong=verdict in ("supported", "contradicted"))


def of_run(claims: Claims, run: Run) -> tuple[Block, ...]:
    """A row a claim, with this run's verdict in words."""
    rows = claims.get(run, [])
    if isinstance(rows, Text):
        return (rows,)
    if not rows:
        return ()
    body = tuple(
        (
            Cell(row["says"]),
            Cell(row["section"]),
            Cell(
                f"{SIGNS.get(row['verdict'], NONE)} {row['verdict']}",
                strong=row["verdict"] != "undecided",
            ),
            Cell(row["finding"] or NONE),
        )
        for row in rows
    )
    return (
        Table(
            "",
            ("claim", "section", "verdict", "finding"),
            body,
            labels=4,
            caption="Intervals are 99.8 %, so that all claims together err in at most one of twenty runs.",
            query=run.command("claims"),
            width="words",
        ),
    )
