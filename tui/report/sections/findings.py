"""What the runs show about the paper's claims: three sentences, and every claim with a link to its evidence."""

from collections.abc import Mapping, Sequence

from neurontui.queries.results import Results
from neurontui.store.errors import QueryError
from neurontui.tui.charts.builders.findings import NOT_MEASURED, sign_of
from neurontui.tui.common.claim_words import measured, summary
from neurontui.tui.report.model import Block, Cell, Section, Table, Text
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.sections.evidence import Evidence
from neurontui.tui.report.shape import cells

Claims = Mapping[Run, list[Row] | Text]
"""A row a claim, or why there is none."""

_INTERVALS = (
    "Intervals are 99.8 %, so that the claims of at most one run in twenty include an error. "
    "The marks link to the evidence."
)


def read_claims(results: Results, runs: Sequence[Run]) -> Claims:
    """The claims of every run; empty where there is no such query."""
    if "claims" not in {query.name for query in results.queries()}:
        return {}
    return {run: _read(results, run) for run in runs}


def _read(results: Results, run: Run) -> list[Row] | Text:
    try:
        rows: list[Row] = results.query("claims", run=run.number).to_pylist()
    except QueryError as error:
        return Text(f"The paper’s claims could not be tested on run {run.number}: {error}", "bad")
    return rows


def findings(claims: Claims, evidence: Evidence) -> tuple[Section, ...]:
    """The section that opens a report; none without claims."""
    tested = _tested(claims)
    failures = tuple(rows for rows in claims.values() if isinstance(rows, Text))
    if not tested:
        return (Section("Findings", "findings", failures),) if failures else ()
    run = max(tested, key=lambda run: sum(measured(row) for row in tested[run]))
    if len(claims) == 1:
        blocks: tuple[Block, ...] = of_run(claims, run, evidence)
    else:
        head = Text(f"Run {run.number}, {run.name}, which has the most measures:")
        blocks = (head, *_sentences(tested[run]), _matrix(tested, evidence), *failures)
    return (Section("Findings", "findings", blocks),)


def _tested(claims: Claims) -> dict[Run, list[Row]]:
    return {run: rows for run, rows in claims.items() if not isinstance(rows, Text) and rows}


def _sentences(rows: list[Row]) -> tuple[Text, ...]:
    """The most important claims as questions with their answers."""
    return tuple(Text(sentence, "finding") for sentence in summary(rows))


def _matrix(tested: Mapping[Run, list[Row]], evidence: Evidence) -> Table:
    """A row a claim, a column a run: each verdict as one mark that links to its evidence."""
    first = next(iter(tested.values()))
    verdicts = {(run, row["claim"]): row for run, rows in tested.items() for row in rows}
    body = tuple(
        (
            *cells(row["says"], row["section"]),
            *(_mark(verdicts.get((run, row["claim"])), run, evidence) for run in tested),
        )
        for row in first
    )
    return Table(
        "The paper’s claims in every run",
        ("claim", "section", *(f"run {run.number}" for run in tested)),
        body,
        labels=2,
        caption=f"✓ supported, ✗ contradicted, ? undecided, {NOT_MEASURED} not measured. {_INTERVALS} The numbers are "
        "in the section of each run.",
    )


def _mark(row: Row | None, run: Run, evidence: Evidence, words: str = "") -> Cell:
    """A mark, and what it means if `words` are given; without a link if the run has no evidence."""
    if row is None or not measured(row):
        return Cell(f"{NOT_MEASURED} {words}".rstrip())
    link = evidence.of(row, run)
    return Cell(f"{sign_of(row)} {words}".rstrip(), strong=row["verdict"] != "undecided", link=link)


def of_run(claims: Claims, run: Run, evidence: Evidence) -> tuple[Block, ...]:
    """Three sentences, and a row a claim with this run's verdict in words."""
    rows = claims.get(run, [])
    if isinstance(rows, Text):
        return (rows,)
    if not rows:
        return ()
    body = tuple(
        (
            *cells(row["says"], row["section"]),
            _mark(row, run, evidence, row["verdict"] if measured(row) else "not measured"),
            Cell(row["finding"] or NOT_MEASURED),
        )
        for row in rows
    )
    table = Table(
        "The paper’s claims in this run",
        ("claim", "section", "verdict", "finding"),
        body,
        labels=4,
        caption=_INTERVALS,
        query=run.command("claims"),
        width="words",
    )
    return (*_sentences(rows), table)
