"""What every figure needs to know of a run before it asks its own query."""

import shlex
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.tui.charts.model import Chart

Row = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of the opened files."""

    number: int
    name: str
    model: str
    task: str
    setting: str | None
    shots: int
    languages: tuple[str, ...]
    file: str
    argument: str
    """How `--run` names it to a command that opens its file alone."""
    stacks: tuple[str, ...]
    """Stack of each layer."""
    measures: frozenset[str]
    """Those present, of the query `measures`."""
    layers: pa.Table = field(compare=False, repr=False)
    """What the query `layers` returns."""

    @property
    def is_corpus(self) -> bool:
        """Whether the run read a corpus."""
        return self.task == "corpus"

    @property
    def anchor(self) -> str:
        """Prefix of the names of its figures and headings."""
        return f"run-{self.number}"

    @property
    def task_name(self) -> str:
        """Task, setting and demonstrations in a few words."""
        parts = [self.task, self.setting or "", f"{self.shots}-shot" if self.shots else ""]
        return " ".join(part for part in parts if part)

    @property
    def two_stacks(self) -> bool:
        """Whether the model has an encoder and a decoder."""
        return len(set(self.stacks)) > 1

    @property
    def layer_title(self) -> str:
        """Title of an axis of layers."""
        return f"layer ({', then '.join(dict.fromkeys(self.stacks))})" if self.two_stacks else "layer"

    def panel(self, chart: Chart, title: str = "", x_title: str = "") -> Chart:
        """A chart as a panel of a figure, which has a title of its own: without its title, with that of its axis."""
        return replace(chart, title=title, x_title=x_title or self.layer_title)

    def command(self, query: str, *parameters: str) -> str:
        """The command that gives a query's rows for this run."""
        given = "".join(f" -p {shlex.quote(text)}" for text in parameters)
        return f"neurontui query {shlex.quote(self.file)} {query} --run {self.argument}{given}"

    def again(self) -> str:
        """The command that measures the same model and task, without its options."""
        task = f"{self.task}-{self.setting}" if self.setting else self.task
        words = ("neurontui", "run", "--model", self.model, "--task", task, "--out", self.file)
        return " ".join(shlex.quote(word) for word in words)


def read_run(results: Results, row: Row) -> Run:
    """From a row of `Results.runs()`."""
    number = int(row["run"])
    present = results.query("measures", run=number).to_pylist()
    layers = results.query("layers", run=number)
    return Run(
        number=number,
        name=row["name"],
        model=row["model"],
        task=row["task"],
        setting=row["setting"],
        shots=int(row["n_shots"]),
        languages=tuple(row["languages"]),
        file=str(row["file"]),
        # Of several files, each numbers its own runs from 1; the key stays.
        argument=str(number) if len(results.paths) == 1 else row["key"],
        stacks=tuple(layers.column("stack").to_pylist()),
        measures=frozenset(row["measure"] for row in present if row["present"]),
        layers=layers,
    )
