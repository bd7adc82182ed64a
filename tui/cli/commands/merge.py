"""`neurontui merge`: combine several results files."""

from pathlib import Path

import click


@click.command("merge", short_help="Combine the runs of several files in one.")
@click.argument(
    "sources",
    type=click.Path(path_type=Path, readable=False),
    nargs=-1,
    required=True,
    metavar="RESULTS...",
)
@click.option(
    "--out", type=click.Path(path_type=Path, readable=False), required=True, metavar="RESULTS",
    help="Target file; may exist already.",
)  # fmt: skip
@click.option(
    "--keep", type=click.Choice(["all", "aggregates"]), default="all", show_default=True,
    help="aggregates: without the rows of single neurons, for a small file.",
)  # fmt: skip
def command(sources: tuple[Path, ...], out: Path, keep: str) -> None:
    """Copy the runs of all RESULTS into one file, in one transaction.

    Runs that the file has already are not changed.
    """
    from typing import Literal, cast

    from neurontui.store.admin.merge_files import combine
    from neurontui.tui.cli.progress_bar import ProgressBar
    from neurontui.tui.common.sanitize import clean

    chosen = cast(Literal["all", "aggregates"], keep)
    for run in combine(sources, out, keep=chosen, wait=ProgressBar().say):
        state = "already in the file" if run.known else "copied"
        click.echo(clean(f"{run.source}: run {run.old} · {run.name}: {state}, run {run.new}"), err=True)
