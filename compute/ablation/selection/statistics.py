"""What the selection rules need of each neuron, by language and group of folds: sums over inputs, or activations.

Kept by group, so that a set can be selected without the examples that it is tested on. All sums can be added.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import torch
from torch import Tensor

from neurontui.compute.ablation.selection.options import group_of
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.answer_direction import Directions, answer_directions
from neurontui.compute.measures.attribution import AttributionOptions, folding_for, score_layer, written_weights
from neurontui.compute.measures.gradients import GradientOptions, Gradients, gradients
from neurontui.compute.measures.norm_folding import Folding
from neurontui.compute.measures.score_sums import Scores
from neurontui.compute.models.loaded_model import LoadedModel


@dataclass(frozen=True)
class Sums:
    """Sums of one quantity over some inputs."""

    n: tuple[Tensor, ...]
    """Per layer (P,) int64: inputs of each language for which the quantity is defined."""
    totals: tuple[Tensor, ...]
    """Per layer (P, d_m) float64."""

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(_added(self.n, other.n), _added(self.totals, other.totals))


@dataclass(frozen=True)
class Kept:
    """Activations of some inputs, for rules that compare inputs with one another."""

    values: tuple[Tensor, ...]
    """Per layer (E, P, d_m), in the model's dtype."""

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(tuple(torch.cat(pair) for pair in zip(self.values, other.values, strict=True)))


ACTIVATIONS = "activations"
"""The quantity that is kept, not summed."""
Statistics = Mapping[tuple[int, str], Sums | Kept]
"""(group, name of the quantity) -> its sums over the examples of the group, or its values there."""


@dataclass(frozen=True)
class SurveyedPart:
    """Some examples after their forward pass."""

    loaded: LoadedModel
    batch: Batch
    capture: Capture
    targets: Targets
    threshold: float
    options: AttributionOptions
    gradient_options: GradientOptions = field(default_factory=GradientOptions)

    def activity(self, index: int) -> tuple[Tensor, Tensor | None]:
        """Whether each neuron is active, (E, P, d_m)."""
        return self.capture.activations[index] > self.threshold, None

    def contribution(self, index: int) -> tuple[Tensor, Tensor | None]:
        """Contribution scores, (E, P, d_m)."""
        return self._scores(index).cs.transpose(1, 2), None

    def effect(self, index: int) -> tuple[Tensor, Tensor | None]:
        """Effective scores (E, P, d_m), and for which inputs there are some, (E, P) bool."""
        scores = self._scores(index)
        if scores.es is None:
            return torch.zeros_like(self.capture.weights[index], dtype=torch.float32), torch.zeros_like(scores.known)
        return scores.es.transpose(1, 2), scores.known

    def gradient(self, index: int) -> tuple[Tensor, Tensor | None]:
        """w · ∂ log p(answer) / ∂w, (E, P, d_m), and which inputs have an answer, (E, P) bool."""
        shape = self.capture.weights[index].shape
        answered = torch.tensor(
            [target is not None for target in self.targets.rows], device=self._gradients[index].device
        )
        return self._gradients[index].view(shape), answered.view(shape[:2])

    @cached_property
    def _gradients(self) -> list[Tensor]:
        """Per layer (E·P, d_m) float32; zeros for inputs without an answer."""
        layers = [torch.zeros_like(weights, dtype=torch.float32).flatten(0, 1) for weights in self.capture.weights]

        def take(part: Gradients) -> None:
            for layer, products in zip(layers, part.layers, strict=True):
                layer[list(part.rows)] = products.to(layer.device)

        gradients(self.loaded, self.batch, self.targets, self.gradient_options, take)
        return layers

    def _scores(self, index: int) -> Scores:
        weights = written_weights(self.capture, index, self.options)
        return score_layer(self.loaded.ffns[index], weights, self._directions, self._folding, self.options)

    @cached_property
    def _directions(self) -> Directions:
        return answer_directions(self.loaded, self.targets, self.options.direction)

    @cached_property
    def _folding(self) -> Folding | None:
        return folding_for(self.loaded, self.batch, self.options)


QUANTITIES: dict[str, Callable[[SurveyedPart, int], tuple[Tensor, Tensor | None]]] = {
    "activity": SurveyedPart.activity,
    "contribution": SurveyedPart.contribution,
    "effect": SurveyedPart.effect,
    "gradient": SurveyedPart.gradient,
}
"""What is summed. Each returns its values of a layer, (E, P, d_m), and the inputs with one, (E, P) bool; None: all."""


def statistics_of(part: SurveyedPart, names: Sequence[str]) -> Statistics:
    """Sums or values of some quantities over a part, by group."""
    groups = [group_of(fold) for fold in part.batch.folds]
    return {
        (group, name): gathered
        for name in names
        for group, gathered in (_kept if name == ACTIVATIONS else _summed)(part, name, groups).items()
    }


def added(first: Statistics, second: Statistics) -> Statistics:
    """Both together."""
    merged = dict(first)
    for key, sums in second.items():
        merged[key] = _together(merged[key], sums) if key in merged else sums
    return merged


def pooled(statistics: Statistics, name: str, without: int | None) -> Sums | Kept | None:
    """One quantity over all groups, or all but one; None if they have no example.

    The other groups are added up, not subtracted from the whole: not even by rounding does a set depend on its test.
    """
    parts = [sums for (group, of), sums in sorted(statistics.items(), key=_key) if of == name and group != without]
    return reduce(_together, parts) if parts else None


def _together(first: Sums | Kept, second: Sums | Kept) -> Sums | Kept:
    if isinstance(first, Kept):
        assert isinstance(second, Kept)
        return first + second
    assert isinstance(second, Sums)
    return first + second


def _key(item: tuple[tuple[int, str], Sums | Kept]) -> tuple[int, str]:
    return item[0]


def _kept(part: SurveyedPart, _name: str, groups: Sequence[int]) -> dict[int, Sums | Kept]:
    rows = {group: [i for i, own in enumerate(groups) if own == group] for group in groups}
    activations = part.capture.activations
    return {group: Kept(tuple(values[own].cpu() for values in activations)) for group, own in rows.items()}


def _summed(part: SurveyedPart, name: str, groups: Sequence[int]) -> dict[int, Sums | Kept]:
    of_group: dict[int, list[tuple[Tensor, Tensor]]] = {group: [] for group in groups}
    for index in range(len(part.loaded.ffns)):
        values, defined = QUANTITIES[name](part, index)
        for group, n, total in _sums(values, defined, groups):
            of_group[group].append((n, total))
    return {
        group: Sums(tuple(n for n, _ in layers), tuple(total for _, total in layers))
        for group, layers in of_group.items()
    }


def _sums(values: Tensor, defined: Tensor | None, groups: Sequence[int]) -> Iterator[tuple[int, Tensor, Tensor]]:
    for group in sorted(set(groups)):
        rows = torch.tensor([g == group for g in groups], device=values.device)
        there = torch.ones_like(values[rows][..., 0], dtype=torch.bool) if defined is None else defined[rows]
        own = values[rows] * there[..., None]
        yield group, there.sum(0).cpu(), own.sum(0, dtype=torch.float64).cpu()


def _added(first: Sequence[Tensor], second: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))
