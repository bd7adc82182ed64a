"""Sum scores over groups of neurons, and groups over groups: from (example, mask) follow types and fold × mask."""

from dataclasses import dataclass

import torch
from torch import Tensor

N_TOP, CS, RAW, ES, ES_SQUARED = range(5)
"""Columns of `Sums.sums`."""


@dataclass(frozen=True)
class Scores:
    """Scores of all neurons of a layer, (E, P, d_m) each."""

    raw: Tensor
    cs: Tensor
    top: Tensor
    es: Tensor | None
    known: Tensor
    """(E, P) bool: inputs that have effective scores."""


@dataclass(frozen=True)
class Sums:
    """Sums over G groups of neurons in P languages; extremes are infinite where a group has no such score."""

    n: Tensor
    """(G,) int64."""
    sums: Tensor
    """(G, P, 5) float64: n_top, cs, raw, es, es²."""
    cs_max: Tensor
    """(G, P), as the next two."""
    es_min: Tensor
    es_max: Tensor

    def merge(self, into: Tensor, n_groups: int) -> "Sums":
        """Sums over larger groups. into: (G,) which of them each group belongs to."""
        return Sums(
            n=self.n.new_zeros(n_groups).index_add_(0, into, self.n),
            sums=self.sums.new_zeros(n_groups, *self.sums.shape[1:]).index_add_(0, into, self.sums),
            cs_max=_extreme(self.cs_max, into, n_groups, "amax"),
            es_min=_extreme(self.es_min, into, n_groups, "amin"),
            es_max=_extreme(self.es_max, into, n_groups, "amax"),
        )


def sum_groups(scores: Scores, groups: Tensor, n_groups: int) -> Sums:
    """Sum over neurons. groups: (E, d_m) the group of each neuron in each example, 0 to n_groups − 1."""
    into = groups.reshape(-1)
    columns = [scores.top, scores.cs, scores.raw]
    if scores.es is not None:
        columns += [scores.es, scores.es.double().square()]
    summed = scores.cs.new_zeros(n_groups, scores.cs.shape[1], 5, dtype=torch.float64)
    table = torch.empty(
        (len(into), scores.cs.shape[1], len(columns)), dtype=torch.float64, device=into.device
    )
    for i, column in enumerate(columns):
        table[..., i] = _by_neuron(column)
    summed[..., : len(columns)] = _added(table, into, n_groups)
    return Sums(
        n=torch.bincount(into, minlength=n_groups),
        sums=summed,
        cs_max=_extreme(_by_neuron(scores.cs), into, n_groups, "amax"),
        es_min=_extreme(_by_neuron(_es_or(scores, torch.inf)), into, n_groups, "amin"),
        es_max=_extreme(_by_neuron(_es_or(scores, -torch.inf)), into, n_groups, "amax"),
    )


def sum_examples(scores: Scores) -> Sums:
    """Sum each neuron over examples: its groups are the d_m neurons."""
    columns = [scores.top, scores.cs, scores.raw]
    if scores.es is not None:
        columns += [scores.es, scores.es.double().square()]
    n_examples, n_languages, n_neurons = scores.cs.shape
    summed = scores.cs.new_zeros(n_neurons, n_languages, 5, dtype=torch.float64)
    for i, column in enumerate(columns):
        summed[..., i] = column.sum(0, dtype=torch.float64).T
    return Sums(
        n=torch.full((n_neurons,), n_examples, device=summed.device),
        sums=summed,
        cs_max=scores.cs.amax(0).T,
        es_min=_es_or(scores, torch.inf).amin(0).T,
        es_max=_es_or(scores, -torch.inf).amax(0).T,
    )


def _added(table: Tensor, into: Tensor, n_groups: int) -> Tensor:
    return table.new_zeros(n_groups, *table.shape[1:]).index_add_(0, into, table)


def _by_neuron(values: Tensor) -> Tensor:
    """(E, P, d_m) as (E·d_m, P)."""
    return values.transpose(1, 2).reshape(-1, values.shape[1])


def _es_or(scores: Scores, missing: float) -> Tensor:
    """Effective scores (E, P, d_m), `missing` where an input has none."""
    if scores.es is None:
        return torch.full_like(scores.cs, missing)
    return scores.es.masked_fill(~scores.known[..., None], missing)


def _extreme(values: Tensor, into: Tensor, n_groups: int, reduce: str) -> Tensor:
    start = -torch.inf if reduce == "amax" else torch.inf
    found = values.new_full((n_groups, values.shape[1]), start)
    return found.scatter_reduce_(0, into[:, None].expand_as(values), values, reduce)
