"""The neurons that a condition ablates, for each input of a batch.

An input's set depends only on its own masks, scores and random numbers, never on the rest of the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from neurontui.compute.ablation.matching import (
    Pairs,
    Ranked,
    equal_doses,
    matched_control,
    pairs_of_like,
)
from neurontui.compute.ablation.options import AblationOptions, UserSet
from neurontui.compute.ablation.random_numbers import fractions, random_keys, smallest
from neurontui.compute.ablation.selection.options import group_of
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.masks import TYPES, active_in, type_codes
from neurontui.compute.measures.scores import contribution_scores, value_norms, weighted_norms
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.store.journal.manifest import Condition

Off = dict[int, Tensor]
"""Per layer (R, d_m) bool: True ablates a neuron for that input."""


@dataclass(frozen=True)
class AblationInputs:
    """The data from which the sets of a batch are chosen."""

    batch: Batch
    ffns: Sequence[FFN]
    capture: Capture
    masks: Sequence[Tensor]
    """Per layer (E, d_m), from `pack_tensor`."""
    options: AblationOptions
    user_sets: dict[int, UserSet]
    """By condition."""

    @cached_property
    def norms(self) -> list[Tensor]:
        """Per layer (d_m,) length of what v_i adds to the residual stream, up to a factor per input."""
        # Offloaded weights (`device_map`) are in main memory, their activations on a GPU.
        return [
            value_norms(ffn.written_vectors()).to(masks.device)
            for ffn, masks in zip(self.ffns, self.masks, strict=True)
        ]


@dataclass
class Sets:
    """The sets of some inputs of a batch, under any condition."""

    ablation_inputs: AblationInputs
    rows: Sequence[int]
    """Which of the batch's E·P inputs."""
    _ranked: dict[int, Ranked] = field(default_factory=dict)
    _pairs: dict[tuple[str, int], Pairs] = field(default_factory=dict)

    def off(self, condition: Condition) -> Off:
        """The sets of a condition, for the layers that it ablates."""
        layers = condition.layers
        if layers is None:
            layers = tuple(ffn.layer.layer for ffn in self.ablation_inputs.ffns)
        if condition.kind == "user":
            return self._user(condition, layers)
        make = {
            "type": self._kind,
            "random": self._random,
            "matched": self._matched,
            "dose": self._dose,
            "layer": self._whole,
            "selected": self._kind,
        }[condition.kind]
        return {layer: make(condition, layer) for layer in layers}

    def _whole(self, _condition: Condition, layer: int) -> Tensor:
        """All neurons of the layer."""
        size = self.ablation_inputs.ffns[layer].layer.n_neurons
        return torch.ones(len(self.rows), size, dtype=torch.bool, device=self._device(layer))

    def _kind(self, condition: Condition, layer: int) -> Tensor:
        """The input's neurons of a type, equal for all languages of an example; or those of a set."""
        if condition.rule is not None:
            return self._selected(condition, layer)
        assert condition.type is not None
        code = TYPES.index(condition.type)
        chosen = self.ablation_inputs.options.global_types
        if chosen is not None:
            types = chosen[layer].to(self._device(layer))[None].expand(len(self.rows), -1)
        else:
            types = type_codes(self._masks(layer), len(self.ablation_inputs.batch.languages))
        return types == code

    def _pool(self, condition: Condition, layer: int) -> Tensor:
        """Neurons that are active in the input's language and not of the type; or all others than those of a set."""
        if condition.rule is not None:
            return ~self._selected(condition, layer)
        bits = [row % len(self.ablation_inputs.batch.languages) for row in self.rows]
        language = torch.tensor(bits, device=self._device(layer))
        return active_in(self._masks(layer), language) & ~self._kind(condition, layer)

    def _selected(self, condition: Condition, layer: int) -> Tensor:
        """The set for the group that the input's example is in."""
        sets, batch = self.ablation_inputs.options.selected, self.ablation_inputs.batch
        assert sets is not None
        assert condition.rule is not None
        assert condition.set_language is not None
        groups = [group_of(batch.folds[row // len(batch.languages)]) for row in self.rows]
        return sets.of(condition.rule, condition.set_language, layer, groups).to(self._device(layer))

    def _random(self, condition: Condition, layer: int) -> Tensor:
        """A random share of the layer, equal for all languages of an example; larger shares include smaller ones."""
        assert condition.fraction is not None
        keys = self._keys(condition, layer)
        return smallest(keys, round(condition.fraction * keys.shape[1]))

    def _matched(self, condition: Condition, layer: int) -> Tensor:
        kind, pool = self._kind(condition, layer), self._pool(condition, layer)
        return matched_control(self._contributions(layer), kind, pool)

    def _dose(self, condition: Condition, layer: int) -> Tensor:
        assert condition.fraction is not None
        assert condition.type is not None
        key, chance = (condition.type, layer), fractions(self._keys(condition, layer))
        if key not in self._pairs:
            kind, pool = self._kind(condition, layer), self._pool(condition, layer)
            scores = self._contributions(layer).scores
            self._pairs[key] = pairs_of_like(scores, kind, pool, chance)
        own, control = equal_doses(self._pairs[key], max(1, round(condition.fraction * chance.shape[1])), chance)
        return own if condition.matched_to is None else control

    def _user(self, condition: Condition, layers: Sequence[int]) -> Off:
        """The user's neurons for all languages and for the input's language."""
        named = self.ablation_inputs.user_sets[condition.condition]
        return {layer: self._named(named, layer) for layer in sorted(named.layers & set(layers))}

    def _named(self, named: UserSet, layer: int) -> Tensor:
        languages = self.ablation_inputs.batch.languages
        size = self.ablation_inputs.ffns[layer].layer.n_neurons
        by_language = torch.zeros(len(languages), size, dtype=torch.bool)
        for neuron in named.neurons:
            if neuron.layer == layer:
                meant = slice(None) if neuron.language is None else languages.index(neuron.language)
                by_language[meant, neuron.neuron] = True
        return by_language.to(self._device(layer))[[row % len(languages) for row in self.rows]]

    def _masks(self, layer: int) -> Tensor:
        n = len(self.ablation_inputs.batch.languages)
        return self.ablation_inputs.masks[layer][[row // n for row in self.rows]]

    def _keys(self, condition: Condition, layer: int) -> Tensor:
        assert condition.seed is not None
        batch = self.ablation_inputs.batch
        examples = sorted({row // len(batch.languages) for row in self.rows})
        ids = [batch.examples[example].id for example in examples]
        size = self.ablation_inputs.ffns[layer].layer.n_neurons
        keys = random_keys(condition.seed, ids, layer, size, self._device(layer))
        return keys[[examples.index(row // len(batch.languages)) for row in self.rows]]

    def _contributions(self, layer: int) -> Ranked:
        """Contribution scores of the inputs, (R, d_m)."""
        if layer not in self._ranked:
            weights = self.ablation_inputs.capture.weights[layer].flatten(0, 1)[list(self.rows)].float()
            raw = weighted_norms(weights, self.ablation_inputs.norms[layer])
            self._ranked[layer] = Ranked.sort(contribution_scores(raw))
        return self._ranked[layer]

    def _device(self, layer: int) -> torch.device:
        return self.ablation_inputs.masks[layer].device
