"""`neurontui sets save`, `intersect`, `union`, `subtract` and `remove`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neurontui.tui.cli.commands.sets.messages import as_option, force_option, say_saved
from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import given_parameters, parameters_option, results_argument, run_option
from neurontui.tui.cli.tab_completion import query_names

if TYPE_CHECKING:
    from neurontui.store.neuron_sets.operations import Operation


@click.command("save", short_help="Save the neurons of a query.")
@results_argument
@click.argument("name")
@click.option("--query", metavar="QUERY", help="Named query whose rows are the neurons.", shell_complete=query_names)
@parameters_option
@click.option("--sql", metavar="SQL", help="Your own SQL, instead of a named query.")
@run_option
@force_option
def save(
    results: Path,
    name: str,
    query: str | None,
    parameters: tuple[str, ...],
    sql: str | None,
    run_name: str | None,
    force: bool,
) -> None:
    """Save the neurons of a query as the set NAME.

    The rows have the columns layer, neuron and, optionally, language (text; NULL is all languages) or languages (a list
    of text, one neuron for each). Other columns are not used. For example:

    \b
    neurontui sets save results.duckdb lape --query lape-neurons
    """
    from neurontui.queries.results import open_results
    from neurontui.store.errors import UsageError
    from neurontui.store.neuron_sets.neuron_set import Description, NeuronSet
    from neurontui.tui.common.neuron_sets import model_of, neurons_of, require_new, save_set

    if (query is None) == (sql is None):
        raise UsageError("A set comes from either --query or --sql; give one of them.")
    if sql is not None and parameters:
        raise UsageError("-p is a parameter of a named query; write the value into the SQL.")
    require_new(results, name, force=force)
    given = given_parameters(parameters, run_name)
    with open_results(results) as opened:
        # A query reads the last run by default, but SQL can be about any run.
        run, model, layers = model_of(opened, given.get("run"), last=sql is None)
        rows = opened.sql(sql) if sql is not None else opened.query(str(query), **given)
    source = f"SQL: {sql}" if sql is not None else " ".join([f"query {query}", *(f"-p {text}" for text in parameters)])
    described = Description(f"{source}, run {run.number} ({run.name})" if run else source, model=model, layers=layers)
    own = sql is not None
    neurons = tuple(neurons_of(rows, "--sql" if own else f"--query {query}", own_sql=own))
    say_saved(save_set(results, NeuronSet(name, neurons, described), force=force))


@click.command("remove", short_help="Delete a set.")
@results_argument
@click.argument("name")
def remove(results: Path, name: str) -> None:
    """Delete the set NAME."""
    from neurontui.store.neuron_sets.folder import no_set, set_names
    from neurontui.tui.common.neuron_sets import remove_set

    if name not in set_names(results):
        raise no_set(results, name)
    remove_set(results, name)
    say(f"set {name} removed")


def _combine(operation: "Operation", results: Path, names: tuple[str, str], name: str, *, force: bool) -> None:
    from neurontui.store.neuron_sets.folder import read_set
    from neurontui.store.neuron_sets.operations import combine
    from neurontui.tui.common.neuron_sets import require_new, save_set

    require_new(results, name, force=force)
    first, second = (read_set(results, other) for other in names)
    say_saved(save_set(results, combine(operation, first, second, name), force=force))


def _operation(operation: "Operation", description: str) -> click.Command:
    @click.command(
        operation, short_help=f"Save {description}.", help=f"Save {description} as a new set, language by language."
    )
    @results_argument
    @click.argument("first", metavar="A")
    @click.argument("second", metavar="B")
    @as_option
    @force_option
    def combined(results: Path, first: str, second: str, name: str, force: bool) -> None:
        _combine(operation, results, (first, second), name, force=force)

    return combined


OPERATIONS = (
    _operation("intersect", "the neurons in both A and B"),
    _operation("union", "the neurons in A, in B or in both"),
    _operation("subtract", "the neurons in A that are not in B"),
)
