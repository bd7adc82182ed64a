"""Findings: three sentences about the selected run, and the paper's claims tested on every run."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pyarrow as pa
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.findings import claim_lines, claim_matrix, legend, summary_lines
from neurontui.tui.explorer.head_start import claims_of
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.findings.evidence import EVIDENCE
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.styled_text import StyledText

OTHER = "claims of run "
"""Prefix of the names of the queries for runs that are not selected."""
NOTED = "claims with notes of run "
"""Prefix of the names of the same queries with the effect of last tokens in their findings."""


def noted_claims_of(run: RunInfo) -> QueryRequest:
    """The claims, tested on a run, with the effect of last tokens in their findings."""
    return QueryRequest.of("claims", run=run.number)


class FindingsPage(Page):
    """The claims of all runs as a matrix."""

    PAGE = "findings"
    HEADING = "Findings"
    NO_CORPUS = "and the paper's claims are about parallel examples"
    ABOUT = (
        "What the runs say about the paper's claims. The sentences above summarize the selected run (●); the table "
        "has a row for each claim and a column for each run. The number decides the claim; its interval is 99.8 %, so "
        "that the claims of at most one run in twenty include an error. A claim is undecided if the interval "
        "includes the bound, or if the model does not solve the task. Claims are about all languages of a run. "
        "Enter opens the view that shows the evidence."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "evidence", "evidence", tooltip="Open the view that shows the evidence for this claim"),
    ]
    PANES: ClassVar[dict[str, tuple[str, ...]]] = {"claims": ("summary", "claims", "claim")}
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {"evidence": ("claims",)}

    def __init__(self) -> None:
        super().__init__()
        self._failed: set[str] = set()
        """Names of queries that follow the selected run's claims and have failed."""

    def body(self) -> Iterable[Widget]:
        """Sentences, matrix, and the claim under the cursor."""
        yield StyledText(id="summary")
        yield Grid(id="claims")
        yield StyledText(id="legend")
        with VerticalScroll(id="lower", can_focus=False):
            yield StyledText(id="claim")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The claims of the selected run; those of the others, and the notes, follow one by one."""
        return {"claims": claims_of(scope.run)}

    def handed(self) -> dict[str, QueryRequest]:
        """The query with notes, which gives what the screen shows in the end."""
        return {"claims": noted_claims_of(self.run)} if self.run is not None else {}

    def stop(self) -> bool:
        """Cancel all queries, and the one that was begun before this screen."""
        self.session.first_query.cancel()
        return super().stop()

    def outlives(self, key: str) -> bool:
        """The claims of other runs and the notes do not depend on the selection."""
        return key.startswith((OTHER, NOTED)) or super().outlives(key)

    def draw(self, key: str, table: pa.Table) -> None:
        """New claims, of the selected run or of another one; those of the next run are requested."""
        self._request_next()
        self.drawing_once(self._draw)

    def reflect(self) -> None:
        """Another run may have been selected."""
        if not self.outdated:
            self._request_next()
            self.drawing_once(self._draw)

    def failed(self, key: str, sentence: str) -> None:
        """Mark another run's column; without the selected run's claims there is nothing to show."""
        if not key.startswith((OTHER, NOTED)):
            super().failed(key, sentence)
            return
        self._failed.add(key)
        self._request_next()
        self.drawing_once(self._draw)

    def _draw(self) -> None:
        run = self.run
        if run is None or "claims" not in self.answers:
            return
        width, numbers = self.size.width, [run.number for run in self.session.runs]
        grid = self.query_one("#claims", Grid)
        row = grid.cursor_coordinate.row
        claims = self._claims()
        self.query_one("#summary", StyledText).show(summary_lines(self.answers["claims"], width - 2))
        self.query_one("#legend", StyledText).show([legend(len(numbers))])
        grid.show(*claim_matrix(claims, run.number, numbers, width))
        grid.move_cursor(row=row, animate=False)
        self._write_claim()

    def _claims(self) -> dict[int, pa.Table | None]:
        """Claims by number of the run, as far as they are available, with notes if these are."""
        claims: dict[int, pa.Table | None] = {}
        for run in self.session.runs:
            own = "claims" if run == self.run else f"{OTHER}{run.number}"
            table = self.answers.get(f"{NOTED}{run.number}", self.answers.get(own))
            if table is not None or own in self._failed:
                claims[run.number] = table
        return claims

    def _request_next(self) -> None:
        """Test the claims on the next run that is pending, then add the next note, one after another."""
        others = {f"{OTHER}{run.number}": claims_of(run) for run in self.session.runs if run != self.run}
        first = sorted(self.session.runs, key=lambda run: run != self.run)
        notes = {f"{NOTED}{run.number}": noted_claims_of(run) for run in first}
        for key, request in {**others, **notes}.items():
            if key not in self.answers and key not in self._failed:
                if not self.under_way([key]):
                    self.run_query(key, request)
                return

    def tables(self) -> dict[str, pa.Table]:
        """The claims of every run that is available, with a column `run`."""
        tables = [
            table.add_column(0, "run", pa.array([number] * table.num_rows, pa.int32()))
            for number, table in sorted(self._claims().items())
            if table is not None
        ]
        return {"claims": pa.concat_tables(tables)} if tables else {}

    def on_resize(self) -> None:
        """Lines and columns are made for a width."""
        self.call_after_refresh(self._draw)

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Another claim."""
        self._write_claim()

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Enter, or a click on the row."""
        self.action_evidence()

    def _write_claim(self) -> None:
        row = self._claim()
        if row:
            self.query_one("#claim", StyledText).show(claim_lines(row, self.size.width - 4))

    def action_evidence(self) -> None:
        """Open the view that shows the evidence for the claim under the cursor."""
        row = self._claim()
        evidence = EVIDENCE.get(str(row.get("claim")))
        if evidence is None:
            self.notify("There is no view for this claim; x opens its query on the SQL screen.")
            return
        other = self._run_named(row["versus"]) if evidence.other_task else None
        changes = {} if other is None else {"second": other.key}
        self.host.open_view(evidence.page, evidence.view, **changes)

    def _claim(self) -> dict[str, Any]:
        """The row of the claim under the cursor; empty if there is none."""
        table = self._claims().get(self.run.number) if self.run is not None else None
        claim = self.query_one("#claims", Grid).row_values().get("claim")
        rows: list[dict[str, Any]] = [] if table is None else table.to_pylist()
        return next((row for row in rows if row["claim"] == claim), {})

    def _run_named(self, name: object) -> RunInfo | None:
        """The run of the same model that a claim compares the selected run with."""
        own = self.run
        alike = (run for run in self.session.runs if own is not None and run.get("model") == own.get("model"))
        return next((run for run in alike if run.name == name and run != own), None)
