"""`neurontui sql`: any SELECT, read-only and hardened."""

import sys
from pathlib import Path

import click

from neurontui.tui.commands.options import format_option, out_option, results_argument


@click.command("sql", short_help="Run SQL of your own, read-only.")
@results_argument
@click.argument("text", metavar="SQL")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop the query after so many seconds.",
)
@format_option
@out_option
def command(results: Path, text: str, seconds: float | None, form: str, out: Path | None) -> None:
    """Run SQL on RESULTS; `-` reads the SQL from standard input.

    The file is opened read-only and nothing outside it can be reached, whatever the SQL or the file says.

    Tables and columns explain themselves: `neurontui query results.duckdb schema`.
    """
    from neurontui.queries.results import open_results
    from neurontui.tui.output import write

    sql = sys.stdin.read() if text == "-" else text
    with open_results(results) as opened:
        write(opened.sql(sql, seconds=seconds), form, out)
