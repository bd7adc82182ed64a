"""A user's own neurons, from a CSV file or a query: columns layer, neuron and, optionally, language.

A neuron with a language is ablated only for inputs in that language. Columns with other names are refused.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from neurontui.compute.ablation.options import UserNeuron, UserSet
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer
from neurontui.store.languages.tags import short_code

REQUIRED, OPTIONAL = ("layer", "neuron"), ("language",)
_NAMED_LANGUAGES = 4
"""Most languages whose numbers of neurons are listed in a label."""


def read_neurons(path: Path, layers: Sequence[Layer], languages: Sequence[str]) -> UserSet:
    """The neurons of a CSV file; raises InputError with file and line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(path, csv.reader(file, strict=True), languages))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a CSV file in UTF-8 ({error}).") from error
    return check_neurons(path.name, rows, layers, languages)


def check_neurons(
    source: str,
    neurons: Iterable[tuple[int, int, str | None]],
    layers: Sequence[Layer],
    languages: Sequence[str],
) -> UserSet:
    """A set of neurons from (layer, neuron, language or None) triples, without duplicates.

    Raises InputError for a neuron that the model does not have or a language that the run does not have.
    """
    sizes = {layer.layer: layer.n_neurons for layer in layers}
    unique = []
    for layer, neuron, written in dict.fromkeys(neurons):
        if layer not in sizes:
            raise InputError(f"{source} names layer {layer}, but this model has layers 0 to {max(sizes)}.")
        if not 0 <= neuron < sizes[layer]:
            raise InputError(
                f"{source} names neuron {neuron} of layer {layer}, which has neurons 0 to {sizes[layer] - 1}."
            )
        unique.append(UserNeuron(layer, neuron, _language(source, written, languages)))
    if not unique:
        raise InputError(f"{source} names no neurons to ablate.")
    named = tuple(dict.fromkeys(unique))
    return UserSet(f"w/o {source} ({_sizes(named, languages)})", named)


def language_notes(sets: Sequence[UserSet], languages: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Number of neurons of each set that are ablated in each language, if it differs; for the table `notes`."""
    return tuple(
        (
            "ablation",
            f"'{named.label}' ablates neurons by language: "
            f"{', '.join(f'{code} {n}' for code, n in _counts(named.neurons, languages).items())}.",
        )
        for named in sets
        if any(neuron.language is not None for neuron in named.neurons)
    )


def column_fault(names: Sequence[str]) -> str | None:
    """The problem with the columns of a set of neurons, as the end of a sentence; None if there is none."""
    expected = "; the columns are layer, neuron and, optionally, language"
    for name in REQUIRED:
        if name not in names:
            return f"has no column '{name}'{expected}"
    for name in names:
        if name not in (*REQUIRED, *OPTIONAL):
            return f"has an unknown column '{name}'{expected}; remove it"
    twice = [name for name in names if names.count(name) > 1]
    return f"has the column '{twice[0]}' twice{expected}" if twice else None


def language_of_run(code: str, languages: Sequence[str]) -> str | None:
    """The language of a run for a code in any form; None if the run does not have it."""
    short = short_code(code)
    return short if short in languages else None


def _language(place: str, written: str | None, languages: Sequence[str]) -> str | None:
    if not written:
        return None
    language = language_of_run(written, languages)
    if language is None:
        raise InputError(
            f"{place} names the language '{written}', which the run does not have; its languages are "
            f"{', '.join(languages)}."
        )
    return language


def _sizes(neurons: Sequence[UserNeuron], languages: Sequence[str]) -> str:
    """Number of ablated neurons, by language if it differs, for a label."""
    if all(neuron.language is None for neuron in neurons):
        return f"{len(neurons)} neurons"
    counts = _counts(neurons, languages)
    if len(counts) > _NAMED_LANGUAGES:
        return f"{min(counts.values())} to {max(counts.values())} neurons by language"
    return ", ".join(f"{code} {n}" for code, n in counts.items()) + " neurons"


def _counts(neurons: Sequence[UserNeuron], languages: Sequence[str]) -> dict[str, int]:
    """Number of neurons that are ablated for inputs in each language."""
    return {code: len({(n.layer, n.neuron) for n in neurons if n.language in (None, code)}) for code in languages}


def _rows(path: Path, reader: Any, languages: Sequence[str]) -> Iterator[tuple[int, int, str | None]]:
    names = [name.strip().lower() for name in next(reader, [])]
    if fault := column_fault(names):
        raise InputError(f"{path} {fault}.")
    for cells in reader:
        if not cells:
            continue
        place = f"{path}, line {reader.line_num}"
        if len(cells) != len(names):
            raise InputError(f"{place}: {len(cells)} cells for {len(names)} columns.")
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        language = _language(place, row.get("language"), languages)
        yield _number(place, row, "layer"), _number(place, row, "neuron"), language


def _number(place: str, row: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", row[name]):
        raise InputError(f"{place}: {name} is '{row[name]}', which is not a whole number.")
    return int(row[name])
