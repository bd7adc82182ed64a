"""What all screens share: the frame of four lines, the selection, and questions whose answers are drawn as they come.

A screen says in `wants` which questions its selection raises. When the selection changes, only those are asked
that have changed; an answer that is remembered is drawn in the same moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from neurontui.store.errors import NeurontuiError
from neurontui.store.journal import Progress
from neurontui.tui.asking import Answered, Failed, Question, Started
from neurontui.tui.catalog import RunInfo
from neurontui.tui.charts.model import Drawing
from neurontui.tui.keys import Binding, BindingType
from neurontui.tui.selection import Selection
from neurontui.tui.widgets.chips import Chips, ChipState
from neurontui.tui.widgets.crumbs import Crumbs
from neurontui.tui.widgets.finder import Finder
from neurontui.tui.widgets.grid import Grid
from neurontui.tui.widgets.keys import Keys
from neurontui.tui.widgets.notice import Notice
from neurontui.tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from neurontui.tui.app import Explorer

SLOW = 0.4
"""Seconds after which a question is said to be under way."""


MEASURES = "measures of run "
"""Begins the names of questions about what other runs have."""

PATIENCE = 0.06
"""Seconds that an answer waits for others that were asked with it."""


class Page(Screen[None]):
    """One of the nine screens."""

    PAGE: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    """What the help says about the screen: what it shows and how to read it."""
    USES_CHIPS: ClassVar[bool] = True
    AUTO_FOCUS = "#body *"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012

    COMMON: ClassVar[list[Binding]] = [
        Binding(
            "L", "chips", "languages", tooltip="The language chips: arrows move, space toggles"
        ),
        Binding(
            "t", "app.threshold", "threshold", tooltip="The next measured activation threshold"
        ),
        Binding("c", "app.compare", "compare", tooltip="Choose a second run, or none"),
        Binding("y", "app.copy", "copy", tooltip="Copy to the clipboard (OSC 52) and into a file"),
        Binding(
            "e",
            "app.export",
            "export",
            tooltip="Save tables (csv json md parquet), charts (svg txt)",
        ),
        Binding("x", "app.hand_to_sql", "SQL", tooltip="This screen's query on the SQL screen"),
    ]
    """Keys that every screen has."""
    BINDINGS: ClassVar[list[BindingType]] = [*COMMON]

    def __init__(self) -> None:
        super().__init__(name=self.PAGE, id=self.PAGE, classes="page")
        self.asked: dict[str, Question] = {}
        self.answers: dict[str, pa.Table] = {}
        self._asking: dict[str, Started] = {}
        self._come: dict[str, pa.Table] = {}
        self.ready = False
        """Whether its widgets are there."""
        self._searched: Grid | None = None
        self._missing: tuple[str, str, tuple[str, ...]] | None = None

    # -- what a screen says -------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The widgets between the frame's lines."""
        return ()

    def wants(self, run: RunInfo) -> dict[str, Question]:
        """Questions that the selection raises, each under a name of its own."""
        return {}

    def draw(self, key: str, table: pa.Table) -> None:
        """Show an answer."""

    def reflect(self) -> None:
        """The selection has changed: show what of it is the screen's own, apart from answers."""

    def failed(self, key: str, sentence: str) -> None:
        """Say why there is no answer."""
        self.notice(f"{self.HEADING}: no answer", sentence)

    def drawings(self) -> Sequence[Drawing]:
        """The charts to export."""
        return ()

    def tables(self) -> dict[str, pa.Table]:
        """The tables to copy and export, by name; the first one is what `y` copies."""
        return {
            question.name: self.answers[key]
            for key, question in self.asked.items()
            if key in self.answers and not key.startswith(MEASURES)
        }

    def whole(self) -> Callable[[], pa.Table] | None:
        """What gets all rows in a thread, where the table on the screen was cut."""
        return None

    def words(self) -> str:
        """What `y` copies where there is no table: the screen as text."""
        return ""

    def journals(self, journals: Sequence[Progress]) -> None:
        """Runs in progress were looked at."""

    def crumbs(self) -> tuple[str, ...]:
        """Where on this screen the reader is, below the screen's own name."""
        return ()

    # -- the frame ----------------------------------------------------------------------------------------------

    @property
    def explorer(self) -> "Explorer":
        """The application, by its own type."""
        return self.app  # type: ignore[return-value]

    @property
    def selection(self) -> Selection:
        """What the reader looks at."""
        return self.explorer.selection

    @property
    def run(self) -> RunInfo | None:
        """The selected run, or None where the file holds none."""
        return self.explorer.run_info

    @property
    def second(self) -> RunInfo | None:
        """The run to compare with."""
        return self.explorer.second_info

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes that are switched on."""
        return self.selection.active(self.run.languages) if self.run else ()

    def compose(self) -> ComposeResult:
        """Four lines of frame around the screen's own body."""
        yield Crumbs()
        yield Tabs(self.PAGE)
        yield Chips()
        yield Notice(id="notice")
        with Vertical(id="body"):
            yield from self.body()
        yield Finder()
        yield Keys()

    def on_mount(self) -> None:
        """The widgets are there: draw."""
        self.ready = True
        self.query_one("#notice").display = False
        self.query_one(Finder).display = False

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Catch up with what changed while another screen was in front."""
        self.call_after_refresh(self.update)

    def update(self) -> None:
        """Bring frame and questions up to the selection."""
        if not self.ready or not self.is_current:
            return
        self.frame()
        if self.run is None:
            self.notice(
                "This file holds no run yet",
                "Measure one: neurontui demo, or neurontui run --model M --task T --out "
                + self.explorer.file_name,
            )
            return
        self.clear_notice()
        self.reflect()
        for key, question in self.wants(self.run).items():
            if self.asked.get(key) != question:
                self.ask(key, question)

    def frame(self) -> None:
        """Renew breadcrumbs and chips."""
        if not self.ready or not self.children:  # not made yet, or taken apart at the end
            return
        self.query_one(Crumbs).show(
            self.explorer.crumbs(self), self.explorer.state_word(self.waiting)
        )
        run = self.run
        if run is None:
            return
        second = self.second
        self.query_one(Chips).show(
            ChipState(
                run.languages,
                self.languages,
                f"A > {self.selection.threshold:g}",
                second.name if second else "",
            )
        )

    def notice(self, head: str, *sentences: str) -> None:
        """Say something in place of the body."""
        if not self.ready:
            return
        notice = self.query_one("#notice", Notice)
        notice.say(head, *sentences)
        notice.display = True
        self.query_one("#body").display = False

    def absent(self, measure: str, head: str, *sentences: str) -> None:
        """Say that a measure is missing, how to get it, and which other runs have it."""
        self._missing = (measure, head, sentences)
        have = [
            f"{run.number} {run.name}"
            for run in self.explorer.runs
            if run != self.run and self._measured(run, measure)
        ]
        others = (
            [f"Other runs here have it: {', '.join(have)} (1 goes to the runs)."] if have else []
        )
        self.notice(head, *sentences, *others)

    def _measured(self, run: RunInfo, measure: str) -> bool:
        """Whether a run has a measure; asks when it is not known yet, and the notice is written again."""
        key = f"{MEASURES}{run.number}"
        question = Question.of("measures", run=run.number)
        if self.asked.get(key) != question:
            self.ask(key, question)
        table = self.answers.get(key)
        rows = table.to_pylist() if table is not None else []
        return any(row["measure"] == measure and row["present"] for row in rows)

    def clear_notice(self) -> None:
        """Show the body again."""
        self._missing = None
        self.query_one("#notice").display = False
        self.query_one("#body").display = True

    # -- asking -------------------------------------------------------------------------------------------------

    @property
    def wide(self) -> bool:
        """Whether there is room for a second column."""
        return self.size.width >= 120

    @property
    def tall(self) -> bool:
        """Whether there is room for a second row of panes."""
        return self.size.height >= 34

    @property
    def waiting(self) -> bool:
        """Whether a question has been under way for a while."""
        return bool(self._asking or self._come)

    def ask(self, key: str, question: Question) -> None:
        """Ask in a thread; an earlier question under the same name is stopped."""
        if key in self._asking:
            self._asking.pop(key).cancel()
        self._come.pop(key, None)
        self.asked[key] = question
        known = self.explorer.desk.cached(question)
        if known is not None:
            self._show(key, known)
            return
        started = self._asking[key] = Started()
        self.run_worker(
            partial(self._answer, key, question, started), thread=True, exit_on_error=False
        )
        self.set_timer(SLOW, self.frame)

    def _answer(self, key: str, question: Question, started: Started) -> None:
        """In a thread: nothing but messages leaves it."""
        try:
            table = self.explorer.desk.answer(question, started)
        except NeurontuiError as error:
            if not started.stopped:
                self.post_message(Failed(key, question, str(error)))
        else:
            self.post_message(Answered(key, question, table))

    def on_answered(self, message: Answered) -> None:
        """Keep an answer, unless something else has been asked meanwhile; draw when the last one has come.

        Answers come within milliseconds of each other; drawing each would send the screen several times.
        """
        if self.asked.get(message.key) != message.question:
            return
        self._asking.pop(message.key, None)
        self._come[message.key] = message.table
        if not self._asking:
            self._draw_answers()
        elif len(self._come) == 1:
            self.set_timer(PATIENCE, self._draw_answers)

    def _draw_answers(self) -> None:
        """Draw the answers that have come."""
        come, self._come = self._come, {}
        for key, table in come.items():
            self._show(key, table)
        self.frame()

    def on_failed(self, message: Failed) -> None:
        """Say why there is no answer."""
        if self.asked.get(message.key) == message.question:
            self._asking.pop(message.key, None)
            self.asked.pop(message.key)
            if not self._asking:
                self._draw_answers()
            self.failed(message.key, message.sentence)
            self.frame()

    def _show(self, key: str, table: pa.Table) -> None:
        self.answers[key] = table
        if not key.startswith(MEASURES):
            self.draw(key, table)
        elif self._missing is not None:
            measure, head, sentences = self._missing
            self.absent(measure, head, *sentences)

    def stop(self) -> bool:
        """Cancel what is under way; whether anything was."""
        stopped = list(self._asking.items())
        for key, started in stopped:
            started.cancel()
            self.asked.pop(key, None)
        self._asking.clear()
        self._come.clear()
        self.frame()
        return bool(stopped)

    def forget(self) -> None:
        """The files have changed: ask everything again."""
        self.stop()
        self.asked.clear()
        self.answers.clear()

    # -- keys and messages ----------------------------------------------------------------------------------------

    def select(self, **changes: Any) -> None:
        """Change the selection."""
        self.explorer.select(replace(self.selection, **changes))

    def action_chips(self) -> None:
        """Go to the language chips."""
        self.query_one(Chips).focus()

    def on_chips_changed(self, message: Chips.Changed) -> None:
        """Languages were switched."""
        all_on = self.run is not None and len(message.languages) == len(self.run.languages)
        self.select(languages=() if all_on else message.languages)

    def on_chips_left(self) -> None:
        """Back from the chips to the screen."""
        self.focus_first()

    def focus_first(self) -> None:
        """Put the focus where the screen's keys work."""
        for widget in self.query_one("#body").query("*"):
            if widget.focusable:
                widget.focus()
                return
        self.set_focus(None)

    def on_grid_asked(self, message: Grid.Asked) -> None:
        """Open the search line."""
        self._searched = message.grid
        finder = self.query_one(Finder)
        finder.display = True
        finder.value = ""
        finder.focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Find as one types, from the row one came from."""
        if message.input.id == "finder" and self._searched is not None:
            self._searched.seek(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Keep the place."""
        if message.input.id == "finder":
            self.on_finder_closed()

    def on_finder_closed(self) -> None:
        """Close the search line."""
        self.query_one(Finder).display = False
        if self._searched is not None:
            self._searched.focus()
