"""Operations on sets equal those of Python's sets, with languages written out."""

import random
from itertools import product

import pytest

from neurontui.store.errors import UsageError
from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.neuron_set import NeuronSet
from neurontui.store.neuron_sets.operations import Operation, combine
from tests.store.neuron_sets.sets import LAYERS, named

CODES = ("en", "zh", "th")
PLAIN = {"intersect": set.__and__, "union": set.__or__, "subtract": set.__sub__}


def _written_out(neurons: NeuronSet) -> set[tuple[int, int, str]]:
    """A row for each language; all languages are those of CODES."""
    return {(n.layer, n.neuron, code) for n in neurons.neurons for code in ([n.language] if n.language else CODES)}


def _random(name: str, seed: int, codes: tuple[str | None, ...]) -> NeuronSet:
    drawn = random.Random(seed)
    return named(name, *(triple for triple in product(range(3), range(5), codes) if drawn.random() < 0.5))


@pytest.mark.parametrize("operation", PLAIN)
def test_operations_are_those_of_plain_sets(operation: Operation) -> None:
    for seed, codes in enumerate([CODES, (None,), (*CODES, None)]):
        first = _random("a", seed, codes)
        second = _random("b", seed + 10, codes if operation != "subtract" else (None,) if None in codes else CODES)
        expected = PLAIN[operation](_written_out(first), _written_out(second))
        assert _written_out(combine(operation, first, second, "c")) == expected


def test_all_languages_without_one_cannot_be_written() -> None:
    with pytest.raises(UsageError, match="Neuron 4 of layer 1 is in 'a' for all languages and in 'b' only for some"):
        combine("subtract", named("a", (1, 4), (0, 3)), named("b", (1, 4, "en")), "c")
    kept = combine("subtract", named("a", (1, 4), (0, 3)), named("b", (1, 5, "en"), (0, 3)), "c")
    assert kept.places() == {(1, 4)}


def test_nothing_is_no_set() -> None:
    with pytest.raises(UsageError, match="intersect of 'a' and 'b' has no neurons"):
        combine("intersect", named("a", (1, 4, "en")), named("b", (1, 4, "de")), "c")


def test_sets_of_other_layers_are_not_combined() -> None:
    other = (*LAYERS, Layer(3, "decoder", 3, 12))
    with pytest.raises(UsageError, match="other layers"):
        combine("union", named("a", (1, 4), layers=LAYERS), named("b", (1, 4), layers=other), "c")
    both = combine("union", named("a", (1, 4)), named("b", (2, 4), layers=LAYERS), "c")
    assert (both.description.model, both.description.layers) == ("tiny", LAYERS)
    assert both.description.source == "union of a and b"
