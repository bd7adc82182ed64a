"""A results file told in a screenful: `neurontui info`."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurontui.queries.results import Results, open_results
from neurontui.store.admin.sizes import Health, health
from neurontui.store.journal.journal import list_journals
from neurontui.store.reader import open_reader
from neurontui.tui.common.byte_sizes import size
from neurontui.tui.common.sanitize import clean


def print_info(results: Path) -> None:
    """Runs, runs in progress, and sizes, on stdout."""
    console = Console(highlight=False)
    with open_results(results) as opened:
        runs = opened.runs().to_pylist()
        remarks = _remarks(opened)
    with open_reader(results) as reader:
        found = health(reader)
    console.print(Text(_headline(found)), soft_wrap=True)
    console.print(_runs(runs))
    for run, sentence in remarks:
        console.print(Text(f"run {run}: {clean(sentence)}"), soft_wrap=True)
    for each in list_journals(results):
        state = "merging" if each.merging else "running" if each.running else "stopped"
        line = f"not in the file yet: {clean(each.name)}, {each.done} of {each.total} batches, {state}"
        console.print(Text(line), soft_wrap=True)
    console.print(_sizes(found))


def _remarks(opened: Results) -> list[tuple[int, str]]:
    """What to know about a run before its numbers are used, as (run, sentence): its warnings."""
    return [(row["run"], row["text"]) for row in opened.query("warnings").to_pylist()]


def _headline(found: Health) -> str:
    unused = f", {size(found.free_bytes)} of it unused" if found.free_bytes else ""
    log = f"; a log of {size(found.log_bytes)} lies beside it" if found.log_bytes else ""
    return (
        f"{clean(found.path)}: {size(found.bytes)}{unused}, schema {found.schema_version}, "
        f"made by {clean(found.created_by)}{log}"
    )


def _runs(runs: list[dict[str, object]]) -> Table:
    table = Table(show_edge=False, pad_edge=False, title="runs", title_justify="left")
    for name in ("run", "name", "languages", "examples", "neurons", "dtype"):
        table.add_column(name, justify="right" if name in ("run", "examples", "neurons") else "left")
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


def _sizes(found: Health) -> Table:
    table = Table(show_edge=False, pad_edge=False, title="tables", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("size", justify="right")
    for each in sorted(found.tables, key=lambda each: -each.bytes):
        if each.rows:
            table.add_row(each.table, f"{each.rows:,}", size(each.bytes))
    return table
