"""`neurontui sql`: run SQL read-only and sandboxed."""

import sys
from pathlib import Path

import click

from neurontui.tui.cli.options import format_option, out_option, results_argument

LONGEST = 30 * 86_400


@click.command("sql", short_help="Run your own SQL, read-only.")
@results_argument
@click.argument("text", metavar="SQL")
@click.option(
    "--seconds",
    type=float,
    metavar="S",
    help="Stop the query after S seconds.",
)
@format_option
@out_option
def command(results: Path, text: str, seconds: float | None, form: str, out: Path | None) -> None:
    """Run SQL on RESULTS; `-` reads the SQL from standard input.

    The file is opened read-only, and the SQL cannot access anything outside it.

    `neurontui query results.duckdb schema` describes all tables and columns.
    """
    from neurontui.queries.results import open_results
    from neurontui.store.connection import Limits
    from neurontui.store.errors import UsageError
    from neurontui.tui.cli.output import write

    if seconds is not None and not 0 < seconds <= LONGEST:  # a range of click accepts NaN
        raise UsageError(f"--seconds must be more than 0 and at most {LONGEST:,}")
    sql = sys.stdin.read() if text == "-" else text
    if not sql.strip():
        raise UsageError("the SQL is empty; write it in quotes, or give - and pipe it in")
    limits = None if seconds is None else Limits(seconds=seconds)
    with open_results(results, limits=limits) as opened:
        write(opened.sql_job(sql, seconds=seconds).pieces(), form, out)
