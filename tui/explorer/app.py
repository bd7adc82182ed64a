"""The explorer: results files in the terminal. It reads through `queries` and never imports torch."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen

from neurontui.queries.results import Results, open_results
from neurontui.store.errors import NeurontuiError
from neurontui.tui.charts.palette import Palette
from neurontui.tui.charts.terminal import braille as raster
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.explorer import gc_tuning as collecting
from neurontui.tui.explorer import screen_registry as pages
from neurontui.tui.explorer import selection as memory
from neurontui.tui.explorer.copy_and_export import ask_export, copy
from neurontui.tui.explorer.crash_log import kept
from neurontui.tui.explorer.dialogs.dialog import Choice, Reading
from neurontui.tui.explorer.dialogs.help import help_lines
from neurontui.tui.explorer.file_watcher import FilesChecked
from neurontui.tui.explorer.keymap import Binding, BindingType, load_keymap
from neurontui.tui.explorer.palette_commands import commands
from neurontui.tui.explorer.query_runner import QueryRunner
from neurontui.tui.explorer.reload import Reloader
from neurontui.tui.explorer.run_catalog import RunInfo, catalog, find
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.themes import COLOURLESS, DEFAULT, OURS, palette_for
from neurontui.tui.explorer.typing_ahead import Echo, TypeAhead
from neurontui.tui.explorer.widgets.tabs import TABS


def explore(paths: Sequence[Path], queries_dir: Path | None = None) -> None:
    """Open results files in the explorer until the reader quits. Raises NeurontuiError where one cannot be read."""
    explorer = Explorer(open_files(paths, queries_dir), paths, queries_dir)
    explorer.run()
    if explorer.failure is not None:
        raise explorer.failure


def open_files(paths: Sequence[Path], queries_dir: Path | None) -> Results:
    """The files, with the reader's own queries."""
    return open_results(*paths, queries=[queries_dir] if queries_dir else [])


class Explorer(App[None]):
    """Nine screens over one selection."""

    CSS_PATH: ClassVar[Any] = ["styles/frame.tcss", "styles/widgets.tcss", "styles/screens.tcss"]
    TITLE = "neurontui"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                tab.digit,
                f"go('{tab.page}')",
                tab.title,
                show=False,
                tooltip=f"The screen {tab.title}",
            )
            for tab in TABS
        ),
        Binding(
            "escape",
            "go_back",
            "back",
            show=False,
            tooltip="Stop a slow query; else back along the breadcrumbs",
        ),
        Binding("question_mark", "help", "help", show=False, key_display="?", tooltip="This help"),
        Binding("q", "quit", "quit", show=False, tooltip="Quit"),
    ]

    def __init__(self, results: Results, paths: Sequence[Path], queries_dir: Path | None = None) -> None:
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.paths = [Path(path) for path in paths]
        self.queries_dir = queries_dir
        self.query_runner = QueryRunner(results)
        self.runs: tuple[RunInfo, ...] = ()
        self.visited: list[tuple[str, Selection]] = []
        self.pending_sql = ""
        self._pages: dict[str, Page] = {}
        self.reloader = Reloader(self)
        self.ahead = TypeAhead(self, super().on_event)
        self.selection, self.settings = memory.load(self.paths)
        for theme in OURS:
            self.register_theme(theme)
        self.keymap: dict[str, str] = {}
        self.failure: NeurontuiError | None = None
        """Why the explorer had to stop."""
        self.theme = COLOURLESS if self.no_color else self._kept_theme()

    def _kept_theme(self) -> str:
        name = self.settings.get("theme")
        return name if isinstance(name, str) and name in self.available_themes else DEFAULT

    @property
    def palette(self) -> Palette:
        """Chart colours of the present theme."""
        return palette_for(self.current_theme, self.no_color, self.console.color_system == "256")

    # -- what is looked at ----------------------------------------------------------------------------------------

    @property
    def run_info(self) -> RunInfo | None:
        """The selected run."""
        return find(self.runs, self.selection.run)

    @property
    def second_info(self) -> RunInfo | None:
        """The run to compare with."""
        return find(self.runs, self.selection.second) if self.selection.second else None

    @property
    def file_name(self) -> str:
        """The name of the file of the selected run."""
        run = self.run_info
        return clean(Path(run.file).name if run and run.file else self.paths[0].name)

    @property
    def page(self) -> Page | None:
        """The page in front, below any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    def pages(self) -> list[Page]:
        """The screens that were visited."""
        return list(self._pages.values())

    def open(self) -> Results:
        """Open the files once more; in any thread. Raises NeurontuiError."""
        return open_files(self.paths, self.queries_dir)

    def select(self, selection: Selection) -> None:
        """Change the selection; the screen in front follows at once, the others when they come to the front."""
        if selection != self.selection:
            self.selection = selection
            if self.page is not None:
                self.page.update()

    def choose_run(self, key: str) -> None:
        """Look at another run."""
        run = find(self.runs, key)
        if run is not None and key != self.selection.run:
            changed = self.selection.with_run(key, run.languages)
            threshold = changed.threshold if changed.threshold in run.thresholds else run.threshold
            self.select(replace(changed, threshold=threshold))

    def crumbs(self, page: Page) -> tuple[str, ...]:
        """File, run, and the way one came down."""
        run = self.run_info
        way = [self.file_name] + ([run.name] if run else [])
        way += [self._pages[name].HEADING for name, _ in self.visited if name in self._pages]
        return (*way, page.HEADING, *page.crumbs())

    def state_word(self, waiting: bool) -> str:
        """What goes on, in a word."""
        if self.reloader.released:
            return "merging …"
        if waiting:
            return "asking … esc stops"
        measuring = [each for each in self.reloader.sight.journals if each.running and each.total]
        return f"measuring {measuring[0].done}/{measuring[0].total}" if measuring else ""

    # -- keys -----------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """A key that was typed waits for its turn; everything else goes on at once."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.ahead.typed(event)
        else:
            await super().on_event(event)

    async def on_echo(self, message: Echo) -> None:
        """A key has had its effect."""
        await self.ahead.arrived(message.number, message.acted)

    # -- life -----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Read the runs and show the screen that suits them."""
        try:
            self.keymap = load_keymap()
        except NeurontuiError as error:
            self.report(error)
        self.set_keymap(self.keymap)
        self.read_runs()
        self.go("layers" if len(self.runs) == 1 else "runs")
        self.reloader.start()
        self.set_timer(1.0, lambda: self.run_worker(self._warm, thread=True, exit_on_error=False))

    def _warm(self) -> None:
        """Import what the first keys will need, in a thread."""
        pages.warm()
        raster.warm()
        collecting.keep()

    def on_files_checked(self, message: FilesChecked) -> None:
        """The files and journals were looked at."""
        self.reloader.looked(message.sight)
        if self.page is not None and self.page.ready and not self.reloader.released:
            self.page.frame()
            self.page.journals(message.sight.journals)

    def _fatal_error(self) -> None:
        """Textual would print a traceback with the values of variables, stored text among them."""
        if self._exception is not None:
            failure = self._exception
            self.failure = failure if isinstance(failure, NeurontuiError) else kept(failure)
        self._close_messages_no_wait()

    def take(self, query_runner: QueryRunner) -> None:
        """Go on with files that were opened anew."""
        self.query_runner = query_runner
        self.read_runs()
        for page in self.pages():
            page.forget()
        if self.page is not None:
            self.page.update()

    def read_runs(self) -> None:
        """What runs there are, and a selection that exists."""
        results = self.query_runner.results
        self.runs = catalog(results.runs(), results.known_runs, results.query("warnings"))
        if self.run_info is None and self.runs:
            self.choose_run(self.runs[-1].key)
        elif (run := self.run_info) is not None and self.selection.threshold not in run.thresholds:
            self.selection = replace(self.selection, threshold=run.threshold)

    def on_unmount(self) -> None:
        """Keep the selection, and let go of the files."""
        memory.save(self.paths, self.selection, {**self.settings, **self._theme_setting()})
        self.query_runner.close()

    def _theme_setting(self) -> dict[str, Any]:
        return {} if self.no_color else {"theme": self.theme}

    # -- ways -----------------------------------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Show a screen, whatever was in front."""
        while isinstance(self.screen, Screen) and not isinstance(self.screen, Page) and len(self.screen_stack) > 1:
            self.pop_screen()
        if name not in self._pages:
            self._pages[name] = pages.make_page(name)
            self.install_screen(self._pages[name], name)
        self._pages[name].behind = True
        if self.screen is self._pages[name]:
            self._pages[name].update()
        elif isinstance(self.screen, Page):
            self.switch_screen(name)
        else:
            self.push_screen(name)

    def action_go(self, name: str) -> None:
        """A screen by its digit: the way begins anew."""
        self.visited.clear()
        self.go(name)

    def open_detail(self, name: str, **changes: Any) -> None:
        """Go down to a screen; esc comes back to what is looked at now."""
        page = self.page
        if page is not None:
            self.visited.append((page.PAGE, self.selection))
        self.selection = replace(self.selection, **changes)
        self.go(name)

    def action_go_back(self) -> None:
        """Stop what is slow; else go back a step."""
        page = self.page
        if page is not None and page.waiting and page.stop():
            return
        if self.visited:
            name, before = self.visited.pop()
            self.selection = replace(
                self.selection,
                layer=before.layer,
                neuron=before.neuron,
                example=before.example,
                layer_filter=before.layer_filter,
            )
            self.go(name)

    # -- actions that every screen has ----------------------------------------------------------------------------

    def action_compare(self) -> None:
        """Choose the run to compare with."""
        others = [run for run in self.runs if run.key != self.selection.run]
        if not others:
            self.notify(
                "There is no other run here; open a second file beside this one to compare.",
                markup=False,
            )
            return
        room = max(cell_len(clean(run.name)) for run in others)
        options = [
            ("", "none"),
            *((run.key, self._run_words(run, min(room, 40))) for run in others),
        ]
        self.push_screen(Choice("Compare with", options, self.selection.second), self._compare)

    def _run_words(self, run: RunInfo, room: int) -> str:
        """Number and name; of several files, also which one, at the same place in every line."""
        file = f"  in {Path(run.file).name}" if len(self.paths) > 1 else ""
        return f"{run.number:>2}  {fit(run.name, room)}{file}"

    def _compare(self, key: str | None) -> None:
        """Two runs stand beside each other on Layers: where one chose them elsewhere, go there."""
        if key is None:
            return
        page = self.page
        self.select(replace(self.selection, second=key))
        if key and page is not None:
            if page.PAGE != "layers":
                self.open_detail("layers")
            self._pages["layers"].beside()

    def action_copy(self) -> None:
        """Copy what is shown."""
        if self.page is not None:
            copy(self, self.page)

    def action_export(self) -> None:
        """Save what is shown."""
        if self.page is not None:
            ask_export(self, self.page)

    def action_help(self) -> None:
        """What the screen shows, and its keys."""
        if self.page is not None:
            self.push_screen(Reading(help_lines(self.page)))

    def action_hand_to_sql(self) -> None:
        """The screen's first question as SQL."""
        page = self.page
        if page is not None and page.PAGE == "sql":  # its query stands there already
            page.focus_first()
            return
        question = next(iter(page.shown().values()), None) if page is not None else None
        if question is None or page is None:
            return
        self.pending_sql = self.query_runner.results.statement(question.name, **question.values())
        self.open_detail("sql")

    def action_press(self, key: str) -> None:
        """A click on a key of the last line."""
        self.simulate_key(key)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        return commands(self)

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        self.theme = name

    def notify(self, message: str, **options: Any) -> None:
        """A word at the edge of the screen; never parsed as markup, whatever it holds."""
        super().notify(clean(message)[:500], **{**options, "markup": False})

    def report(self, error: NeurontuiError) -> None:
        """Tell a failure in its one sentence."""
        self.notify(clean(str(error)), severity="error", markup=False, timeout=8)
