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
@click.option("--live", is_flag=True, help="Add a screen that asks the run's model (key P); loads it when you say so.")
@click.option(
    "--model", metavar="M",
    help="With --live: model id on the hub, or its folder; default: the model of the run.",
)  # fmt: skip
def command(results: tuple[Path, ...], queries_dir: Path | None, live: bool, model: str | None) -> None:
    """Open RESULTS in the explorer, one or several files. Press ? in the explorer for help."""
    from neurontui.store.errors import UsageError

    if model is not None and not live:
        raise UsageError("--model is the model of a live prompt; add --live")
    if live:
        _require_compute()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the explorer requires a terminal; in a pipe use `neurontui query` or `neurontui sql`")
    from neurontui.tui.explorer.terminal import open_explorer

    open_explorer(list(results), queries_dir, live=live, model=model)


def _require_compute() -> None:
    """Raise MissingExtraError without the libraries of the worker, which are not imported here."""
    from importlib.util import find_spec

    from neurontui.store.errors import MissingExtraError
    from neurontui.tui.cli.extras import HEAVY

    missing = next((name for name in HEAVY if name != "ray" and find_spec(name) is None), None)
    if missing is not None:
        raise MissingExtraError(
            f"a live prompt requires {missing}, which is not installed: pip install 'neurontui[compute]'"
        )
