"""What every figure needs to know of a run before it asks its own query."""

import shlex
from dataclasses import dataclass
from typing import Any

from neurontui.queries.results import Results

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
    def breaks(self) -> tuple[float, ...]:
        """Between which layers another stack begins."""
        pairs = zip(self.stacks, self.stacks[1:], strict=False)
        return tuple(i + 0.5 for i, (before, after) in enumerate(pairs) if before != after)

    @property
    def layer_title(self) -> str:
        """Title of an axis of layers."""
        return f"layer ({', then '.join(dict.fromkeys(self.stacks))})" if self.breaks else "layer"

    def command(self, query: str, *parameters: str) -> str:
        """The command that gives a query's rows for this run."""
        given = "".join(f" -p {shlex.quote(each)}" for each in parameters)
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
    layers = results.query("layers", run=number).to_pylist()
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
        stacks=tuple(layer["stack"] for layer in layers),
        measures=frozenset(each["measure"] for each in present if each["present"]),
    )
