"""The SQL of what a screen shows, for the SQL screen: one query, or that of all runs that are compared."""

from collections.abc import Iterable

from neurontui.queries.results import Results
from neurontui.tui.explorer.exported_tables import without_run
from neurontui.tui.explorer.query_runner import QueryRequest


def handed_sql(requests: Iterable[QueryRequest], results: Results) -> str:
    """The complete SQL of the first request and of those that differ only in the run; empty without requests."""
    shown = list(dict.fromkeys(requests))
    compared = [request for request in shown if without_run(request) == without_run(shown[0])]
    if len(compared) < 2:
        return results.statement(shown[0].name, **shown[0].values()) if shown else ""
    return "\nUNION ALL BY NAME\n".join(_labeled(request, results) for request in compared)


def _labeled(request: QueryRequest, results: Results) -> str:
    """A query whose first column is the number of its run, unless it has such a column."""
    columns = {column.name for column in results.named(request.name).columns}
    label = "" if "run" in columns else f"{request.values()['run']} AS run, "
    return f"SELECT {label}* FROM (\n{results.statement(request.name, **request.values())}\n)"
