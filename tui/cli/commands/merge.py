"""`neurontui merge`: the runs of several files in one."""

from pathlib import Path

import click


@click.command("merge", short_help="Put the runs of several files into one.")
@click.argument(
    "sources",
    type=click.Path(path_type=Path, readable=False),
    nargs=-1,
    required=True,
    metavar="RESULTS...",
)
@click.option(
    "--out", type=click.Path(path_type=Path, readable=False), required=True, metavar="RESULTS",
    help="Where they go; may be there already.",
)  # fmt: skip
@click.option(
    "--keep", type=click.Choice(["all", "aggregates"]), default="all", show_default=True,
    help="aggregates leaves out the per-neuron rows: a small file to share.",
)  # fmt: skip
def command(sources: tuple[Path, ...], out: Path, keep: str) -> None:
    """Copy the runs of all RESULTS into one file; all arrive, or none. A run that is there already stays as it is."""
    from typing import Literal, cast

    from neurontui.store.admin.merge_files import combine
    from neurontui.tui.cli.progress_bar import ProgressBar
    from neurontui.tui.common.sanitize import clean

    chosen = cast(Literal["all", "aggregates"], keep)
    for each in combine(sources, out, keep=chosen, wait=ProgressBar().say):
        state = "was there already" if each.known else "copied"
        click.echo(clean(f"{each.source}: run {each.old} · {each.name}: {state}, run {each.new}"), err=True)
