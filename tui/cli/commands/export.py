"""`neurontui export`: write a results file as Parquet."""

from pathlib import Path

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import results_argument


@click.command("export", short_help="Write all tables as Parquet.")
@results_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="New folder for the files.")
def command(results: Path, out: Path) -> None:
    """Write every table of RESULTS to DIR as hive-partitioned Parquet: DIR/<table>/run=<n>/data.parquet.

    Spark, Polars, pandas and DuckDB read the folder of a table as one data set.
    """
    from neurontui.store.admin.export import export

    files = export(results, out)
    say(f"{len(files)} files written to {out}")
