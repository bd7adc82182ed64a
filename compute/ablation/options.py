"""Options of an ablation."""

from dataclasses import dataclass, field

from torch import Tensor

from neurontui.compute.ablation.selection.options import SelectionOptions
from neurontui.compute.ablation.selection.sets import SelectedSets
from neurontui.compute.ablation.values import ZERO, Value
from neurontui.compute.answers.predict import AnswerOptions
from neurontui.compute.measures.masks import TYPES

RANDOM_FRACTIONS = (0.05, 0.15, 0.25, 0.55, 0.75)
DOSES = (0.01, 0.02, 0.05)
_BY_WEIGHT = TYPES[::-1]
"""All-shared first, as in the paper's tables."""


@dataclass(frozen=True)
class UserNeuron:
    """A neuron chosen by the user, for inputs in one language, or in all languages if it is None."""

    layer: int
    neuron: int
    language: str | None = None


@dataclass(frozen=True)
class UserSet:
    """Neurons chosen by the user."""

    label: str
    neurons: tuple[UserNeuron, ...]

    @property
    def layers(self) -> frozenset[int]:
        """Layers with a neuron of the set."""
        return frozenset(neuron.layer for neuron in self.neurons)


@dataclass(frozen=True)
class AblationOptions:
    """Which neurons are ablated, where, and how answers are judged."""

    types: tuple[str, ...] = _BY_WEIGHT
    fractions: tuple[float, ...] = RANDOM_FRACTIONS
    seeds: int = 3
    """Random sets per fraction."""
    matched: tuple[str, ...] = ("all-shared", "partial-shared", "specific")
    """Types with a control of equal size; most neurons are non-activated, so there is none for that type."""
    dosed: tuple[str, ...] = _BY_WEIGHT
    """Types of which equal doses are compared with the control, which is too small to match the whole type."""
    doses: tuple[float, ...] = DOSES
    user_sets: tuple[UserSet, ...] = ()
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    """Sets that are selected from data."""
    selected: SelectedSets | None = None
    """Those sets, once the run has been surveyed."""
    prompt_baseline: tuple[str, ...] = ()
    """Languages that prompts ask for the answer in, without any neuron changed."""
    scope: str = "all"
    """all: every position; last: the last prompt token and generated tokens."""
    values: tuple[Value, ...] = (Value(ZERO),)
    """What the weights of a set are replaced by; one condition of each set for each value."""
    layers: tuple[int, ...] | None = None
    seed: int = 0
    global_types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,) type codes: one set per type for all examples, instead of each example's own types."""
    judge: str = "teacher-forced"
    """How answers are judged: teacher-forced or generated."""
    answers: AnswerOptions = field(default_factory=AnswerOptions)
