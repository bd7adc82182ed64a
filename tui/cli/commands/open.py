"""`neurontui open`: the explorer."""

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
    """Open one or several RESULTS in the explorer; press ? there for help."""
    from neurontui.queries.results import open_results
    from neurontui.store.errors import UsageError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the explorer needs a terminal; use `neurontui query` or `neurontui sql` in a pipe")
    open_results(*results).close()  # what is wrong with a file is said before the screen is taken
    from neurontui.tui.explorer.terminal import open_explorer

    open_explorer(list(results), queries_dir)
