"""Options and arguments that several commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from neurontui.tui.cli.tab_completion import query_parameters

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

results_argument = click.argument("results", type=click.Path(path_type=Path, readable=False), metavar="RESULTS")

format_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "md", "parquet"]), default="table",
    show_default=True, help="Output format of the rows.",
)  # fmt: skip

out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE instead of stdout; - is stdout."
)

queries_option = click.option(
    "--queries", "queries_dir", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder with your own .sql queries.",
)  # fmt: skip

run_option = click.option("--run", "run_name", metavar="R", help="Number or name of a run; default: the last run.")

parameters_option = click.option(
    "-p", "parameters", multiple=True, metavar="KEY=VALUE",
    help="Parameter of the query; separate list items by commas.", shell_complete=query_parameters,
)  # fmt: skip


def given_parameters(parameters: Sequence[str], run: str | None) -> dict[str, str]:
    """The parameters of a query, from -p and --run. Raises BadParameter for one that is wrong or given twice."""
    pairs = [_pair(text) for text in (*parameters, *([] if run is None else [f"run={run}"]))]
    given = dict(pairs)
    twice = [key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1]
    if twice:
        raise click.BadParameter(f"'{twice[0]}' is given twice; give it once", param_hint="-p")
    return given


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"'{text}' is not KEY=VALUE, for example -p languages=en,de", param_hint="-p")
    return key, value
