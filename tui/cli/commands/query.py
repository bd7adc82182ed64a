"""`neurontui query`: a named query as rows."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import (
    format_option,
    out_option,
    queries_option,
    results_argument,
)
from neurontui.tui.cli.tab_completion import query_names, query_parameters

if TYPE_CHECKING:
    import pyarrow as pa

    from neurontui.queries.loader import Query


@click.command("query", short_help="Run a named query; without NAME, list all queries.")
@results_argument
@click.argument("name", required=False, shell_complete=query_names)
@click.option("--run", "run_name", metavar="R", help="Number or name of a run; default: the last run.")
@click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Parameter of the query; separate list items by commas.",
    shell_complete=query_parameters,
)
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
        given = _given([*parameters, *([] if run_name is None else [f"run={run_name}"])])
        rows = opened.query(name, **given)
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


def _given(parameters: list[str]) -> dict[str, str]:
    pairs = [_pair(text) for text in parameters]
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
