"""What all screens share: the frame of four lines, the selection, and queries whose results are drawn as they arrive.

`wants` gives the queries for a scope. When the selection changes, only queries that have changed are run; a cached
result is drawn immediately.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from neurontui.store.journal.journal import Progress
from neurontui.tui.charts.model import Drawing
from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.exported_tables import exported_tables
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.session_screen import SessionScreen
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.widgets.chips import Chips, ChipState
from neurontui.tui.explorer.widgets.crumbs import Crumbs
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.keys import Keys
from neurontui.tui.explorer.widgets.notice import Notice, Step
from neurontui.tui.explorer.widgets.run_lines import warning_words
from neurontui.tui.explorer.widgets.search_bar import SearchBar
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.tabs import TABS, Tabs
from neurontui.tui.explorer.widgets.text_lines import Span

MEASURES = "measures of run "
"""Prefix of the names of queries for what other runs measured."""


class Page(SessionScreen):
    """One of the ten screens."""

    PAGE: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    """Help text: what the screen shows and how to read it."""
    AUTO_FOCUS = "#body *"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012

    COMMON: ClassVar[list[Binding]] = [
        Binding("L", "chips", "languages", tooltip="Switch languages on and off: arrows move, space toggles"),
        Binding(
            "c",
            "app.compare",
            "compare",
            tooltip="Choose a second run, or none; Layers shows both",
        ),
        Binding("y", "app.copy", "copy", tooltip="Copy to the clipboard (OSC 52) and to a file"),
        Binding(
            "e",
            "app.export",
            "export",
            tooltip="Save tables (csv json md parquet), charts (svg png pdf txt)",
        ),
        Binding("x", "app.hand_to_sql", "SQL", tooltip="This screen's query on the SQL screen"),
    ]
    """Keys of every screen."""
    BINDINGS: ClassVar[list[BindingType]] = [*COMMON]

    def __init__(self) -> None:
        super().__init__(name=self.PAGE, id=self.PAGE, classes="page")
        self.by_digit = False
        """Whether the user came by the screen's digit; the next update calls `begin`."""
        self._drawing = False
        self._missing: tuple[str, str, tuple[str, ...]] | None = None

    # -- for subclasses -----------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The widgets between the frame's lines."""
        return ()

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Queries for a scope, by name, the most important first."""
        return {}

    def reflect(self) -> None:
        """The selection has changed: show what does not depend on results."""

    def failed(self, key: str, sentence: str) -> None:
        """Say why there is no result."""
        self.notice(f"{self.HEADING}: no result", sentence)

    def drawings(self) -> Sequence[Drawing]:
        """The charts to export."""
        return ()

    def remark(self, drawing: Drawing) -> str:
        """What a chart shows beyond its title, for the picture of it."""
        return ""

    def sample(self) -> str:
        """What the numbers were measured on, if that is not all examples of the run."""
        return ""

    def tables(self) -> dict[str, pa.Table]:
        """The tables to copy and export, by name; the first one is what `y` copies."""
        shown = [
            (request, self.as_sorted(self.answers[key])) for key, request in self.shown().items() if key in self.answers
        ]
        return exported_tables(shown, self.session.runs)

    def as_sorted(self, table: pa.Table) -> pa.Table:
        """A result with its rows in the order in which a table of the screen shows them."""
        return next((grid.table for grid in self.query(Grid) if grid.source is table), table)

    def drawing_once(self, draw: Callable[[], None]) -> None:
        """Draw once after all pending messages: several results may have arrived together."""
        if not self._drawing:
            self._drawing = True
            self.call_next(self._draw_now, draw)

    def _draw_now(self, draw: Callable[[], None]) -> None:
        self._drawing = False
        if self.ready and self.is_current:
            draw()

    @property
    def outdated(self) -> bool:
        """Whether results are still missing, which will draw the screen when they arrive."""
        return any(
            key not in self.answers and self.query_runner.cached(request) is None
            for key, request in self.shown().items()
        )

    def shown(self) -> dict[str, QueryRequest]:
        """Current requests by name, the most important first."""
        return self.wants(self.scope) if self.scope is not None and not self.without_corpus else {}

    def _say_corpus(self) -> None:
        self.frame()
        self.notice(
            f"{self.HEADING}: not for a corpus",
            f"This run read a corpus, {self.NO_CORPUS}.",
            "Languages shows what it measured: loss, active neurons and language-specific neurons by language.",
            step=Step("the Languages screen", partial(self.host.open_detail, "languages")),
        )

    def handed(self) -> dict[str, QueryRequest]:
        """Requests by name that the SQL screen shows."""
        return self.shown()

    def prefetch_queries(self) -> Iterable[QueryRequest]:
        """Requests of the selections that the next key is likely to make."""
        if not self.ready:
            return
        for selection in self.next_selections():
            scope = self.session.scope(selection)
            if scope is not None:
                yield from self.wants(scope).values()

    def next_selections(self) -> Iterator[Selection]:
        """Selections that the next keys are likely to make: another language switched. Screens add others."""
        for switched in self.query_one(Chips).likely():
            yield replace(self.selection, languages=self._selected(switched))

    def whole(self) -> Callable[[], pa.Table] | None:
        """A function that fetches all rows in a thread, if the table on the screen was truncated."""
        return None

    def words(self) -> str:
        """Text that `y` copies if there is no table."""
        return ""

    @property
    def threshold(self) -> float:
        """Activation threshold of the screen's numbers."""
        return self.run.threshold if self.run is not None else 0.0

    @property
    def compares(self) -> bool:
        """Whether the screen shows the second run."""
        return False

    def choose_view(self, name: str) -> None:
        """Choose a view by its name, if the screen has it; it is drawn when the screen is shown."""

    def begin(self) -> None:
        """The user came by the screen's digit."""

    def beside(self) -> None:
        """Switch to the view that shows two runs, if there is one."""

    def journals(self, journals: Sequence[Progress]) -> None:
        """Runs in progress were checked."""

    def crumbs(self) -> tuple[str, ...]:
        """Breadcrumbs after the screen's own."""
        return ()

    def show(self, key: str, table: pa.Table) -> None:
        """Draw a result, or write the notice that needs it again."""
        if not self.ready:
            return
        if not key.startswith(MEASURES):
            self.draw(key, table)
        elif self._missing is not None:
            measure, head, sentences = self._missing
            self.absent(measure, head, *sentences)

    # -- the frame ----------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Four lines of frame around the screen's own body."""
        yield Crumbs()
        yield Tabs(self.PAGE, live=self.session.live is not None)
        yield Chips()
        yield Notice(id="notice")
        with Vertical(id="body"):
            yield from self.body()
        yield SearchBar()
        yield StyledText(id="meaning")
        yield Keys()

    def on_mount(self) -> None:
        """The widgets exist now."""
        self._built = True
        self.query_one("#notice").display = False
        self.query_one(SearchBar).display = False
        self.query_one("#meaning").display = False

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Update to what changed while another screen was in front."""
        self.call_after_refresh(self.update)

    def update(self) -> None:
        """Update frame and queries to the selection."""
        if not self.ready or not self.is_current:
            return
        self.behind = False
        if self.by_digit:
            self.by_digit = False
            self.begin()
        if self.run is None:
            self.frame()
            self.notice(
                "This file has no runs yet",
                "Measure one: neurontui demo, or neurontui run --model M --task T --out " + self.session.file_name,
            )
            return
        self.clear_notice()
        requests = self.shown()
        self.drop_outdated(requests)
        if self.without_corpus:
            self._say_corpus()
            return
        self.reflect()
        self.prefetcher.stop(but=requests.values())
        for key, request in requests.items():
            if self.requested.get(key) != request:
                self.run_query(key, request)
        self.begin_waiting()
        self.frame()
        self.schedule_prefetch()

    def outlives(self, key: str) -> bool:
        """What other runs measured does not depend on the selection."""
        return key.startswith(MEASURES)

    def on_grid_sorted(self, message: Grid.Sorted) -> None:
        """Explain the column that a table is sorted by, in the words of its query."""
        words = self._meaning(message.field) if message.field is not None else ""
        line = self.query_one("#meaning", StyledText)
        line.display = bool(words)
        line.show([[Span(f" {words}", "dim")]])

    def _meaning(self, field: Field) -> str:
        """What a column is: its own words, or those in the headers of the screen's queries; empty if there are none."""
        named = self.query_runner.results.named
        columns = [column for request in self.shown().values() for column in named(request.name).columns]
        words = field.meaning or next((of.description for of in columns if of.name == field.column), "")
        return f"{field.title}: {words}" if words else ""

    def about_what(self) -> tuple[str, ...]:
        """File, run, and the screens that led here."""
        return (*self.host.crumbs(), self.HEADING, *self.crumbs())

    def frame(self) -> None:
        """Update breadcrumbs and chips."""
        if not self.ready:
            return
        self.unveil()
        self.query_one(Crumbs).show(self.current_names(), self.host.state_word(self.waiting), self.warning())
        run = self.run
        if run is None:
            return
        second, filters = self.second, self.current_filters()
        self.query_one(Chips).show(
            ChipState(
                run.languages,
                self.languages,
                f"A > {self.threshold:g}",
                None if not self.compares else second.name if second else "",
                f"only {', '.join(filters)}" if filters else "",
            )
        )

    def warning(self) -> str:
        """A hint that the selected run has warnings."""
        return warning_words(self.run.warnings, here=self.PAGE == "runs") if self.run else ""

    def notice(self, head: str, *sentences: str, step: Step | None = None) -> None:
        """Show a notice instead of the body; enter goes where it points."""
        if not self.ready:
            return
        notice = self.query_one("#notice", Notice)
        notice.display = True
        self.query_one("#body").display = False
        notice.say(head, *sentences, step=step)
        if step is not None and not self.query_one(Chips).has_focus:
            notice.focus()
        else:
            self.leave_body()

    def next_step(self, name: str) -> Step | None:
        """Where a notice points, by its name."""
        if name == "languages":
            on = Step("switch all languages on", partial(self.select, languages=()))
            return on if self.selection.languages else None
        titles = {tab.page: tab.title for tab in TABS}
        return Step(f"the {titles[name]} screen", partial(self.host.open_detail, name)) if name in titles else None

    def absent(self, measure: str, head: str, *sentences: str) -> None:
        """Say that a measure is missing, how to get it, and which other runs have it."""
        self._missing = (measure, head, sentences)
        if self.run is not None and self._measured(self.run, measure):
            words = "This run has the measure, but no rows for what is selected."
            self.notice("Nothing to show for this selection", words, step=self.next_step("languages"))
            return
        have = [run for run in self.session.runs if run != self.run and self._measured(run, measure)]
        names = ", ".join(f"{run.number} {run.name}" for run in have)
        show = partial(self.session.choose_run, have[0].key) if have else None
        step = Step(f"this screen for run {have[0].number}, {have[0].name}", show) if show else None
        self.notice(head, *sentences, *([f"Other runs here have it: {names}."] if have else []), step=step)

    def _measured(self, run: RunInfo, measure: str) -> bool:
        """Whether a run has a measure. If that is not known yet, a query runs and the notice is written again."""
        key = f"{MEASURES}{run.number}"
        request = QueryRequest.of("measures", run=run.number)
        if self.requested.get(key) != request:
            self.run_query(key, request)
        table = self.answers.get(key)
        rows = table.to_pylist() if table is not None else []
        return any(row["measure"] == measure and row["present"] for row in rows)

    def clear_notice(self) -> None:
        """Show the body again, with the focus on it."""
        self._missing = None
        notice, body = self.query_one("#notice", Notice), self.query_one("#body")
        if body.display:
            return
        had_focus = notice.has_focus
        body.display, notice.display = True, False
        self.call_after_refresh(self.focus_first if had_focus else self.keep_focus)

    # -- size ---------------------------------------------------------------------------------------------------

    @property
    def wide(self) -> bool:
        """Whether there is room for a second column."""
        return self.size.width >= 120

    @property
    def tall(self) -> bool:
        """Whether there is room for a second row of panes."""
        return self.size.height >= 34

    # -- keys and messages ----------------------------------------------------------------------------------------

    def select(self, **changes: Any) -> None:
        """Change the selection."""
        self.session.select(replace(self.selection, **changes))

    def on_chips_changed(self, message: Chips.Changed) -> None:
        """Languages were switched."""
        self.select(languages=self._selected(message.languages))

    def on_chips_moved(self) -> None:
        """Prefetch for the chip under the cursor."""
        self.schedule_prefetch()

    def _selected(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Languages as the selection stores them: empty for all."""
        all_on = self.run is not None and len(languages) == len(self.run.languages)
        return () if all_on else languages
