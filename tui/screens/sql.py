"""SQL: an editor that knows the tables, and its results. Reading only; a query can be stopped, and stops by itself."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option
from textual_fastdatatable import DataTable

from neurontui.queries.job import SqlError
from neurontui.store.errors import NeurontuiError, UsageError
from neurontui.tui.asking import Question, Started
from neurontui.tui.catalog import RunInfo
from neurontui.tui.clean import clean_lines, fit
from neurontui.tui.history import History
from neurontui.tui.screens.dialog import Reading
from neurontui.tui.screens.page import Page
from neurontui.tui.sqltext import Names, Offer, offers, statement_at, word_before
from neurontui.tui.widgets.editor import Editor
from neurontui.tui.widgets.format import plain_value
from neurontui.tui.widgets.grid import Grid
from neurontui.tui.widgets.paint import Part, Parts
from neurontui.tui.widgets.sheet import Sheet

LIMITS = (100_000, 1_000_000, 10_000_000)
SECONDS = (60.0, 600.0, 10.0)
EXAMPLE = "SELECT type, count(*) AS n FROM neurons GROUP BY type ORDER BY n DESC"


class Ran(Message):
    """A statement came to its end: rows, or why there are none."""

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
    """Editor above, results below, and between them a line that says how it went."""

    PAGE = "sql"
    HEADING = "SQL"
    ABOUT = (
        "Any SQL of DuckDB over the open files, read-only. ctrl+r runs the statement under the cursor; tab takes a "
        "completion (tables, columns, functions, and the names of queries, which become their SQL); ↑ in the first "
        "line brings back what was run before; esc stops a query, then leaves the editor so that the digits and the "
        "other keys work again. x on any other screen lands here with that screen's query."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f5,ctrl+r", "run", "run", show=False, tooltip="Run the statement under the cursor"
        ),
        Binding("i", "edit", "edit", tooltip="Back to the editor"),
        Binding(
            "m", "limit", "rows", tooltip="How many rows at most: 100,000, a million, ten million"
        ),
        Binding(
            "s", "seconds", "time limit", tooltip="How long a query may run: 60 s, 600 s, 10 s"
        ),
        Binding(
            "d", "schema", "tables", tooltip="Tables and columns of the file, and what they mean"
        ),
    ]

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
        self._job: Started | None = None
        self._since = 0.0
        self._offers: list[Offer] = []

    def body(self) -> Iterable[Widget]:
        """Editor, completions, status, results."""
        editor = Editor()
        editor.text = EXAMPLE
        editor.select_all()
        yield editor
        choices = OptionList(id="offers")
        choices.can_focus = False
        choices.display = False
        yield choices
        yield Sheet(id="status")
        yield Grid(id="rows", cursor_type="cell")

    def on_mount(self) -> None:
        """The frame, and a clock for what runs."""
        super().on_mount()
        self._say(
            [Part("ctrl+r runs  ·  tab completes  ·  ↑ history  ·  esc leaves the editor", "dim")]
        )
        self.set_interval(0.25, self._tick)

    def wants(self, run: RunInfo) -> dict[str, Question]:
        """What there is to complete."""
        return {"schema": Question.of("schema")}

    def draw(self, key: str, table: pa.Table) -> None:
        """Tables and columns."""
        tables: dict[str, tuple[str, ...]] = {}
        for row in table.to_pylist():
            if row["column_name"] is not None:
                tables[row["table_name"]] = (*tables.get(row["table_name"], ()), row["column_name"])
        queries = tuple(query.name for query in self.explorer.desk.results.queries())
        self.names = Names(tables, queries)

    def reflect(self) -> None:
        """A query that another screen handed over."""
        if self.explorer.handed:
            statement, self.explorer.handed = self.explorer.handed, ""
            self.query_one(Editor).text = statement
            self._hide_offers()
            self.action_run()
            self.query_one(Grid).focus()

    # -- running ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a statement runs."""
        return self._job is not None or super().waiting

    def stop(self) -> bool:
        """Cancel the statement."""
        if self._job is not None:
            self._job.cancel()
            return True
        return super().stop()

    def action_run(self) -> None:
        """Run the statement under the cursor."""
        editor = self.query_one(Editor)
        self._start(statement_at(editor.text, editor.offset_in_text), explain=False)

    def _start(self, statement: str, explain: bool) -> None:
        if not statement:
            return
        if self._job is not None:
            self._job.cancel()
        self._hide_offers()
        self.query_one(Editor).mark(None)
        self._number += 1
        self._job, self._since = Started(), time.monotonic()
        if not explain:
            self.history.add(statement)
        text = f"EXPLAIN {statement}" if explain else statement
        self.run_worker(
            partial(self._work, self._number, text, self._job), thread=True, exit_on_error=False
        )
        self.frame()

    def _work(self, number: int, statement: str, started: Started) -> None:
        """In a thread."""
        desk = self.explorer.desk
        try:
            job = desk.results.sql_job(statement, seconds=SECONDS[self.seconds])
            table = desk.run(job, started, LIMITS[self.limit])
        except NeurontuiError as error:
            self.post_message(Ran(number, statement, None, False, error))
        else:
            self.post_message(Ran(number, statement, table, job.truncated, None))

    def on_ran(self, message: Ran) -> None:
        """Show what came of it."""
        if message.number != self._number:
            return
        self._job = None
        took = time.monotonic() - self._since
        if message.error is not None:
            self._show_error(message.error)
        elif message.statement.startswith("EXPLAIN ") and message.table is not None:
            self._show_plan(message.table, took)
        elif message.table is not None:
            self._show_rows(message, took)
        self.frame()

    def _show_rows(self, message: Ran, took: float) -> None:
        table = message.table
        assert table is not None
        self.result, self.ran, self.cut = table, message.statement, message.cut
        self.query_one(Grid).show(table)
        words = f"{table.num_rows:,} rows" if table.num_rows != 1 else "1 row"
        parts = [Part(words, "text", bold=True), Part(f" in {took:.2f} s", "dim")]
        if message.cut:
            parts.append(
                Part(
                    f"   stopped at {LIMITS[self.limit]:,} rows; m shows more, e exports all",
                    "second",
                )
            )
        self._say(parts)

    def _show_plan(self, table: pa.Table, took: float) -> None:
        texts = table.column(table.num_columns - 1).to_pylist()
        lines: list[Parts] = [
            [Part(line)] for text in texts for line in clean_lines(text).splitlines()
        ]
        self._say([Part(f"explained in {took:.2f} s", "dim")])
        self.app.push_screen(Reading(lines))

    def _show_error(self, error: NeurontuiError) -> None:
        where = ""
        if isinstance(error, SqlError) and error.line is not None:
            where = f"line {error.line}, column {error.column}: "
            self._point(error.line, error.column or 1)
        self._say([Part(f"✗ {where}", "bad", bold=True), Part(str(error), "text")])

    def _point(self, line: int, column: int) -> None:
        """Put the cursor where the error is; the statement may begin further down in the text."""
        editor = self.query_one(Editor)
        statement = statement_at(editor.text, editor.offset_in_text)
        first = editor.text[: max(editor.text.find(statement), 0)].count("\n")
        row = min(first + line - 1, editor.document.line_count - 1)
        editor.mark(row)
        editor.move_cursor((row, min(column - 1, len(editor.document.get_line(row)))))

    def _say(self, parts: Parts) -> None:
        self.query_one("#status", Sheet).show([parts])

    def _tick(self) -> None:
        if self._job is None or not self.is_current:
            return
        took = time.monotonic() - self._since
        if took < 0.4:
            return
        percent = self._job.job.progress() if self._job.job is not None else None
        done = f"  {percent:.0f} %" if percent is not None and percent < 100 else ""
        self._say(
            [
                Part(f"running {took:.0f} s{done}", "second", bold=True),
                Part("   esc stops it", "dim"),
            ]
        )

    # -- completion and history -----------------------------------------------------------------------------------

    def on_text_area_changed(self, _: TextArea.Changed) -> None:
        """Offer completions while one types."""
        editor = self.query_one(Editor)
        editor.mark(None)
        word = word_before(editor.text, editor.offset_in_text)
        typed, editor.typing = editor.typing, False
        found = (
            offers(editor.text, editor.offset_in_text, self.names)
            if typed and len(word) > 1
            else []
        )
        self._offers = found
        choices = self.query_one("#offers", OptionList)
        choices.display = bool(found)
        choices.clear_options()
        if found:
            width = max(len(each.text) for each in found)
            choices.add_options(
                [
                    Option(Content(f"{fit(each.text, min(width, 40))}  {each.kind}"))
                    for each in found
                ]
            )
            choices.highlighted = 0
            choices.styles.offset = self._below_cursor(editor)

    def _below_cursor(self, editor: Editor) -> tuple[int, int]:
        place = editor.cursor_screen_offset
        body = self.query_one("#body").region
        return (max(min(place.x - 2, self.size.width - 46), 0), place.y - body.y + 1)

    def _hide_offers(self) -> None:
        self._offers = []
        self.query_one("#offers").display = False

    def on_editor_wanted(self, message: Editor.Wanted) -> None:
        """Keys of the editor."""
        if message.what in ("older", "newer"):
            self._move(1 if message.what == "newer" else -1)
        elif message.what == "complete":
            self._complete()
        elif message.what == "leave":
            self._leave()
        elif message.what == "explain":
            editor = self.query_one(Editor)
            self._start(statement_at(editor.text, editor.offset_in_text), explain=True)
        else:
            self.action_run()

    def _move(self, step: int) -> None:
        """Through the completions where they show, else through the history."""
        editor, choices = self.query_one(Editor), self.query_one("#offers", OptionList)
        if self._offers:
            choices.highlighted = ((choices.highlighted or 0) + step) % len(self._offers)
            return
        text = self.history.older(editor.text) if step < 0 else self.history.newer()
        if text is not None:
            editor.text = text
            editor.move_cursor(editor.document.end if step < 0 else (0, 0))
            self._hide_offers()

    def _complete(self) -> None:
        """Take the highlighted completion."""
        if not self._offers:
            self.query_one(Grid).focus()
            return
        editor = self.query_one(Editor)
        offer = self._offers[self.query_one("#offers", OptionList).highlighted or 0]
        if offer.kind == "query":
            editor.text = self._statement(offer.text)
            editor.move_cursor(editor.document.end)
        else:
            word = word_before(editor.text, editor.offset_in_text).rpartition(".")[2]
            row, column = editor.cursor_location
            editor.replace(offer.text, (row, column - len(word)), (row, column))
        self._hide_offers()

    def _statement(self, name: str) -> str:
        """A named query's SQL for what is selected."""
        chosen, run = self.selection, self.run
        known: dict[str, Any] = {
            "run": run.number if run else None,
            "languages": list(self.languages),
            "layer": chosen.layer,
            "neuron": chosen.neuron,
            "example": chosen.example,
            "other": self.second.number if self.second else None,
        }
        results = self.explorer.desk.results
        asked = [
            each.name
            for each in results.named(name).parameters
            if each.required or each.name in ("run", "languages")
        ]
        try:
            return results.statement(
                name, **{key: known[key] for key in asked if known.get(key) is not None}
            )
        except UsageError as error:
            self.notify(str(error), severity="warning", markup=False)
            return name

    def _leave(self) -> None:
        """Close the completions; stop the query; leave the editor."""
        if self._offers:
            self._hide_offers()
        elif not self.stop():
            self.query_one(Grid).focus()

    # -- other keys -----------------------------------------------------------------------------------------------

    def on_data_table_cell_selected(self, message: DataTable.CellSelected) -> None:
        """A value in full."""
        value = message.value
        lines: list[Parts] = [[Part(line)] for line in clean_lines(plain_value(value)).splitlines()]
        self.app.push_screen(Reading(lines or [[Part("empty", "dim")]]))

    def action_edit(self) -> None:
        """Back to the editor."""
        self.query_one(Editor).focus()

    def action_limit(self) -> None:
        """More rows."""
        self.limit = (self.limit + 1) % len(LIMITS)
        self._say([Part(f"at most {LIMITS[self.limit]:,} rows from the next run on", "second")])

    def action_seconds(self) -> None:
        """Another time limit."""
        self.seconds = (self.seconds + 1) % len(SECONDS)
        self._say([Part(f"at most {SECONDS[self.seconds]:g} s from the next run on", "second")])

    def action_schema(self) -> None:
        """Tables and columns."""
        table = self.answers.get("schema")
        if table is None:
            return
        lines: list[Parts] = []
        for row in table.to_pylist():
            if row["column_name"] is None:
                lines += [
                    [],
                    [
                        Part(row["table_name"], "first", bold=True),
                        Part(f"  {row['comment'] or ''}", "dim"),
                    ],
                ]
            else:
                lines.append(
                    [
                        Part(f"  {fit(row['column_name'], 18)} "),
                        Part(fit(row["type"], 14) + " ", "third"),
                        Part(row["comment"] or "", "dim"),
                    ]
                )
        self.app.push_screen(Reading(lines[1:]))

    def tables(self) -> dict[str, pa.Table]:
        """The rows."""
        return {"sql": self.result} if self.result is not None else {}

    def whole(self) -> Callable[[], pa.Table] | None:
        """Runs the statement again, without a limit, where its result was cut."""
        desk, statement = self.explorer.desk, self.ran
        return (lambda: desk.run(desk.results.sql_job(statement))) if self.cut else None
