"""What a user can choose about an ablation."""

from dataclasses import dataclass, field

from torch import Tensor

from neurontui.compute.answers.predict import AnswerOptions
from neurontui.compute.measures.masks import TYPES

RANDOM_FRACTIONS = (0.05, 0.15, 0.25, 0.55, 0.75)
DOSES = (0.01, 0.02, 0.05)
_BY_WEIGHT = TYPES[::-1]
"""All-shared first, as in the paper's tables."""


@dataclass(frozen=True)
class UserNeuron:
    """A neuron that a user names, for inputs in one language, or in all of them where it is None."""

    layer: int
    neuron: int
    language: str | None = None


@dataclass(frozen=True)
class UserSet:
    """Neurons that a user names."""

    label: str
    neurons: tuple[UserNeuron, ...]

    @property
    def layers(self) -> frozenset[int]:
        """Layers with a neuron of the set."""
        return frozenset(neuron.layer for neuron in self.neurons)


@dataclass(frozen=True)
class AblationOptions:
    """Which neurons are switched off, where, and how answers are judged."""

    types: tuple[str, ...] = _BY_WEIGHT
    fractions: tuple[float, ...] = RANDOM_FRACTIONS
    seeds: int = 3
    """Random sets a fraction."""
    matched: tuple[str, ...] = ("all-shared", "partial-shared", "specific")
    """Types with a control of as many neurons; most neurons are non-activated, so they never have one."""
    dosed: tuple[str, ...] = _BY_WEIGHT
    """Types of which equal doses are compared with their control, because it is too small to match all of them."""
    doses: tuple[float, ...] = DOSES
    user_sets: tuple[UserSet, ...] = ()
    scope: str = "all"
    """all: every position; last: the last prompt token and what is generated."""
    value: str = "0"
    """What A is set to: 0, or mean, its mean over inputs (pass `means`)."""
    layers: tuple[int, ...] | None = None
    seed: int = 0
    global_types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,) type codes: one set a type for all examples, in place of each example's own."""
    answers: AnswerOptions = field(default_factory=AnswerOptions)
