"""Intersection, union and difference of two sets.

A neuron is in a set for some languages, or for all. Each operation works on these languages, neuron by neuron.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal

from neurontui.store.errors import UsageError
from neurontui.store.neuron_sets.neuron_set import Description, Neuron, NeuronSet, unique_neurons

Operation = Literal["intersect", "union", "subtract"]
Languages = frozenset[str | None]
"""Languages of a neuron; {None} means all, and the empty set none."""
ALL: Languages = frozenset({None})


def combine(operation: Operation, first: NeuronSet, second: NeuronSet, name: str) -> NeuronSet:
    """The result of an operation as a set called `name`.

    Raises UsageError if the result is empty or cannot be written, or if the sets are of models with different layers.
    """
    require_same_layers(first, second)
    combined = _OPERATIONS[operation]
    ours, theirs = _by_place(first), _by_place(second)
    neurons = []
    for place in ours.keys() | theirs.keys():
        languages = combined(ours.get(place, frozenset()), theirs.get(place, frozenset()))
        if languages is None:
            raise UsageError(
                f"Neuron {place[1]} of layer {place[0]} is in '{first.name}' for all languages and in "
                f"'{second.name}' only for some, so the difference has no list of languages; "
                f"save '{first.name}' with a language for each neuron."
            )
        neurons += [Neuron(*place, language) for language in languages]
    if not neurons:
        raise UsageError(f"{operation} of '{first.name}' and '{second.name}' has no neurons; nothing was saved.")
    return NeuronSet(name, unique_neurons(neurons), _described(operation, first, second))


def require_same_layers(first: NeuronSet, second: NeuronSet) -> None:
    """Raise UsageError if two sets are of models with different layers; sets of unknown models fit all."""
    ours, theirs = first.description, second.description
    if ours.layers and theirs.layers and ours.layers != theirs.layers:
        raise UsageError(
            f"'{first.name}' has neurons of {ours.model} and '{second.name}' of {theirs.model}, which has other "
            "layers, so their neurons cannot be compared."
        )


def _intersect(ours: Languages, theirs: Languages) -> Languages | None:
    if ours == ALL:
        return theirs
    return ours if theirs == ALL else ours & theirs


def _unite(ours: Languages, theirs: Languages) -> Languages | None:
    return ALL if ALL in (ours, theirs) else ours | theirs


def _subtract(ours: Languages, theirs: Languages) -> Languages | None:
    if ours == ALL and theirs and theirs != ALL:
        return None
    return frozenset() if theirs == ALL else ours - theirs


_OPERATIONS: Mapping[Operation, Callable[[Languages, Languages], Languages | None]] = {
    "intersect": _intersect,
    "union": _unite,
    "subtract": _subtract,
}


def _by_place(neurons: NeuronSet) -> dict[tuple[int, int], Languages]:
    languages: dict[tuple[int, int], set[str | None]] = defaultdict(set)
    for layer, neuron, language in neurons.neurons:
        languages[layer, neuron].add(language)
    return {place: frozenset(codes) for place, codes in languages.items()}


def _described(operation: Operation, first: NeuronSet, second: NeuronSet) -> Description:
    models = dict.fromkeys(s.description.model for s in (first, second) if s.description.model is not None)
    return Description(
        source=f"{operation} of {first.name} and {second.name}",
        model=" and ".join(models) or None,
        layers=first.description.layers or second.description.layers,
    )
