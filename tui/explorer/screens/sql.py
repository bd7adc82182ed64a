"""SQL: an editor with completion, and its results. Statements are read-only, can be stopped, and have a time limit."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
from textual.dom import DOMNode
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea
from textual_fastdatatable import DataTable

from neurontui.queries.running_query import SqlError
from neurontui.store.errors import NeurontuiError, UsageError
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest, RunningQuery
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.screens.row_detail import row_detail
from neurontui.tui.explorer.sql_editor.completions import Completions
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.sql_editor.history import History
from neurontui.tui.explorer.sql_editor.result_lines import (
    SCHEMA_FIELDS,
    names_of,
    plan_lines,
    rows_words,
    running_words,
    schema_lines,
    value_lines,
)
from neurontui.tui.explorer.sql_editor.sql_text import Names, statement_at
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

LIMITS = (100_000, 1_000_000, 10_000_000)
SECONDS = (60.0, 600.0, 10.0)
EXAMPLE = "SELECT type, count(*) AS n FROM neurons GROUP BY type ORDER BY n DESC"
EXPLAIN = "EXPLAIN "
_NO_ROWS = pa.table({})


class Ran(Message):
    """A statement has finished: its rows, or its error."""

    def __init__(
        self,
        number: int,
        statement: str,
        table: pa.Table | None,
        cut: bool,
        error: NeurontuiError | None,
    ) -> None:
        super().__init__()
        self.number, self.statement, self.table, self.cut, self.error = (
            number,
            statement,
            table,
            cut,
            error,
        )


class SqlPage(Page):
    """Editor above, results below, and a status line between them."""

    PAGE = "sql"
    HEADING = "SQL"
    ABOUT = (
        "DuckDB SQL on the open files, read-only. ctrl+r runs the statement under the cursor. tab inserts a completion "
        "(columns and tables of the statement first, then functions, and names of queries, which are replaced by "
        "their SQL); without one it indents. ↑ in the first line shows earlier statements; ctrl+n begins a new one. "
        "Enter on a number of a row with "
        "layer and neuron, or example, opens the card or the example; on any other value it shows the value in full. "
        "esc stops a query, then leaves the editor so that digits and other keys work; 9 goes back to the editor. x "
        "on any other screen opens that screen's query here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+r", "run", "run", show=False, tooltip="Run the statement under the cursor"),
        Binding("i", "edit", "edit", tooltip="Go to the editor"),
        Binding("ctrl+n", "new", "new query", tooltip="Begin another query; ↑ in the editor brings back the last one"),
        Binding("m", "limit", "rows", tooltip="Maximum number of rows: 100,000, 1 million, 10 million"),
        Binding("s", "seconds", "time limit", tooltip="Time limit: 60 s, 600 s, 10 s"),
        Binding("d", "schema", "tables", tooltip="Tables and columns of the file, with descriptions"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {"schema": ()}
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {
        **dict.fromkeys(("run", "edit", "new", "limit", "seconds"), ()),
        "schema": ("schema",),
    }

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.names = Names({})
        self.limit = 0
        self.seconds = 0
        self.result: pa.Table | None = None
        self.ran = ""
        self.cut = False
        self._number = 0
        self._job: RunningQuery | None = None
        self._since = 0.0

    def body(self) -> Iterable[Widget]:
        """Editor, completions, status, results."""
        editor = Editor()
        editor.text = EXAMPLE
        editor.select_all()
        yield editor
        yield Completions()
        yield StyledText(id="status")
        yield Grid(id="rows", cursor_type="cell")

    def on_mount(self) -> None:
        """Start the clock of the status line."""
        super().on_mount()
        self._say([Span("ctrl+r runs  ·  tab completes  ·  ↑ history  ·  esc leaves the editor", "dim")])
        self.set_interval(0.25, self._tick)

    @property
    def editor(self) -> Editor:
        """The editor."""
        return self.query_one(Editor)

    @property
    def completions(self) -> Completions:
        """The list of completions."""
        return self.query_one(Completions)

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Tables and columns, for completion."""
        return {"schema": QueryRequest.of("schema")}

    def draw(self, key: str, table: pa.Table) -> None:
        """Tables and columns."""
        self.names = names_of(table, tuple(query.name for query in self.session.query_runner.results.queries()))
        self.completions.again(self.editor, self.names)
        if self.result is None and self._job is None:
            self.query_one(Grid).show(table, SCHEMA_FIELDS)

    def begin(self) -> None:
        """The digit goes to the editor."""
        self.editor.focus()

    def reflect(self) -> None:
        """Run a query that another screen passed on."""
        if self.session.pending_sql:
            self.editor.text, self.session.pending_sql = self.session.pending_sql, ""
            self.action_run()
            self.query_one(Grid).focus()

    # -- running ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a statement is running."""
        return self._job is not None or super().waiting

    def lacks_in(self, widget: DOMNode, action: str) -> bool:
        """Completions wait for the names; earlier rows are not opened or searched while the next statement runs."""
        if action == "complete":
            return self.under_way(("schema",))
        return action in ("select_cursor", "find", "find_next") and self._job is not None

    def stop(self) -> bool:
        """Cancel the statement."""
        if self._job is not None:
            self._job.cancel()
            return True
        return super().stop()

    def action_run(self) -> None:
        """Run the statement under the cursor."""
        self._start(explain=False)

    def _start(self, explain: bool) -> None:
        statement = statement_at(self.editor.text, self.editor.offset_in_text)
        if not statement:
            return
        if self._job is not None:
            self._job.cancel()
        self.completions.hide()
        self.editor.mark(None)
        self._number += 1
        self._job, self._since = RunningQuery(), time.monotonic()
        if not explain:
            self.history.add(statement)
        text = EXPLAIN + statement if explain else statement
        self.run_worker(partial(self._work, self._number, text, self._job), thread=True, exit_on_error=False)
        self.frame()

    def _work(self, number: int, statement: str, started: RunningQuery) -> None:
        """In a thread."""
        query_runner = self.session.query_runner
        try:
            job = query_runner.prepare(lambda: query_runner.results.sql_job(statement, seconds=SECONDS[self.seconds]))
            table = query_runner.run(job, started, LIMITS[self.limit])
        except NeurontuiError as error:
            self.post_message(Ran(number, statement, None, False, error))
        else:
            self.post_message(Ran(number, statement, table, job.truncated, None))

    def on_ran(self, message: Ran) -> None:
        """Show rows or error."""
        if message.number != self._number:
            return
        self._job = None
        took = time.monotonic() - self._since
        if message.error is not None:
            self.result, self.ran, self.cut = None, "", False
            self.query_one(Grid).show(_NO_ROWS)  # rows of another statement below an error look like its own
            self._show_error(message.error, message.statement.startswith(EXPLAIN))
        elif message.table is not None and message.statement.startswith(EXPLAIN):
            self._say([Span(f"explained in {took:.2f} s", "dim")])
            if self.is_current:  # not over another screen
                self.app.push_screen(Reading(plan_lines(message.table)))
        elif message.table is not None:
            self.result, self.ran, self.cut = message.table, message.statement, message.cut
            self.query_one(Grid).show(message.table)
            self._say(rows_words(message.table.num_rows, took, LIMITS[self.limit] if message.cut else None))
        self.frame()

    def _show_error(self, error: NeurontuiError, explained: bool) -> None:
        where = ""
        if isinstance(error, SqlError) and error.line is not None:
            column = error.column or 1
            if explained and error.line == 1:
                column -= len(EXPLAIN)
            where = f"line {error.line}, column {column}: "
            self._point(error.line, column)
        self._say([Span(f"✗ {where}", "bad", bold=True), Span(str(error), "text")])

    def _point(self, line: int, column: int) -> None:
        """Move the cursor to the error; the statement may begin further down in the text."""
        editor = self.editor
        statement = statement_at(editor.text, editor.offset_in_text)
        first = editor.text[: max(editor.text.find(statement), 0)].count("\n")
        row = min(first + line - 1, editor.document.line_count - 1)
        editor.mark(row)
        editor.move_cursor((row, min(column - 1, len(editor.document.get_line(row)))))

    def _say(self, parts: Spans) -> None:
        self.query_one("#status", StyledText).show([parts])

    def _tick(self) -> None:
        took = time.monotonic() - self._since
        if self._job is not None and self.is_current and took > 0.4:
            self._say(running_words(took, self._job.job.progress() if self._job.job is not None else None))

    # -- the editor's keys ------------------------------------------------------------------------------------------

    def on_text_area_changed(self, _: TextArea.Changed) -> None:
        """Update completions while typing."""
        self.editor.mark(None)
        self.completions.follow(self.editor, self.names)

    def on_editor_key_pressed(self, message: Editor.KeyPressed) -> None:
        """Keys of the editor."""
        actions: dict[str, Callable[[], object]] = {
            "older": partial(self._move, -1),
            "newer": partial(self._move, 1),
            "complete": self._complete,
            "leave": self._leave,
            "explain": partial(self._start, explain=True),
            "run": self.action_run,
        }
        actions[message.what]()

    def _move(self, step: int) -> None:
        """Move in the completions if they are shown, otherwise in the history."""
        editor = self.editor
        if self.completions.shown:
            self.completions.move(step)
            return
        text = self.history.older(editor.text) if step < 0 else self.history.newer()
        if text is not None:
            editor.text = text
            editor.move_cursor(editor.document.end if step < 0 else (0, 0))

    def _complete(self) -> None:
        """Insert the highlighted completion; without one, indent."""
        offer = self.completions.take(self.editor)
        if offer is None:
            self.editor.indent()
        elif offer.kind == "query":
            self.editor.text = self._statement(offer.text)
            self.editor.move_cursor(self.editor.document.end)

    def _statement(self, name: str) -> str:
        """A named query's SQL for the selection."""
        results = self.session.query_runner.results
        chosen, run, (layer, neuron) = self.selection, self.run, self.selection.card
        about_neuron = any(parameter.name == "neuron" for parameter in results.named(name).parameters)
        values: dict[str, Any] = {
            "run": run.number if run else None,
            "languages": list(self.languages),
            "layer": layer if about_neuron else chosen.layer,
            "neuron": max(neuron, 0),
            "example": chosen.example,
            "other": self.second.number if self.second else None,
        }
        names = [p.name for p in results.named(name).parameters if p.required or p.name in ("run", "languages")]
        try:
            return results.statement(name, **{key: values[key] for key in names if values.get(key) is not None})
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)
            return name

    def _leave(self) -> None:
        """Close the completions; stop the query; leave the editor."""
        if not self.completions.hide() and not self.stop():
            self.query_one(Grid).focus()

    # -- other keys -----------------------------------------------------------------------------------------------

    def on_data_table_cell_selected(self, message: DataTable.CellSelected) -> None:
        """Open the neuron or the example of the row; show texts, and all other values, in full."""
        grid = self.query_one(Grid)
        names = grid.table.column_names
        row = grid.row_values(message.coordinate.row) if len(set(names)) == len(names) else {}
        detail = row_detail(row, grid.fields[message.coordinate.column].column)
        if detail is None or not self._choose_run(detail.run):
            self.app.push_screen(Reading(value_lines(message.value)))
        else:
            self.host.open_detail(detail.screen, **detail.changes)

    def _choose_run(self, number: int | None) -> bool:
        """Select the run that a row names; False if there is none with this number."""
        if number is None:
            return True
        run = next((run for run in self.session.runs if run.number == number), None)
        if run is not None and run != self.run:
            self.session.choose_run(run.key)
        return run is not None

    def action_edit(self) -> None:
        """Go to the editor."""
        self.editor.focus()

    def action_new(self) -> None:
        """Empty the editor; what it held becomes the latest statement of the history."""
        self.completions.hide()
        if self.editor.text.strip():
            self.history.add(self.editor.text)
        self.editor.text = ""
        self.editor.focus()

    def action_limit(self) -> None:
        """Another row limit."""
        self.limit = (self.limit + 1) % len(LIMITS)
        self._say([Span(f"row limit {LIMITS[self.limit]:,} from the next run on", "second")])

    def action_seconds(self) -> None:
        """Another time limit."""
        self.seconds = (self.seconds + 1) % len(SECONDS)
        self._say([Span(f"time limit {SECONDS[self.seconds]:g} s from the next run on", "second")])

    def action_schema(self) -> None:
        """Show tables and columns."""
        if "schema" in self.answers:
            self.app.push_screen(Reading(schema_lines(self.answers["schema"], min(self.size.width - 10, 70))))

    def tables(self) -> dict[str, pa.Table]:
        """The rows."""
        return {"sql": self.as_sorted(self.result)} if self.result is not None else {}

    def whole(self) -> Callable[[], pa.Table] | None:
        """Run the statement again without a row limit, if its result was truncated."""
        query_runner, statement = self.session.query_runner, self.ran

        def all_rows() -> pa.Table:
            return query_runner.run(query_runner.prepare(lambda: query_runner.results.sql_job(statement)))

        return all_rows if self.cut else None
