"""The tables that a screen shows, as they are copied and exported: named, and complete where two runs are compared."""

from collections.abc import Hashable, Iterable, Mapping

import pyarrow as pa

from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo

Shown = tuple[QueryRequest, pa.Table]
Names = Mapping[int, str]


def exported_tables(shown: Iterable[Shown], runs: Iterable[RunInfo]) -> dict[str, pa.Table]:
    """Tables by name, in the order of the requests: one for all runs of a query, one for each other choice."""
    names = {run.number: run.name for run in runs}
    groups: dict[str, dict[QueryRequest, list[Shown]]] = {}
    for request, table in shown:
        groups.setdefault(request.name, {}).setdefault(without_run(request), []).append((request, table))
    compared = len({number for request, _ in _all(groups) for number in _runs(request)}) > 1
    return {
        _name(name, key, choices): _joined(pairs, names if compared else {})
        for name, choices in groups.items()
        for key, pairs in choices.items()
    }


def _all(groups: Mapping[str, Mapping[QueryRequest, list[Shown]]]) -> list[Shown]:
    return [pair for choices in groups.values() for pairs in choices.values() for pair in pairs]


def without_run(request: QueryRequest) -> QueryRequest:
    """The request without its run: requests that differ in nothing else are rows of one table."""
    return QueryRequest(request.name, tuple(pair for pair in request.params if pair[0] not in _OF_A_RUN))


_OF_A_RUN = ("run", "languages", "threshold")
"""Parameters that may differ between the runs of one table."""


def _runs(request: QueryRequest) -> list[int]:
    """Numbers of the runs that a request is about."""
    values = dict(request.params)
    return [value for key in ("run", "other") if isinstance(value := values.get(key), int)]


def _name(name: str, key: QueryRequest, choices: Iterable[QueryRequest]) -> str:
    """The query's name; if it is shown in several ways, with the choices that set this one apart."""
    others = [set(choice.params) for choice in choices if choice != key]
    own = [pair for pair in key.params if others and any(pair not in other for other in others)]
    words = [option if value is True else f"{option}-{value}" for option, value in own if value is not False]
    words += [f"all-{option.removeprefix('by_')}s" for option, value in own if value is False]
    return "-".join([name, *words]).replace("_", "-")


def _joined(pairs: list[Shown], names: Names) -> pa.Table:
    """The rows of all runs; with several runs, the first columns name the run and what else differs between them."""
    differing = [option for option in _OF_A_RUN[1:] if len({dict(r.params).get(option) for r, _ in pairs}) > 1]
    tables = [_labeled(request, table, names, differing) if names else table for request, table in pairs]
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")


def _labeled(request: QueryRequest, table: pa.Table, names: Names, differing: list[str]) -> pa.Table:
    values, labels = dict(request.params), dict[str, Hashable]()
    for option, column in (("run", "run"), ("other", "other_run")):
        if isinstance(number := values.get(option), int):
            labels |= {column: number, f"{column}_name": names.get(number)}
    labels |= {option: values.get(option) for option in differing}
    fresh = {label: value for label, value in labels.items() if label not in table.column_names}
    columns = {label: pa.array([_plain(value)] * table.num_rows, _type(value)) for label, value in fresh.items()}
    return pa.table({**columns, **{name: table.column(name) for name in table.column_names}})


def _plain(value: Hashable) -> Hashable:
    return " ".join(map(str, value)) if isinstance(value, tuple) else value


def _type(value: Hashable) -> pa.DataType:
    return pa.int32() if isinstance(value, int) else pa.float64() if isinstance(value, float) else pa.string()
