"""A session with results files: open files, their runs, the query runner and the selection. It imports no screen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurontui.queries.results import Results, open_results
from neurontui.tui.common.sanitize import clean
from neurontui.tui.explorer import selection as saved_selections
from neurontui.tui.explorer.file_watcher import stamps_of
from neurontui.tui.explorer.live.options import LiveOptions
from neurontui.tui.explorer.query_runner import QueryRunner, RunningQuery
from neurontui.tui.explorer.run_catalog import RunInfo, catalog, find
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.selection import Selection


def open_files(paths: Sequence[Path], queries_dir: Path | None) -> Results:
    """Open the files, with the user's own queries. Raises NeurontuiError."""
    return open_results(*paths, queries=[queries_dir] if queries_dir else [])


def _existing(selection: Selection, run: RunInfo, before: RunInfo | None) -> Selection:
    """The selection without a layer that the run lacks, and without a neuron of another model."""
    layer = min(selection.layer, max(int(run.get("n_layers") or 1) - 1, 0))
    same = before is not None and before.get("model") == run.get("model")
    return replace(selection, layer=layer) if same else replace(selection, layer=layer, neuron=-1, neuron_layer=-1)


class Session:
    """State that all screens share. `on_select` is called after every change of the selection."""

    def __init__(
        self,
        results: Results,
        paths: Sequence[Path],
        queries_dir: Path | None = None,
        live: LiveOptions | None = None,
    ) -> None:
        self.live = live
        """None: there is no live prompt."""
        self.paths = [Path(path) for path in paths]
        self.first_query = RunningQuery()
        """The query that was begun before the first screen."""
        self.stamps = stamps_of(self.paths)
        """Stamps of the files as they were opened a moment ago."""
        self.query_runner = QueryRunner(results)
        self.runs: tuple[RunInfo, ...] = ()
        self.selection, self.settings = saved_selections.load(self.paths)
        self.pending_sql = ""
        """A statement that the SQL screen runs when it is next shown."""
        self.pending_example: int | None = None
        """An example whose prompts the Live screen takes when it is next shown."""
        self.on_select: Callable[[], None] = lambda: None
        self._queries_dir = queries_dir

    @property
    def run(self) -> RunInfo | None:
        """The selected run."""
        return find(self.runs, self.selection.run)

    @property
    def second(self) -> RunInfo | None:
        """The run to compare with."""
        return find(self.runs, self.selection.second) if self.selection.second else None

    def scope(self, selection: Selection) -> Scope | None:
        """A selection with its runs looked up; None if its run does not exist."""
        run = find(self.runs, selection.run)
        second = find(self.runs, selection.second) if selection.second else None
        return Scope(run, selection, second) if run is not None else None

    @property
    def file_name(self) -> str:
        """The name of the selected run's file."""
        run = self.run
        return clean(Path(run.file).name if run and run.file else self.paths[0].name)

    def select(self, selection: Selection) -> None:
        """Change the selection."""
        if selection != self.selection:
            self.selection = selection
            self.on_select()

    def choose_run(self, key: str) -> None:
        """Select another run, at a threshold that it was measured at."""
        run = find(self.runs, key)
        if run is not None and key != self.selection.run:
            changed = self.selection.with_run(key, run.languages)
            threshold = changed.threshold if changed.threshold in run.thresholds else run.threshold
            self.select(replace(_existing(changed, run, self.run), threshold=threshold))

    def open(self) -> Results:
        """Open the files again; in any thread. Raises NeurontuiError."""
        return open_files(self.paths, self._queries_dir)

    def use(self, query_runner: QueryRunner) -> None:
        """Continue with files that were opened again."""
        self.query_runner = query_runner
        self.read_runs()

    def read_runs(self) -> None:
        """Read the list of runs, and select a run and a threshold that exist."""
        results = self.query_runner.results
        self.runs = catalog(results.runs(), results.known_runs, results.query("warnings"))
        if self.run is None and self.runs:
            self.choose_run(self._most_measured(results).key)
        elif (run := self.run) is not None and self.selection.threshold not in run.thresholds:
            self.selection = replace(self.selection, threshold=run.threshold)

    def _most_measured(self, results: Results) -> RunInfo:
        """The run with the most measures; among equals the one with the most tokens, then the last one."""
        if len(self.runs) == 1:
            return self.runs[0]

        def order(run: RunInfo) -> tuple[int, int, int]:
            present = results.query("measures", run=run.number).column("present").to_pylist()
            return sum(present), run.get("tokens") or 0, run.number

        return max(self.runs, key=order)

    def close(self, settings: dict[str, Any]) -> None:
        """Save the selection and the settings, and close the files."""
        saved_selections.save(self.paths, self.selection, {**self.settings, **settings})
        self.query_runner.close()
