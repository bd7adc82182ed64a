"""The sets beside results files as a table for SQL: `neuron_sets`, with name, layer, neuron and language."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from neurontui.store.errors import UsageError
from neurontui.store.neuron_sets.folder import read_set, set_names

_SCHEMA = pa.schema(
    [("name", pa.string()), ("layer", pa.int32()), ("neuron", pa.int32()), ("language", pa.string())],
)


def sets_table(files: Sequence[Path]) -> pa.Table:
    """The neurons of all sets of some results files; language is NULL for neurons that are for all languages.

    Raises InputError for a set that cannot be used, and UsageError if two files have a set of the same name.
    """
    owners: dict[str, Path] = {}
    rows = []
    for file in dict.fromkeys(files):
        for name in set_names(file):
            if owners.setdefault(name, file) != file:
                raise UsageError(
                    f"{owners[name]} and {file} both have a set '{name}'; open one of them, or rename one."
                )
            rows += [{"name": name, **neuron._asdict()} for neuron in read_set(file, name).neurons]
    return pa.Table.from_pylist(rows, _SCHEMA)
