"""The explorer: results files in the terminal. It reads through `queries` and never imports torch."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import App, SystemCommand
from textual.driver import Driver
from textual.screen import Screen

from neurontui.store.errors import NeurontuiError
from neurontui.store.journal.journal import Progress
from neurontui.tui.charts.palette import Palette
from neurontui.tui.charts.terminal import braille
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.explorer import gc_tuning, screen_registry
from neurontui.tui.explorer.copy_and_export import ask_export, copy
from neurontui.tui.explorer.crash_log import write_crash_log
from neurontui.tui.explorer.dialogs.dialog import Choice, Reading
from neurontui.tui.explorer.dialogs.help import help_lines
from neurontui.tui.explorer.handed_sql import handed_sql
from neurontui.tui.explorer.keymap import Binding, BindingType, load_keymap
from neurontui.tui.explorer.navigation import Navigation
from neurontui.tui.explorer.palette_commands import commands
from neurontui.tui.explorer.palette_dialog import PaletteDialog
from neurontui.tui.explorer.palette_search import ResultsProvider
from neurontui.tui.explorer.query_runner import QueryRunner
from neurontui.tui.explorer.reload import FilesChecked, Reloader
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.session import Session
from neurontui.tui.explorer.shorter_output import with_shorter_output
from neurontui.tui.explorer.themes import COLORLESS, DEFAULT, OUR_THEMES, palette_for
from neurontui.tui.explorer.typing_ahead import Echo, TypeAhead
from neurontui.tui.explorer.widgets.tabs import LIVE, TABS


def explore(session: Session) -> None:
    """Show open files in the explorer until the user quits. Raises NeurontuiError if one cannot be read."""
    explorer = Explorer(session) if session.live is None else LiveExplorer(session)
    explorer.run()
    if explorer.failure is not None:
        raise explorer.failure


class Explorer(App[None]):
    """Ten screens that share one selection."""

    CSS_PATH: ClassVar[Any] = ["styles/frame.tcss", "styles/widgets.tcss", "styles/screens.tcss"]
    TITLE = "neurontui"
    ESCAPE_TO_MINIMIZE = False
    COMMANDS: ClassVar[Any] = {*App.COMMANDS, ResultsProvider}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(tab.digit, f"go('{tab.page}')", tab.title, show=False, tooltip=f"The {tab.title} screen")
            for tab in TABS
        ),
        Binding(
            "escape",
            "go_back",
            "back",
            show=False,
            tooltip="Stop a slow query; otherwise go back along the breadcrumbs",
        ),
        Binding("full_stop", "next_run(1)", "next run", show=False, key_display=". ,", tooltip="Select the next run"),
        Binding(
            "comma",
            "next_run(-1)",
            "previous run",
            show=False,
            key_display=",",
            tooltip="Select the previous run",
        ),
        Binding("question_mark", "help", "help", show=False, key_display="?", tooltip="This help"),
        Binding("q", "quit", "quit", show=False, tooltip="Quit"),
    ]

    def __init__(self, session: Session, start: str = "findings") -> None:
        """`start`: the first screen."""
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.session = session
        self.session.on_select = self.update_page
        self.navigation = Navigation(self, self.session)
        self.reloader = Reloader(self, self.session, self._files_released, self._files_reopened)
        self.ahead = TypeAhead(self, super().on_event)
        for theme in OUR_THEMES:
            self.register_theme(theme)
        self._start = start
        self.keymap: dict[str, str] = {}
        self.failure: NeurontuiError | None = None
        """Why the explorer had to stop."""
        self.theme = COLORLESS if self.no_color else self._saved_theme()

    def get_driver_class(self) -> type[Driver]:
        """The driver of the platform, which writes fewer bytes."""
        return with_shorter_output(super().get_driver_class())

    def _saved_theme(self) -> str:
        name = self.session.settings.get("theme")
        return name if isinstance(name, str) and name in self.available_themes else DEFAULT

    @property
    def palette(self) -> Palette:
        """Chart colors of the current theme."""
        return palette_for(self.current_theme, self.no_color, self.console.color_system == "256")

    @property
    def page(self) -> Page | None:
        """The screen in front, below any dialog."""
        return self.navigation.page

    def update_page(self) -> None:
        """Update the screen in front; the others update when they come to the front."""
        if self.page is not None:
            self.page.update()

    def crumbs(self) -> Sequence[str]:
        """File, run, and the screens that the user came through."""
        return self.navigation.crumbs()

    def state_word(self, waiting: bool) -> str:
        """What is in progress, in a word or two."""
        if self.reloader.released:
            return "merging …"
        if waiting:
            return "running … esc stops"
        measuring = [journal for journal in self.reloader.status.journals if journal.running and journal.total]
        return _measuring(measuring[0]) if measuring else ""

    # -- keys -----------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Queue keys; handle every other event immediately."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.ahead.typed(event)
        else:
            await super().on_event(event)

    async def on_echo(self, message: Echo) -> None:
        """A key has had its effect."""
        await self.ahead.arrived(message.number, message.acted)

    # -- start, reload, end ---------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the first screen."""
        try:
            self.keymap = load_keymap()
        except NeurontuiError as error:
            self.notify(str(error), severity="error", timeout=8)
        self.set_keymap(self.keymap)
        if not self.session.runs:
            self.session.read_runs()
        corpus = self.session.run is not None and self.session.run.is_corpus
        self.navigation.go("languages" if corpus and self._start == "findings" else self._start)
        self.reloader.start()
        self.set_timer(1.0, lambda: self.run_worker(self._warm_up, thread=True, exit_on_error=False))

    def _warm_up(self) -> None:
        """Import what the first keys will need, in a thread."""
        screen_registry.import_all(live=self.session.live is not None)
        braille.warm()
        gc_tuning.freeze()

    def on_files_checked(self, message: FilesChecked) -> None:
        """The files and journals were checked."""
        self.reloader.checked(message.status)
        if self.page is not None and self.page.ready and not self.reloader.released:
            self.page.frame()
            self.page.journals(message.status.journals)

    def _files_released(self, writers: str) -> None:
        """The files are closed so that another process can write them."""
        for page in self.navigation.pages.values():
            page.forget()
        if self.page is not None:
            self.page.notice(
                "Merging …", f"The file is being written ({writers}). It is opened again when that is finished."
            )

    def _files_reopened(self, query_runner: QueryRunner) -> None:
        self.session.use(query_runner)
        for page in self.navigation.pages.values():
            page.forget()
        self.update_page()

    def _fatal_error(self) -> None:
        """Textual would print a traceback with the values of variables, stored text among them."""
        if self._exception is not None:
            failure = self._exception
            self.failure = failure if isinstance(failure, NeurontuiError) else write_crash_log(failure)
        self._close_messages_no_wait()

    def on_unmount(self) -> None:
        """Save the selection and close the files."""
        self.session.close({} if self.no_color else {"theme": self.theme})

    # -- actions of every screen ----------------------------------------------------------------------------------

    def action_go(self, name: str) -> None:
        """Show a screen by its digit."""
        self.navigation.start_at(name)

    def open_detail(self, name: str, **changes: Any) -> None:
        """Change the selection and show another screen; esc restores both."""
        self.navigation.open_detail(name, **changes)

    def open_view(self, name: str, view: str, **changes: Any) -> None:
        """The same, and choose the screen's view."""
        self.navigation.open_detail(name, view=view, **changes)

    def action_go_back(self) -> None:
        """Stop a slow query; otherwise go back one step."""
        page = self.page
        if page is not None and page.waiting and page.stop():
            return
        self.navigation.back()

    def action_compare(self) -> None:
        """Choose the run to compare with."""
        others = [run for run in self.session.runs if run.key != self.session.selection.run and not run.is_corpus]
        if not others:
            self.notify("There is no other run. To compare, open a second file together with this one.")
            return
        room = max(cell_len(clean(run.name)) for run in others)
        options = [("", " 0  none"), *((run.key, self._run_label(run, min(room, 40))) for run in others)]
        self.push_screen(Choice("Compare with", options, self.session.selection.second), self._compare)

    def _run_label(self, run: RunInfo, room: int) -> str:
        """Number and name; with several files, also the file, in an aligned column."""
        file = f"  in {Path(run.file).name}" if len(self.session.paths) > 1 else ""
        return f"{run.number:>2}  {fit(run.name, room)}{file}"

    def _compare(self, key: str | None) -> None:
        """Compare with a run. Layers shows both runs, Languages with a corpus: go there from any other screen."""
        if key is None:
            return
        page = self.page
        self.session.select(replace(self.session.selection, second=key))
        if key and page is not None:
            screen = "languages" if self.session.run is not None and self.session.run.is_corpus else "layers"
            if screen != page.PAGE:
                self.open_detail(screen)
            self.navigation.pages[screen].beside()

    def action_next_run(self, step: int) -> None:
        """Select another run and stay on the screen."""
        keys = [run.key for run in self.session.runs]
        if len(keys) < 2:
            self.notify("There is no other run.")
        elif self.session.run is not None:
            self.session.choose_run(keys[(keys.index(self.session.run.key) + step) % len(keys)])

    def action_copy(self) -> None:
        """Copy what is shown."""
        if self.page is not None:
            copy(self, self.page)

    def action_export(self) -> None:
        """Save what is shown."""
        if self.page is not None:
            ask_export(self, self.page)

    def action_help(self) -> None:
        """Explain the screen and its keys."""
        if self.page is not None:
            self.push_screen(Reading(help_lines(self.page)))

    def action_hand_to_sql(self) -> None:
        """Show the screen's first query on the SQL screen, for all runs that are compared."""
        page = self.page
        if page is not None and page.PAGE == "sql":  # its query is already there
            page.focus_first()
            return
        statement = handed_sql(page.handed().values(), self.session.query_runner.results) if page is not None else ""
        if statement:
            self.session.pending_sql = statement
            self.open_detail("sql")

    def action_press(self, key: str) -> None:
        """A click on a key in the last line."""
        self.simulate_key(key)

    def action_command_palette(self) -> None:
        """Find a run, a neuron, an example, a token, a query or a command."""
        if not isinstance(self.screen, PaletteDialog):
            self.push_screen(PaletteDialog())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Commands of the palette."""
        return commands(self, self.page, self.keymap, self.action_go)

    def notify(self, message: str, **options: Any) -> None:
        """Show a message at the edge of the screen; it is never parsed as markup."""
        super().notify(clean(message)[:500], **{**options, "markup": False})


class LiveExplorer(Explorer):
    """With a live prompt among the screens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            LIVE.digit,
            "live",
            LIVE.title,
            show=False,
            tooltip="The Live screen; from Examples, with the prompts of the example",
        )
    ]

    def action_live(self) -> None:
        """Show the live prompt, on Examples with the prompts of the selected example."""
        if self.page is not None and self.page.PAGE == "examples":
            self.session.pending_example = self.session.selection.example
        self.action_go(LIVE.page)


def _measuring(journal: Progress) -> str:
    """Batches and, if the run reports it, the share of the phase that it is in."""
    share = "" if journal.shown is None else f" · {journal.shown.share:.0%}"
    return f"measuring {journal.done}/{journal.total}{share}"
