"""The neurons of a run whose tokens are stored in neuron_vocabulary."""

from neurontui.store.journal.journal import Journal
from neurontui.store.journal.journal_queries import persistent_neurons, top_neurons

PERSISTENT = 20
"""Number of neurons per type and layer that count as the most persistent."""


def neurons_for_vocabulary(journal: Journal) -> list[tuple[int, int]]:
    """Sorted (layer, neuron) of the neurons in top_neurons and of the most persistent neurons of each type."""
    return sorted({*top_neurons(journal), *persistent_neurons(journal, PERSISTENT)})
