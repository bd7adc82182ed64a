"""The sets of a results file: `results.duckdb.sets/NAME.csv`, each with a description in `NAME.json`.

The results file stays read-only. A CSV file that was put into the folder by hand is a set without a description, and a
description that was written for other rows is not used.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path

from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Layer
from neurontui.store.languages.tags import short_code
from neurontui.store.neuron_sets.neuron_set import Description, Neuron, NeuronSet, require_neurons, unique_neurons
from neurontui.store.neuron_sets.set_files import read_rows

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def sets_folder(results: Path) -> Path:
    """The folder of a results file's sets; it may not exist."""
    results = results.resolve()  # of the file, not of a link to it
    return results.with_name(f"{results.name}.sets")


def set_file(results: Path, name: str) -> Path:
    """The CSV file of a set; it may not exist. Raises UsageError for a name that a set cannot have."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a set; use up to 100 letters (a to z), digits, - and _, such as lape-1."
        )
    return sets_folder(results) / f"{name}.csv"


def description_file(csv_file: Path) -> Path:
    """The file with the description of a set."""
    return csv_file.with_suffix(".json")


def set_names(results: Path) -> list[str]:
    """The names of all sets of a results file, sorted."""
    try:
        files = list(sets_folder(results).glob("*.csv"))
    except OSError as error:
        raise InputError(f"{sets_folder(results)} cannot be read ({error.strerror}).") from None
    return sorted(file.stem for file in files if _NAME.fullmatch(file.stem))


def read_set(results: Path, name: str) -> NeuronSet:
    """A set of a results file. Raises UsageError if there is none of this name, InputError if it cannot be used."""
    path = set_file(results, name)
    if name not in set_names(results):
        raise no_set(results, name)
    neurons, description = read_neurons(path), _description(path)
    require_neurons(str(path), neurons, description.layers)
    return NeuronSet(name, neurons, description)


def read_neurons(path: Path) -> tuple[Neuron, ...]:
    """The neurons of a CSV or JSON file, with the short codes of their languages. Raises InputError."""
    rows = list(read_rows(path))
    neurons = [Neuron(row.layer, row.neuron, row.language and short_code(row.language)) for row in rows]
    if not neurons:
        raise InputError(f"{path} names no neurons.")
    return unique_neurons(neurons)


def neurons_file(given: Path, results: Path) -> Path:
    """The file that `--ablate` means: a path, or the name of a set of the results file.

    Raises UsageError if it is neither, or both.
    """
    name = str(given)
    if not _NAME.fullmatch(name):
        return given
    own = set_file(results, name)
    if own.is_file() and given.is_file():
        raise UsageError(
            f"'{name}' is both a file and a set; for the set, give {own}, for the file, its absolute path."
        )
    if not own.is_file() and not given.is_file():
        raise no_set(results, name, what="file or set")
    return own if own.is_file() else given


def no_set(results: Path, name: str, *, what: str = "set") -> UsageError:
    """The error for a name that no set has, with the sets that there are."""
    names = set_names(results)
    if not names:
        return UsageError(
            f"There is no {what} '{name}', and {results} has no sets; `neurontui sets save` and `import` make one."
        )
    near = get_close_matches(name, names)
    question = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"There is no {what} '{name}'; {question}Sets of {results}: {', '.join(names)}.")


def description_text(description: Description, rows: bytes) -> str:
    """The file of a description, for a set whose CSV file has these bytes."""
    return json.dumps({**asdict(description), "csv_sha256": _digest(rows)}, ensure_ascii=False, indent=1) + "\n"


def _description(csv_file: Path) -> Description:
    """The description of a set, or that of an unknown one if it has none or if its rows have changed."""
    try:
        stored = json.loads(description_file(csv_file).read_text("utf-8"))
        if stored["csv_sha256"] != _digest(csv_file.read_bytes()):
            return Description()
        return Description(
            source=str(stored["source"]),
            saved=_text(stored["saved"]),
            model=_text(stored["model"]),
            layers=_layers(stored["layers"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Description()


def _layers(stored: Sequence[dict[str, object]]) -> tuple[Layer, ...]:
    return tuple(
        Layer(int(str(row["layer"])), str(row["stack"]), int(str(row["position"])), int(str(row["n_neurons"])))
        for row in stored
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _digest(rows: bytes) -> str:
    return hashlib.sha256(rows).hexdigest()
