"""A small run of the built-in model, and what a results file must hold after it, whatever happened on the way."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.store.admin.verify import verify
from neurontui.store.reader import open_reader
from neurontui.store.schema import tables_of_a_run
from tests.faults.commands import Command, run

MODEL = ("run", "--model", DEMO_MODEL, "--device", "cpu")
VARIES = {"started", "seconds"}
"""Columns that differ between two sessions of the same run."""

Content = dict[str, list[tuple[object, ...]]]


def line(out: Path, task: str = "fact", measures: str = "types,attribution") -> tuple[object, ...]:
    """The command that measures four examples in four batches into a results file."""
    return (*MODEL, "--task", demo_task(task), "--limit", 4, "--batch-examples", 1, "--max-new-tokens", 2,
            "--measures", measures, "--out", out)  # fmt: skip


@cache
def undisturbed(task: str = "fact") -> tuple[Content, float]:
    """What a run that nobody disturbs leaves, and how many seconds it takes."""
    with TemporaryDirectory(prefix="undisturbed") as folder:
        out = Path(folder) / "r.duckdb"
        done: Command = run(Path(folder) / "said", *line(out, task))
        assert done.wait() == 0, done.err
        return content(out), done.took


def content(path: Path, runs: tuple[int, ...] = (1,)) -> Content:
    """Every table of these runs, less what varies; the checksums must fit what is there."""
    with open_reader(path) as reader:
        assert verify(reader) == []
    found: Content = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in tables_of_a_run():
            names = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            kept = ", ".join(each for each in names if each not in {*VARIES, "run"})
            for number in runs:
                rows = connection.execute(f"SELECT {kept} FROM {table} WHERE run = {number} ORDER BY ALL")
                found[f"{table} {number}"] = rows.fetchall()
    for number in runs:  # they hash the columns that vary too
        del found[f"checksums {number}"]
    return found


def beside(path: Path) -> list[str]:
    """What lies beside a results file and belongs to it."""
    return [each.name for each in path.parent.glob(f"*{path.name}*") if each != path]
