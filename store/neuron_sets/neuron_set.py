"""A named set of neurons, and where it comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer


class Neuron(NamedTuple):
    """A neuron of a set, for one language, or for all languages if it is None."""

    layer: int
    neuron: int
    language: str | None = None


@dataclass(frozen=True)
class Description:
    """What is known about a set."""

    source: str = "unknown; its file was added or changed by hand"
    saved: str | None = None
    """Time, UTC, ISO 8601."""
    model: str | None = None
    layers: tuple[Layer, ...] = ()
    """FFN layers of the model; empty if unknown."""


@dataclass(frozen=True)
class NeuronSet:
    """A set: its neurons are sorted and unique."""

    name: str
    neurons: tuple[Neuron, ...]
    description: Description

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that neurons are for, sorted; empty if all neurons are for all languages."""
        return tuple(sorted({neuron.language for neuron in self.neurons if neuron.language is not None}))

    def places(self, language: str | None = None) -> frozenset[tuple[int, int]]:
        """(layer, neuron) of the neurons for a language, as an ablation counts them; without a language, of all."""
        return frozenset(
            (neuron.layer, neuron.neuron)
            for neuron in self.neurons
            if language is None or neuron.language in (None, language)
        )


def unique_neurons(neurons: Iterable[Neuron]) -> tuple[Neuron, ...]:
    """Sorted by layer, neuron and language, without repetitions; a neuron for all languages is listed only once."""
    distinct = set(neurons)
    for_all = {neuron for neuron in distinct if neuron.language is None}
    kept = for_all | {neuron for neuron in distinct if neuron._replace(language=None) not in for_all}
    return tuple(sorted(kept, key=lambda neuron: (neuron.layer, neuron.neuron, neuron.language or "")))


def require_neurons(source: str, neurons: Iterable[Neuron], layers: Sequence[Layer]) -> None:
    """Raise InputError for a neuron that a model does not have. An unknown model (no layers) has all neurons from 0."""
    sizes = {layer.layer: layer.n_neurons for layer in layers}
    for layer, neuron, _ in neurons:
        if layer < 0 or neuron < 0:
            raise InputError(f"{source} names neuron {neuron} of layer {layer}; layers and neurons count from 0.")
        if sizes and layer not in sizes:
            raise InputError(f"{source} names layer {layer}, but this model has layers 0 to {max(sizes)}.")
        if sizes and neuron >= sizes[layer]:
            raise InputError(
                f"{source} names neuron {neuron} of layer {layer}, which has neurons 0 to {sizes[layer] - 1}."
            )
