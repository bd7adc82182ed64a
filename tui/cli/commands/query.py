"""`neurontui query`: a named query as rows."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import (
    format_option,
    given_parameters,
    out_option,
    parameters_option,
    queries_option,
    results_argument,
    run_option,
)
from neurontui.tui.cli.tab_completion import query_names

if TYPE_CHECKING:
    import pyarrow as pa

    from neurontui.queries.loader import Query


@click.command("query", short_help="Run a named query; without NAME, list all queries.")
@results_argument
@click.argument("name", required=False, shell_complete=query_names)
@run_option
@parameters_option
@click.option("--describe", is_flag=True, help="Describe NAME, its parameters and its columns.")
@format_option
@out_option
@queries_option
def command(
    results: Path,
    name: str | None,
    run_name: str | None,
    parameters: tuple[str, ...],
    describe: bool,
    form: str,
    out: Path | None,
    queries_dir: Path | None,
) -> None:
    """Run the query NAME on RESULTS.

    There is a query for every figure and table of the paper. `neurontui query results.duckdb` lists all queries with
    their parameters; --describe shows the parameters and columns of one query.
    """
    from neurontui.queries.results import open_results
    from neurontui.tui.cli.output import write

    folders = [] if queries_dir is None else [queries_dir]
    with open_results(results, queries=folders) as opened:
        if name is None:
            write(_listed(opened.queries()), form, out)
            return
        if describe:
            query = opened.named(name)
            _describe(query)
            write(_described(query), form, out)
            return
        rows = opened.query(name, **given_parameters(parameters, run_name))
        write(rows, form, out)
        if not rows.num_rows:
            say(f"no rows; `neurontui query {results} measures` lists what was measured")


def _listed(queries: "tuple[Query, ...]") -> "pa.Table":
    import pyarrow as pa

    rows = [
        {
            "name": query.name,
            "title": query.title,
            "paper": query.figure,
            "parameters": ", ".join(parameter.name for parameter in query.parameters),
        }
        for query in queries
    ]
    return pa.Table.from_pylist(rows)


def _describe(query: "Query") -> None:
    from textwrap import fill

    figure = f" ({query.figure})" if query.figure else ""
    click.echo(f"{query.title}{figure}\n\n{fill(query.description, 79)}\n", err=True)


def _described(query: "Query") -> "pa.Table":
    import pyarrow as pa

    rows = [
        {
            "part": "parameter",
            "name": parameter.name,
            "kind or unit": "|".join(parameter.choices) or parameter.kind,
            "default": parameter.default,
            "description": parameter.description,
        }
        for parameter in query.parameters
    ]
    rows += [
        {
            "part": "column",
            "name": column.name,
            "kind or unit": None if column.unit == "-" else column.unit,
            "default": None,
            "description": column.description,
        }
        for column in query.columns
    ]
    return pa.Table.from_pylist(rows)
