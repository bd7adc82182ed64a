"""The summary that `neurontui demo` prints: accuracies, type ratios and findings."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neurontui.queries.results import Results, open_results
from neurontui.tui.cli.demo_findings import answers
from neurontui.tui.common.sanitize import clean

MARKS = {"supported": "+", "contradicted": "-", "undecided": "?"}


def print_summary(results: Path) -> None:
    """Accuracy and type ratios of every run, then the findings, on stdout."""
    console = Console(highlight=False)
    with open_results(results) as opened:
        runs = opened.runs().to_pylist()
        console.print(_accuracies(opened, runs))
        console.print()
        console.print(_types(opened, runs))
        console.print()
        for line in _findings(opened, runs):
            console.print(Text(line), soft_wrap=True)


def _accuracies(opened: Results, runs: list[dict[str, object]]) -> Table:
    languages = list(dict.fromkeys(code for run in runs for code in _codes(run)))
    table = _table("Accuracy, % of prompts answered correctly", [*languages, "mean", "n"])
    for run in runs:
        rows = {row["language"]: row for row in opened.query("accuracy", run=run["run"]).to_pylist()}
        shown = [f"{rows[code]['accuracy']:.0f}" if code in rows else "" for code in languages]
        values = [row["accuracy"] for row in rows.values()]
        mean = f"{sum(values) / len(values):.1f}" if values else ""
        n = str(max((row["n"] for row in rows.values()), default=""))
        table.add_row(Text(clean(str(run["name"]))), *shown, mean, n)
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    """A table that is narrow enough for ten languages in 80 columns."""
    table = Table(
        title=title, title_justify="left", box=None,
        padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    table.add_column("run", no_wrap=True)
    for column in columns:
        table.add_column(clean(column), justify="right", no_wrap=True)
    return table


def _codes(run: dict[str, object]) -> list[str]:
    languages = run["languages"]
    return [str(code) for code in languages] if isinstance(languages, list) else []


def _types(opened: Results, runs: list[dict[str, object]]) -> Table:
    names = ("all-shared", "partial-shared", "specific", "non-activated")
    table = _table("Neuron types, % of neurons, mean over layers", names)
    for run in runs:
        rows = opened.query("type-ratio-by-layer", run=run["run"])
        table.add_row(Text(clean(str(run["name"]))), *(_mean(rows, name) for name in names))
    return table


def _mean(rows: pa.Table, name: str) -> str:
    ratios = [row["ratio"] for row in rows.to_pylist() if row["type"] == name and row["ratio"] is not None]
    return f"{sum(ratios) / len(ratios):.1f}" if ratios else ""


def _findings(opened: Results, runs: list[dict[str, object]]) -> list[str]:
    """The findings of the run with the most measures: four answers, then the paper's claims, two lines each."""
    if not runs:
        return []
    run = max(runs, key=lambda run: _n_measures(opened, run))
    name = clean(str(run["name"]))
    heading = f"Findings of {name}; intervals are 99.8 % unless marked 95 %"
    lines = [heading, *answers(opened, int(str(run["run"]))), ""]
    lines.append(f"The paper's claims, tested on {name}; intervals are 99.8 %")
    for row in opened.query("claims", run=run["run"]).to_pylist():
        lines.append(f"  {MARKS[row['verdict']]} {row['says']}")
        lines.append(f"    {row['verdict']}: {clean(row['finding'])}")
    return lines


def _n_measures(opened: Results, run: dict[str, object]) -> int:
    return sum(row["present"] for row in opened.query("measures", run=run["run"]).to_pylist())
