"""A user's own neurons, from a CSV file with the columns layer and neuron, or from pairs that a query selected."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from neurontui.compute.ablation.options import UserSet
from neurontui.store.errors import InputError
from neurontui.store.manifest import Layer

_COLUMNS = ("layer", "neuron")


def read_neurons(path: Path, layers: Sequence[Layer]) -> UserSet:
    """The neurons of a CSV file; raises InputError with file and line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            pairs = list(_rows(path, csv.DictReader(file)))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV file in UTF-8 ({error}).") from error
    return check_neurons(path.name, pairs, layers)


def check_neurons(
    source: str, pairs: Iterable[tuple[int, int]], layers: Sequence[Layer]
) -> UserSet:
    """Pairs as a set of neurons, each once; raises InputError for one that the model does not have."""
    sizes = {each.layer: each.n_neurons for each in layers}
    unique = list(dict.fromkeys(pairs))
    for layer, neuron in unique:
        if layer not in sizes:
            raise InputError(
                f"{source} names layer {layer}, but this model has layers 0 to {max(sizes)}."
            )
        if not 0 <= neuron < sizes[layer]:
            raise InputError(
                f"{source} names neuron {neuron} of layer {layer}, which has neurons 0 to {sizes[layer] - 1}."
            )
    if not unique:
        raise InputError(f"{source} names no neurons to switch off.")
    return UserSet(f"w/o {source} ({len(unique)} neurons)", tuple(unique))


def _rows(path: Path, reader: "csv.DictReader[str]") -> Iterable[tuple[int, int]]:
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise InputError(
            f"{path} has no column '{missing[0]}'; its first line must name the columns layer and neuron."
        )
    reader.fieldnames = names
    for row in reader:
        yield (
            _number(path, reader.line_num, row, "layer"),
            _number(path, reader.line_num, row, "neuron"),
        )


def _number(path: Path, line: int, row: dict[str, str], name: str) -> int:
    try:
        return int((row[name] or "").strip())
    except ValueError as error:
        raise InputError(
            f"{path}, line {line}: {name} is '{row[name] or ''}', no whole number."
        ) from error
