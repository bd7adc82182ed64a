"""Faults of a mapping or of its data: where each is, and what happens at the first one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.task_file.formats.entry import Unit
from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError


@dataclass(frozen=True)
class Fault:
    """A fault at one place. `message` continues a sentence that begins with `field`."""

    path: Path
    """The mapping, or a file of the data."""
    number: int | None
    """From 1: the line of a text file, or the row of a Parquet file; None for the whole file."""
    field: str
    """A key of the mapping, as example.prompt; a column of the data; or `line` or `file`."""
    message: str
    unit: Unit = "line"

    @property
    def place(self) -> str:
        """File and line, as 'mine.toml, line 3'."""
        name = printable(str(self.path))
        return name if self.number is None else f"{name}, {self.unit} {self.number:,}"

    def __str__(self) -> str:
        return f"{self.place}: {self.field} {self.message}"


Report = Callable[[Fault], None]
"""Receives each fault; a run stops at the first, `neurontui check` lists all."""


def stop_at_first(fault: Fault) -> None:
    """Raise InputError with the fault as its sentence."""
    sentence = str(fault)
    raise InputError(sentence if sentence.endswith("?") else f"{sentence}.")
