"""`neurontui open`: explore results in the terminal."""

import sys
from pathlib import Path

import click

from neurontui.tui.cli.options import queries_option


@click.command("open", short_help="Explore results in the terminal.")
@click.argument(
    "results",
    type=click.Path(path_type=Path, readable=False),
    nargs=-1,
    required=True,
    metavar="RESULTS...",
)
@queries_option
def command(results: tuple[Path, ...], queries_dir: Path | None) -> None:
    """Open RESULTS in the explorer, one or several files. Press ? in the explorer for help."""
    from neurontui.store.errors import UsageError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the explorer requires a terminal; in a pipe use `neurontui query` or `neurontui sql`")
    from neurontui.tui.explorer.terminal import open_explorer

    open_explorer(list(results), queries_dir)
