"""The mappings of published data sets: one TOML file each in `shipped/`."""

from functools import cache, partial
from pathlib import Path

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.languages import PAPER_LANGUAGES
from neurontui.compute.tasks.mapped.faults import stop_at_first
from neurontui.compute.tasks.mapped.load import load_mapped
from neurontui.compute.tasks.mapped.mapping import TaskMapping
from neurontui.compute.tasks.mapped.parse import read_mapping

FOLDER = Path(__file__).parent / "shipped"


def shipped_names() -> set[str]:
    """Names of the tasks; each is the name of its file."""
    return {path.stem for path in FOLDER.glob("*.toml")}


@cache
def shipped_mappings() -> dict[str, TaskMapping]:
    """Name of the task to its mapping."""
    mappings = (read_mapping(path, stop_at_first) for path in sorted(FOLDER.glob("*.toml")))
    return {mapping.name: mapping for mapping in mappings if mapping is not None}


def load_shipped(name: str, options: TaskOptions) -> TaskData:
    """The examples of a shipped mapping, in the requested languages or in those of the paper that the data has."""
    return load_mapped(FOLDER / f"{name}.toml", options, default=PAPER_LANGUAGES)


def loader(name: str) -> partial[TaskData]:
    """The loader of a shipped mapping."""
    return partial(load_shipped, name)
