"""The neurons of a run whose value vectors are projected on the vocabulary, and how many of them by default.

The projection of one neuron costs as much as V / 12 H tokens in one block of the model, so with a vocabulary of 262,144
tokens, that of all neurons can take longer than the measurement.
"""

from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.journal_queries import neurons_by_rank

PERSISTENT = 20
"""Number of neurons per type and layer that count as the most persistent."""
SHARE = 0.05
"""Share of a run's multiplications that the projection may take by default."""
ALWAYS = 10**10
"""Multiplications that it may take in every run, about half a second: all neurons of a small model."""
_OF_A_BLOCK = 12
"""Multiplications per token of a block with H dimensions, in units of H²: 4 of attention, at least 8 of the FFN."""


def neurons_a_layer(config: RunConfig, model: ModelFacts, n_tokens: int, passes: float) -> int | None:
    """Most neurons of each layer to project; None if the run measures no scores.

    n_tokens: of all prompts of the run. passes: forward passes over each prompt. Both are the same on every machine and
    for every engine, so the neurons are too.
    """
    if not {"contribution", "attribution"} & set(config.measures):
        return None
    if config.vocabulary_neurons is not None:
        return config.vocabulary_neurons
    layers = max(1, len(model.layers))
    run = _OF_A_BLOCK * model.width**2 * layers * n_tokens * passes
    of_a_neuron = max(1, model.n_tokens * model.width)
    return max(1, int(max(SHARE * run, ALWAYS) / of_a_neuron / layers))


def neurons_for_vocabulary(journal: Journal, per_layer: int) -> list[tuple[int, int]]:
    """Sorted (layer, neuron): at most `per_layer` of each layer.

    Candidates are the neurons in top_neurons, by the sum of their contribution scores there, and the most persistent
    ones of each type. One of each type comes with every four of the most contributing, so that a few neurons contain
    those that the explorer opens first.
    """
    return sorted(neurons_by_rank(journal, PERSISTENT, per_layer))
