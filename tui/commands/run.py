"""`neurontui run`: measure a model on a task, into a results file."""

from pathlib import Path
from typing import Any

import click

from neurontui.tui.commands.run_options import run_options


@click.command("run", short_help="Measure a model on a task.")
@click.argument(
    "paper_file", type=click.Path(path_type=Path), required=False, metavar="[FILE.toml]"
)
@run_options
def command(paper_file: Path | None, dry_run: bool, **chosen: Any) -> None:
    """Measure which neurons of a model fire in which languages, and write it to a results file.

    A killed run goes on from its last batch when the same command is given again. With FILE.toml, every
    run that the file names is measured, one after the other; options given beside it are their defaults.
    """
    from neurontui.tui.commands.needs_compute import needs_compute

    with needs_compute():
        from neurontui.compute.command import runs_of, start

    for config in runs_of(paper_file, chosen):
        start(config, dry_run)
