"""Average precision of neurons as detectors of a language (Kojima et al. 2024), exact over all inputs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from neurontui.store.errors import UsageError
from neurontui.store.journal.manifest import Layer

MOST_BYTES = 4 << 30
"""Activations of all inputs that are kept in main memory; a run with more is refused."""
_VALUES_AT_ONCE = 1 << 24


def average_precision(values: Tensor) -> Tensor:
    """Of each neuron as a detector of each language, (P, d), float64.

    values: (E, P, d) activations. Sum of the increases of recall times the precision after each, from the largest
    activation down; inputs with equal activations are added together, so their order does not matter.
    """
    step = max(1, _VALUES_AT_ONCE // (values.shape[0] * values.shape[1]))
    return torch.cat([_of_few(part) for part in values.split(step, dim=-1)], dim=-1)  # type: ignore[no-untyped-call]


def require_room(n_examples: int, n_languages: int, layers: Sequence[Layer], itemsize: int) -> None:
    """Raise UsageError if the activations of all inputs are too large to be kept."""
    size = n_examples * n_languages * sum(layer.n_neurons for layer in layers) * itemsize
    if size > MOST_BYTES:
        raise UsageError(
            f"--ablation-sets average-precision keeps the activations of all inputs, {size / 2**30:.1f} GiB here, and "
            f"at most {MOST_BYTES / 2**30:g} GiB are allowed; use --limit, fewer languages, or lape."
        )


def _of_few(values: Tensor) -> Tensor:
    n_examples, n_languages, _ = values.shape
    flat = values.flatten(0, 1).T.contiguous()  # (d, E·P)
    ordered, order = flat.sort(dim=-1, descending=True)
    ends = torch.ones_like(ordered, dtype=torch.bool)
    ends[:, :-1] = ordered[:, :-1] != ordered[:, 1:]
    place = torch.arange(flat.shape[1])
    last = place.expand_as(order).masked_fill(~ends, len(place)).flip(-1).cummin(-1).values.flip(-1)
    # Of each input, the number of inputs with at least its activation; then, by language, how many are its own.
    n_above = torch.empty_like(order).scatter_(1, order, last + 1)
    own = n_above.view(-1, n_examples, n_languages).permute(2, 0, 1).contiguous().sort(dim=-1).values
    n_own = torch.searchsorted(own, own, right=True)
    return (n_own / own.double()).sum(-1) / n_examples
