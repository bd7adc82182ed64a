"""Runs: what the open files hold, and what is being measured right now."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import pyarrow as pa
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.store.journal.journal import Progress
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
        "One row a run: one model on one task. Enter looks at the run; c compares it with the run one looks at. "
        "Below are the settings of the run under the cursor, warnings and notes about it, and runs that are "
        "still being measured into this file; tab goes down to them, to scroll."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "look", "look at run", tooltip="Look at the run under the cursor"),
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
        "tongues": (),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {"look": ("runs",), "compare_with": ("runs",)}

    @property
    def compares(self) -> bool:
        """Both runs are marked in the list."""
        return True

    def body(self) -> Iterable[Widget]:
        """The table, the details below it, and progress."""
        yield Grid(id="runs-table")
        yield StyledText(id="progress")
        with VerticalScroll(id="lower"):
            yield StyledText(id="details")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The runs, and what there is to know about the one under the cursor."""
        under = self._under() or scope.run
        return {
            "runs": QueryRequest.of("runs"),
            "notes": QueryRequest.of("notes", run=under.number),
            "tongues": QueryRequest.of("run-languages", run=under.number),
        }

    def draw(self, key: str, table: pa.Table) -> None:
        """The runs, or what there is to know about one."""
        if key == "runs":
            self._fill(table)
            keys = [run.key for run in self.session.runs]
            if self.selection.run in keys:
                self.query_one(Grid).move_cursor(row=keys.index(self.selection.run), animate=False)
        self._detail()

    def reflect(self) -> None:
        """Mark the run one looks at."""
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
        row = self.query_one(Grid).cursor_coordinate.row
        return self.session.runs[row] if 0 <= row < len(self.session.runs) else None

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Another row: its details."""
        if self._under() is not None and "runs" in self.answers:
            self.detail_changed()

    def detail_changed(self) -> None:
        """Ask about the run under the cursor."""
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
            if "tongues" in self.answers:
                lines += language_lines(self.answers["tongues"].to_pylist(), width)
            self.query_one("#details", StyledText).show(lines)

    def journals(self, journals: Sequence[Progress]) -> None:
        """Runs that are being measured; called whenever the journals were looked at."""
        lines: list[Spans] = []
        if journals:
            lines = [
                [],
                [Span("In progress", "text", bold=True)],
                *(_progress(each) for each in journals),
                [],
            ]
        self.query_one("#progress", StyledText).show(lines)

    def action_look(self) -> None:
        """Look at the run under the cursor."""
        run = self._under()
        if run is not None:
            self.session.choose_run(run.key)
            self.host.open_detail("layers")

    def action_compare_with(self) -> None:
        """Set or clear the second run."""
        run = self._under()
        if run is None or run.key == self.selection.run:
            self.notify("Put the cursor on another run to compare with.", markup=False)
            return
        self.select(second="" if self.selection.second == run.key else run.key)


def _progress(each: Progress) -> Spans:
    share = each.done / each.total if each.total else 0.0
    state = (
        "merging …" if each.merging else "measuring" if each.running else "stopped: the same command goes on with it"
    )
    return [
        Span(f"  {each.name}  ", "text"),
        Span(bar(share, 1.0, 20), "first", "rule"),
        Span(f" {each.done} of {each.total} batches  ", "text"),
        Span(state, "second" if each.merging else "dim"),
    ]
