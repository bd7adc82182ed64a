"""Tab completion of query names, parameters of a query, and tasks."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from neurontui.queries.loader import Query


def query_names(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Queries whose names begin with `incomplete`, with their titles."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(query.name, help=query.title) for query in _queries(context) if query.name.startswith(incomplete)
    ]


def query_parameters(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """`KEY=` for each parameter of the query, or `KEY=VALUE` for each of its choices."""
    from click.shell_completion import CompletionItem

    # While -p waits for its value, click has not parsed the arguments before it.
    named = {context.params.get("name"), *context.args}
    offered = []
    for query in _queries(context):
        if query.name in named:
            for parameter in query.parameters:
                values = parameter.choices or (("true", "false") if parameter.kind == "boolean" else ("",))
                offered += [(f"{parameter.name}={value}", parameter.description) for value in values]
    return [CompletionItem(v, help=text) for v, text in offered if v.startswith(incomplete)]


def tasks(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The tasks of the registry; files if no task begins with the text."""
    from click.shell_completion import CompletionItem

    from neurontui.compute.tasks.registry import all_tasks

    fitting = (task for task in all_tasks().values() if task.name.startswith(incomplete))
    named = [CompletionItem(task.name, help=task.description) for task in fitting]
    # A shell that completes files drops other suggestions.
    return named or [CompletionItem(incomplete, type="file")]


def _queries(context: click.Context) -> "tuple[Query, ...]":
    from neurontui.queries.loader import load_queries
    from neurontui.store.errors import NeurontuiError

    folder = context.params.get("queries_dir")
    try:
        return load_queries(*([Path(folder)] if folder else []))
    except NeurontuiError:  # in a folder of your own; Tab cannot show an error
        return load_queries()
