"""What Tab offers beyond options and files: names of queries, and the parameters of the one named."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from neurontui.queries.loader import Query

TASKS = ("xnli", "fact", "ke-en-all", "ke-all-en")


def query_names(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Queries whose names begin so, with their titles."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(each.name, help=each.title) for each in _queries(context) if each.name.startswith(incomplete)
    ]


def query_parameters(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """`KEY=` of each parameter of the query named, and `KEY=VALUE` where it is one of a few."""
    from click.shell_completion import CompletionItem

    # While -p waits for its value, click leaves what stands before it unread.
    named = {context.params.get("name"), *context.args}
    offered = []
    for query in _queries(context):
        if query.name in named:
            for each in query.parameters:
                values = each.choices or (("true", "false") if each.kind == "boolean" else ("",))
                offered += [(f"{each.name}={value}", each.description) for value in values]
    return [CompletionItem(v, help=text) for v, text in offered if v.startswith(incomplete)]


def tasks(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The tasks by name; where none begins so, files."""
    from click.shell_completion import CompletionItem

    named = [CompletionItem(each) for each in TASKS if each.startswith(incomplete)]
    # A shell that is told of a file forgets the names beside it.
    return named or [CompletionItem(incomplete, type="file")]


def _queries(context: click.Context) -> "tuple[Query, ...]":
    from neurontui.queries.loader import load_queries
    from neurontui.store.errors import NeurontuiError

    folder = context.params.get("queries_dir")
    try:
        return load_queries(*([Path(folder)] if folder else []))
    except NeurontuiError:  # of a folder of one's own: Tab is no place to tell it
        return load_queries()
