"""Saves sets of neurons beside a results file, from rows of a query or from another file."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.queries.values import Run, find_run
from neurontui.store.errors import InputError, QueryError, UsageError
from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.folder import description_file, description_text, set_file
from neurontui.store.neuron_sets.neuron_set import Neuron, NeuronSet, require_neurons, unique_neurons
from neurontui.store.neuron_sets.set_files import csv_text
from neurontui.tui.common.atomic_write import save_whole


def require_new(results: Path, name: str, *, force: bool = False) -> None:
    """Raise UsageError for a name that a set cannot have, or has already, unless it may be replaced (force)."""
    path = set_file(results, name)
    if path.exists() and not force:
        raise UsageError(f"There is already a set '{name}' ({path}); choose another name, or replace it with --force.")


def new_name(results: Path, wanted: str) -> str:
    """A name that no set has: the wanted one, with a number if it exists, and `-` for what names cannot have."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-_")[:80] or "set"
    names = (base, *(f"{base}-{number}" for number in range(2, 10_000)))
    return next(name for name in names if not set_file(results, name).exists())


def save_set(results: Path, neurons: NeuronSet, *, force: bool = False) -> NeuronSet:
    """Write a set, complete or not at all, and return it as written.

    Raises UsageError as `require_new` does, and InputError for a neuron that its model does not have, if the set is
    empty, or if it cannot be written.
    """
    require_new(results, neurons.name, force=force)
    if not neurons.neurons:
        raise InputError(f"'{neurons.name}' would have no neurons; nothing was saved.")
    require_neurons(f"'{neurons.name}'", neurons.neurons, neurons.description.layers)
    saved = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    described = replace(neurons.description, saved=saved)
    path, rows = set_file(results, neurons.name), csv_text(unique_neurons(neurons.neurons)).encode()
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be made ({error.strerror}).") from None
    # The rows last: without them, the set does not exist, and with other rows, a description is not used.
    save_whole(description_file(path), description_text(described, rows).encode())
    save_whole(path, rows)
    return replace(neurons, neurons=unique_neurons(neurons.neurons), description=described)


def remove_set(results: Path, name: str) -> None:
    """Delete a set. Raises InputError if its files cannot be deleted."""
    path = set_file(results, name)
    for file in (path, description_file(path)):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{file} cannot be deleted ({error.strerror}).") from None


def model_of(
    results: Results, identifier: object = None, *, last: bool = False
) -> tuple[Run | None, str | None, tuple[Layer, ...]]:
    """A run, its model, and the layers of the model; None and no layers in a file without runs.

    Without an identifier, the last run. Raises UsageError if the runs are of several models, unless `last` is true.
    """
    if not results.known_runs and identifier is None:
        return None, None, ()
    models = _models(results)
    if identifier is None and len(models) > 1 and not last:
        raise UsageError(f"The results file has runs of {', '.join(models)}; name a run of the set's model with --run.")
    run = find_run(results.known_runs, identifier)
    [row] = results.sql(f"SELECT model FROM runs WHERE run = {run.number}").to_pylist()
    rows = results.sql(f"SELECT layer, stack, position, n_neurons FROM layers WHERE run = {run.number} ORDER BY layer")
    return run, row["model"], tuple(Layer(**row) for row in rows.to_pylist())


def layers_of_sets(results: Results, sets: Sequence[NeuronSet]) -> tuple[Layer, ...]:
    """The layers of the model of some sets; of sets without a description, those of the only model of the runs.

    Empty if they are unknown. Raises InputError for a neuron that the model does not have.
    """
    layers: tuple[Layer, ...] = next(filter(None, (neurons.description.layers for neurons in sets)), ())
    if not layers and len(_models(results)) == 1:
        layers = model_of(results)[2]
    for neurons in sets:
        require_neurons(f"'{neurons.name}'", neurons.neurons, layers)
    return layers


def _models(results: Results) -> list[str]:
    return [row["model"] for row in results.sql("SELECT DISTINCT model FROM runs ORDER BY model").to_pylist()]


def neurons_of(rows: pa.Table, source: str, *, own_sql: bool = True) -> list[Neuron]:
    """The neurons in the columns layer, neuron and, if there is one, language or languages; other columns are unused.

    In the user's own SQL, a NULL language means all languages; what it means in a named query depends on the query, so
    it is refused there. Raises QueryError, which names `source`, for other columns or values.
    """
    names = rows.column_names
    for name in ("layer", "neuron", "language", "languages"):
        if names.count(name) > 1:
            raise QueryError(f"The result of {source} has the column '{name}' twice.")
        if name not in names and name in ("layer", "neuron"):
            raise QueryError(f"The result of {source} has no column '{name}'; a set requires layer and neuron.")
    if {"language", "languages"} <= set(names):
        raise QueryError(f"The result of {source} has both language and languages; select one of them.")
    layers, neurons = (_whole_numbers(rows[name].to_pylist(), name, source) for name in ("layer", "neuron"))
    languages = _languages(rows, source)
    if not own_sql and "language" in names and [None] in languages:
        raise QueryError(
            f"{source} has rows without a language, which does not mean all languages there; select the columns of "
            "the set with --sql."
        )
    triples = zip(layers, neurons, languages, strict=True)
    return [Neuron(layer, neuron, code) for layer, neuron, codes in triples for code in codes]


def _languages(rows: pa.Table, source: str) -> Sequence[Sequence[str | None]]:
    """For each row its languages; [None] for all."""
    if "languages" in rows.column_names:
        lists = rows["languages"].to_pylist()
        if not all(isinstance(codes, list) and all(isinstance(code, str) for code in codes) for codes in lists):
            raise QueryError(f"{source} must select a list of text as languages; in a set, NULL has no meaning there.")
        return [list(codes) for codes in lists]
    if "language" in rows.column_names:
        codes = rows["language"].to_pylist()
        if not all(code is None or isinstance(code, str) for code in codes):
            raise QueryError(f"{source} must select text or NULL as language.")
        return [[code or None] for code in codes]
    return [[None]] * rows.num_rows


def _whole_numbers(values: list[Any], name: str, source: str) -> list[int]:
    for value in values:
        is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        if not is_number or value % 1 != 0:
            raise QueryError(f"{source} must select whole numbers as {name}, not '{value}'.")
    return [int(value) for value in values]
