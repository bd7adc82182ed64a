"""Runs: the runs of the open files, and runs in progress."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import pyarrow as pa
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.store.journal.journal import Progress
from neurontui.store.journal.position import duration
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.run_lines import (
    language_lines,
    notes_lines,
    run_details,
    run_fields,
    warning_lines,
)
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class RunsPage(Page):
    """The runs of the files, the details of one of them, and runs in progress."""

    PAGE = "runs"
    HEADING = "Runs"
    ABOUT = (
        "One row for each run: one model on one task. Enter selects the run; c compares it with the selected run. "
        "Below are the settings, warnings and notes of the run under the cursor, and runs that are in progress for "
        "this file; tab moves the focus there, to scroll."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "look", "select", tooltip="Select the run under the cursor"),
        Binding(
            "c",
            "compare_with",
            "compare",
            tooltip="Compare with the run under the cursor, or stop comparing",
        ),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "runs": ("runs-table",),
        "notes": (),
        "languages": (),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {"look": ("runs",), "compare_with": ("runs",)}

    @property
    def compares(self) -> bool:
        """Both runs are marked in the list."""
        return True

    def body(self) -> Iterable[Widget]:
        """The table, the details below it, and progress."""
        yield Grid(id="runs-table", noun="run")
        yield StyledText(id="progress")
        with VerticalScroll(id="lower"):
            yield StyledText(id="details")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The runs, and notes and languages of the run under the cursor."""
        under = self._under() or scope.run
        return {
            "runs": QueryRequest.of("runs"),
            "notes": QueryRequest.of("notes", run=under.number),
            "languages": QueryRequest.of("run-languages", run=under.number),
        }

    def draw(self, key: str, table: pa.Table) -> None:
        """The table, or the details."""
        if key == "runs":
            self._fill(table)
            run, grid = self.session.run, self.query_one(Grid)
            row = grid.row_of("run", run.number) if run is not None else None
            if row is not None:
                grid.move_cursor(row=row, animate=False)
        self._detail()

    def reflect(self) -> None:
        """Mark the selected run."""
        if "runs" in self.answers:
            self._fill(self.answers["runs"])

    def _fill(self, table: pa.Table) -> None:
        marks = [self._mark(run) for run in self.session.runs]
        files = [run.file for run in self.session.runs]
        shown = table.append_column("mark", pa.array(marks, pa.string()))
        shown = shown.append_column("file", pa.array(files, pa.string()))
        grid = self.query_one(Grid)
        grid.show(shown, run_fields(self.size.width, len(self.session.paths)))

    def _mark(self, run: RunInfo) -> str:
        return "●" if run.key == self.selection.run else "○" if run.key == self.selection.second else " "

    def _under(self) -> RunInfo | None:
        number = self.query_one(Grid).row_values().get("run")
        return next((run for run in self.session.runs if run.number == number), None)

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Another row."""
        if self._under() is not None and "runs" in self.answers:
            self.detail_changed()

    def detail_changed(self) -> None:
        """Show the run under the cursor."""
        self._detail()
        for key, request in self.shown().items():
            if self.requested.get(key) != request:
                self.run_query(key, request)

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Enter, or a click on the row."""
        self.action_look()

    def _detail(self) -> None:
        run = self._under()
        if run is not None:
            width = self.size.width - 4
            notes = self.answers["notes"].to_pylist() if "notes" in self.answers else []
            heading, *details = run_details(run, width)
            lines = [heading, *warning_lines(notes, width), *details, *notes_lines(notes, width)]
            if "languages" in self.answers:
                lines += language_lines(self.answers["languages"].to_pylist(), width)
            self.query_one("#details", StyledText).show(lines)

    def journals(self, journals: Sequence[Progress]) -> None:
        """Show runs in progress; called whenever the journals were checked."""
        lines: list[Spans] = []
        if journals:
            lines = [
                [],
                [Span("In progress", "text", bold=True)],
                *(line for journal in journals for line in _progress(journal)),
                [],
            ]
        self.query_one("#progress", StyledText).show(lines)

    def action_look(self) -> None:
        """Select the run under the cursor and show its layers."""
        run = self._under()
        if run is not None:
            self.session.choose_run(run.key)
            self.host.open_detail("layers")

    def action_compare_with(self) -> None:
        """Set or clear the second run."""
        run = self._under()
        if run is None or run.key == self.selection.run:
            self.notify("Move the cursor to another run to compare with.", markup=False)
            return
        self.select(second="" if self.selection.second == run.key else run.key)


def _progress(journal: Progress) -> Iterator[Spans]:
    """How many batches are done, and below it what is being done and how long it will take."""
    share = journal.done / journal.total if journal.total else 0.0
    state = (
        "merging …"
        if journal.merging
        else "measuring"
        if journal.running
        else "stopped; rerun the same command to resume"
    )
    yield [
        Span(f"  {journal.name}  ", "text"),
        Span(bar(share, 1.0, 20), "first", "rule"),
        Span(f" {journal.done} of {journal.total} batches  ", "text"),
        Span(state, "second" if journal.merging else "dim"),
    ]
    if journal.shown is not None:
        left = journal.shown.seconds_left
        text = journal.shown.text.removeprefix(journal.name).removeprefix(" · ")
        yield [Span(f"  {text}{'' if left is None else f' · about {duration(left)} left'}", "dim")]
