"""A results file told in a screenful: `neurontui info`."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurontui.queries.results import open_results
from neurontui.store.health import Health, health
from neurontui.store.journal import list_journals
from neurontui.store.reader import open_reader
from neurontui.tui.clean import clean
from neurontui.tui.sizes import size


def print_info(results: Path) -> None:
    """Runs, runs in progress, and sizes, on stdout."""
    console = Console(highlight=False)
    with open_results(results) as opened:
        runs = opened.runs().to_pylist()
    with open_reader(results) as reader:
        found = health(reader)
    console.print(Text(_headline(found)), soft_wrap=True)
    console.print(_runs(runs))
    for sentence in _doubts(runs):
        console.print(Text(sentence), soft_wrap=True)
    for each in list_journals(results):
        state = "merging" if each.merging else "running" if each.running else "stopped"
        line = (
            f"not in the file yet: {clean(each.name)}, {each.done} of {each.total} batches, {state}"
        )
        console.print(Text(line), soft_wrap=True)
    console.print(_sizes(found))


def _headline(found: Health) -> str:
    unused = f", {size(found.free_bytes)} of it unused" if found.free_bytes else ""
    log = f"; a log of {size(found.log_bytes)} lies beside it" if found.log_bytes else ""
    return (
        f"{found.path}: {size(found.bytes)}{unused}, schema {found.schema_version}, "
        f"made by {clean(found.created_by)}{log}"
    )


def _runs(runs: list[dict[str, object]]) -> Table:
    table = Table(show_edge=False, pad_edge=False, title="runs", title_justify="left")
    for name in ("run", "name", "languages", "examples", "neurons", "dtype"):
        table.add_column(
            name, justify="right" if name in ("run", "examples", "neurons") else "left"
        )
    for run in runs:
        table.add_row(
            str(run["run"]),
            Text(clean(str(run["name"]))),
            str(run["n_languages"]),
            f"{run['n_examples']:,}",
            f"{run['n_neurons']:,}",
            Text(clean(str(run["dtype"]))),
        )
    return table


def _doubts(runs: list[dict[str, object]]) -> Iterator[str]:
    """A sentence for each run that may hold other numbers than its name says."""
    for run in runs:
        if not run["identified"]:
            yield (
                f"run {run['run']}: it is not known which revision of {clean(str(run['model']))} was measured; if the "
                "model came from the hub, other models or revisions may have been skipped or mixed with it. "
                "Measure it again."
            )


def _sizes(found: Health) -> Table:
    table = Table(show_edge=False, pad_edge=False, title="tables", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("size", justify="right")
    for each in sorted(found.tables, key=lambda each: -each.bytes):
        if each.rows:
            table.add_row(each.table, f"{each.rows:,}", size(each.bytes))
    return table
