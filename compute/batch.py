"""Data that passes through a measurement: a batch of examples, and the activity of the model's FFNs on it.

Rows are ordered example by example, language by language: row = position of the example × P + bit of the language.
All P languages of an example are in the same batch, so masks are complete within a batch.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from neurontui.compute.tasks.example import Example


@dataclass(frozen=True)
class Batch:
    """Some examples of a run in all P languages, not yet tokenized."""

    number: int
    """0-based; part of the shard's name."""
    indices: tuple[int, ...]
    """Index of each example in the run."""
    folds: tuple[int, ...]
    """Fold of each example's cluster, 0 to 19."""
    examples: tuple[Example, ...]
    languages: tuple[str, ...]

    @property
    def prompts(self) -> list[str]:
        """All E·P prompts in row order."""
        return [example.prompts[code] for example in self.examples for code in self.languages]

    @property
    def answer_languages(self) -> list[str]:
        """The language of the answer to each prompt, in row order."""
        return [example.answer_language or code for example in self.examples for code in self.languages]

    @property
    def subjects(self) -> list[str | None]:
        """The subject of each prompt as it is written there, in row order; None if it is not named."""
        return [example.spans.get(code) for example in self.examples for code in self.languages]

    def parts(self, size: int) -> Iterator["Batch"]:
        """The batch in parts of at most `size` examples, the number that is held in memory at the same time."""
        for start in range(0, len(self.examples), size):
            yield self.only(range(start, min(start + size, len(self.examples))))

    def without(self, positions: Collection[int]) -> "Batch":
        """All examples except those at some positions."""
        return self.only([i for i in range(len(self.examples)) if i not in positions])

    def only(self, positions: Sequence[int]) -> "Batch":
        """The examples at some positions."""
        return replace(
            self,
            indices=tuple(self.indices[i] for i in positions),
            folds=tuple(self.folds[i] for i in positions),
            examples=tuple(self.examples[i] for i in positions),
        )


def unplanned(examples: Sequence[Example], languages: Sequence[str]) -> Batch:
    """Examples as a batch that is only tokenized, not measured."""
    n = len(examples)
    return Batch(0, tuple(range(n)), (0,) * n, tuple(examples), tuple(languages))


@dataclass(frozen=True)
class Capture:
    """FFN activity of one batch. Lists run over the layers of the run, in order (`LoadedModel.layers`)."""

    activations: list[Tensor]
    """Per layer (E, P, d_m): A, right after the nonlinearity, at the token of measurement; the model's dtype."""
    weights: list[Tensor]
    """Per layer (E, P, d_m): input of the value matrix there; the very same tensors as `activations` where ungated."""
    active_tokens: list[Tensor] | None
    """Per layer (E, P, d_m) int32: at how many real prompt tokens A > threshold; None if not requested."""
    near_zero: list[int]
    """Per layer: pre-activations at the token of measurement within the dtype's rounding of the threshold."""
    n_tokens: Tensor
    """(E, P) int64: real tokens of each prompt."""
    last_tokens: list[str]
    """E·P texts of the token of measurement, in row order."""
    scales: Mapping[int, Tensor] = field(default_factory=dict)
    """Per layer with a norm behind its FFN (E, P) float32: what the norm multiplied the FFN's output by, as 1 / rms."""
