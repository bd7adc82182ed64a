"""A user's own neurons, from a file, a set or a query: columns layer, neuron and, optionally, language.

A neuron with a language is ablated only for inputs in that language.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from neurontui.compute.ablation.options import UserNeuron, UserSet
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer
from neurontui.store.languages.tags import short_code
from neurontui.store.neuron_sets.neuron_set import Neuron, require_neurons
from neurontui.store.neuron_sets.set_files import read_rows

_NAMED_LANGUAGES = 4
"""Most languages whose numbers of neurons are listed in a label."""


def read_neurons(path: Path, layers: Sequence[Layer], languages: Sequence[str]) -> UserSet:
    """The neurons of a CSV or JSON file; raises InputError with file and line."""
    rows = [(row.layer, row.neuron, _language(row.place, row.language, languages)) for row in read_rows(path)]
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
    triples = [Neuron(*triple) for triple in dict.fromkeys(neurons)]
    require_neurons(source, triples, layers)
    unique = [UserNeuron(layer, neuron, _language(source, code, languages)) for layer, neuron, code in triples]
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
