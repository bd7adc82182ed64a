"""`neurontui remove`: remove a run and free its space."""

from pathlib import Path

import click

from neurontui.tui.cli.options import results_argument


@click.command("remove", short_help="Remove a run and free its space.")
@results_argument
@click.argument("run")
def command(results: Path, run: str) -> None:
    """Remove RUN (number, name or key) from RESULTS and rewrite the file without it.

    If the command is interrupted, the file is either unchanged or without the run.
    """
    from neurontui.store.admin.remove import remove
    from neurontui.tui.cli.progress_bar import ProgressBar
    from neurontui.tui.common.byte_sizes import size

    freed = remove(results, run, wait=ProgressBar().say)
    click.echo(f"run {run} removed, {size(freed)} freed", err=True)
