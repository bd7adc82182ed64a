"""Sets of neurons selected from data: one for each rule, language and group of test examples."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neurontui.compute.ablation.selection.options import N_GROUPS, SelectionOptions
from neurontui.compute.ablation.selection.rules import RULES, Keys, Rule
from neurontui.compute.ablation.selection.statistics import Statistics, pooled
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class SelectedSets:
    """The sets of a run."""

    members: Mapping[tuple[str, str], tuple[Tensor, ...]] = field(default_factory=dict)
    """(rule, language) -> per layer (5, d_m) bool: the set for examples of each group."""

    def of(self, rule: str, language: str, layer: int, groups: Sequence[int]) -> Tensor:
        """(R, d_m) bool: the set for inputs whose examples are in these groups."""
        return self.members[rule, language][layer][list(groups)]


def select_sets(
    options: SelectionOptions, statistics: Statistics, layers: Sequence[Layer], ablated: Sequence[int] | None
) -> SelectedSets:
    """Select all sets; `ablated`: layers that sets are in, None for all.

    Raises MeasureError if a set would have no examples to be selected on.
    """
    sizes = [layer.n_neurons for layer in layers]
    usable = torch.cat([torch.full((layer.n_neurons,), ablated is None or layer.layer in ablated) for layer in layers])
    members = {}
    for name in options.rules:
        chosen = torch.stack([_chosen(options, RULES[name], statistics, group, usable) for group in range(N_GROUPS)])
        for bit, language in enumerate(options.languages):
            members[name, language] = torch.split(chosen[:, bit], sizes, dim=1)
    return SelectedSets(members)


def _chosen(options: SelectionOptions, rule: Rule, statistics: Statistics, group: int, usable: Tensor) -> Tensor:
    """(P, N) bool: the sets for the examples of a group."""
    gathered = pooled(statistics, rule.quantity, without=None if options.in_sample else group)
    if gathered is None:
        raise MeasureError(
            "All examples that can be measured are in one group of clusters, so there are no others to select sets "
            "of neurons on; use more examples, or --ablation-sets-in-sample."
        )
    size = round(options.share * int(usable.sum()))
    return torch.stack(list(_first(rule.keys(gathered), usable, size)))


def _first(keys: Keys, usable: Tensor, size: int) -> Iterator[Tensor]:
    """For each language the first `size` usable neurons; in a tie, those of the first layers."""
    for bit in range(len(keys[0])):
        order = torch.arange(len(usable))
        for key in reversed(keys):
            order = order[key[bit][order].sort(descending=True, stable=True).indices]
        allowed = usable & (keys[0][bit] > -torch.inf)
        chosen = torch.zeros_like(usable)
        chosen[order[allowed[order]][:size]] = True
        yield chosen
