"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

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
