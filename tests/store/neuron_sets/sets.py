"""Small sets for tests."""

from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.neuron_set import Description, Neuron, NeuronSet, unique_neurons

LAYERS = tuple(Layer(number, "decoder", number, 12) for number in range(3))
NEURONS = (Neuron(0, 3, "en"), Neuron(0, 3, "zh"), Neuron(1, 4), Neuron(2, 11, "zh"))


def named(
    name: str, *neurons: tuple[int, int] | tuple[int, int, str | None], layers: tuple[Layer, ...] = ()
) -> NeuronSet:
    """A set of (layer, neuron) or (layer, neuron, language)."""
    model = "tiny" if layers else None
    return NeuronSet(
        name, unique_neurons(Neuron(*neuron) for neuron in neurons), Description("test", None, model, layers)
    )
