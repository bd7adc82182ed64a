"""Output of `neurontui info`: runs, runs in progress and sizes of a results file."""

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
        file_health = health(reader)
    console.print(Text(_headline(file_health)), soft_wrap=True)
    console.print(_runs(runs))
    for run, sentence in remarks:
        console.print(Text(f"run {run}: {clean(sentence)}"), soft_wrap=True)
    for journal in list_journals(results):
        state = "merging" if journal.merging else "running" if journal.running else "stopped"
        line = f"not merged yet: {clean(journal.name)}, {journal.done} of {journal.total} batches, {state}"
        console.print(Text(line), soft_wrap=True)
    console.print(_sizes(file_health))


def _remarks(opened: Results) -> list[tuple[int, str]]:
    """The warnings of every run, as (run, sentence)."""
    return [(row["run"], row["text"]) for row in opened.query("warnings").to_pylist()]


def _headline(file: Health) -> str:
    unused = f", {size(file.free_bytes)} of it unused" if file.free_bytes else ""
    log = f"; a log of {size(file.log_bytes)} is beside it" if file.log_bytes else ""
    return (
        f"{clean(file.path)}: {size(file.bytes)}{unused}, schema {file.schema_version}, "
        f"created by {clean(file.created_by)}{log}"
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


def _sizes(file: Health) -> Table:
    table = Table(show_edge=False, pad_edge=False, title="tables", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("size", justify="right")
    for row in sorted(file.tables, key=lambda row: -row.bytes):
        if row.rows:
            table.add_row(row.table, f"{row.rows:,}", size(row.bytes))
    return table
