"""`neurontui run`: measure a model on a task and write the results to a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup

from neurontui.store.journal.position import Level
from neurontui.tui.cli.run_options import options

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig


LIBRARIES = (Level("loading PyTorch and transformers"),)
"""The first position of a run: on a busy machine, this takes seconds."""


def measure(paper_file: Path | None, dry_run: bool, quiet: bool, **chosen: Any) -> None:
    """Measure which neurons of a model are active in which languages, and write the results to a file.

    If a run is interrupted, rerun the same command to resume after its last batch. With FILE.toml, all runs in
    that file are measured in order; options on the command line override the file.
    """
    from neurontui.tui.cli.signals import resumable

    with resumable():
        _run(paper_file, {k: v for k, v in chosen.items() if v is not None}, dry_run, quiet=quiet)


command = cloup.Command(
    "run",
    callback=measure,
    help=measure.__doc__,
    short_help="Measure a model on a task.",
    params=[
        click.Argument(
            ["paper_file"],
            type=click.Path(path_type=Path, readable=False),
            required=False,
            metavar="[FILE.toml]",
        ),
        *options(),
    ],
)


def _run(paper_file: Path | None, given: dict[str, Any], dry_run: bool, *, quiet: bool) -> None:
    from neurontui.tui.cli.extras import needs_compute
    from neurontui.tui.cli.progress_bar import ProgressBar

    with ProgressBar(quiet=quiet) as progress:
        progress.show(LIBRARIES)
        with needs_compute():
            from neurontui.compute.estimate.dry_run import preview
            from neurontui.compute.progress import phase_of
            from neurontui.compute.run import require_inputs, run
        configs = _configs(paper_file, given)
        texts = [preview(config, phase_of(progress)) for config in configs if dry_run]
    if dry_run:
        click.echo("\n\n".join(texts))
        return
    if len(configs) > 1:
        for config in configs:
            require_inputs(config)
    for config in configs:
        finished = run(config, progress)
        state = "measured" if finished.measured else "already in the file (--force measures it again)"
        progress.say(f"run {finished.run} · {finished.name}: {state}; results in {config.out}")


def _configs(paper_file: Path | None, given: dict[str, Any]) -> "list[RunConfig]":
    from neurontui.compute.config import field_types
    from neurontui.compute.run_list import read_paper_file

    if paper_file is None:
        return [_config(given)]
    kinds = {**field_types(), "ablate_sql": str}
    return [_config({**entry, **given}) for entry in read_paper_file(paper_file, kinds)]


def _config(options: dict[str, Any]) -> "RunConfig":
    from neurontui.compute.config import RunConfig
    from neurontui.store.errors import UsageError

    for needed in ("model", "task", "out"):
        if needed not in options:
            raise UsageError(f"A run requires --{needed}; `neurontui run --help` lists all options.")
    sql = options.pop("ablate_sql", None)
    if sql is not None:
        options["ablate_neurons"] = _selected(options["out"], sql)
    return RunConfig(**options)


def _selected(results: Path, sql: str) -> tuple[tuple[int, int, str | None], ...]:
    from neurontui.queries.results import open_results
    from neurontui.store.errors import QueryError
    from neurontui.store.neuron_sets.set_files import column_fault
    from neurontui.tui.common.neuron_sets import neurons_of

    with open_results(results) as opened:
        rows = opened.sql(sql)
    if fault := column_fault(rows.column_names):
        raise QueryError(f"The result of --ablate-sql {fault}.")
    neurons = set(neurons_of(rows, "--ablate-sql"))
    return tuple(sorted(neurons, key=lambda neuron: (neuron[:2], neuron.language or "")))
