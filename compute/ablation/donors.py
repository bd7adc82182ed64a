"""The prompts whose weights replace those of another prompt: of another example, or of another language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from neurontui.compute.ablation.random_numbers import random_keys
from neurontui.compute.ablation.values import Value
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import Encoded, InvalidPromptError, encode_batch
from neurontui.compute.tasks.example import Example
from neurontui.store.errors import MeasureError

_NO_LAYER = -1
"""Stands for the layer where random numbers are about examples."""


@dataclass(frozen=True)
class Donors:
    """All examples of a run, from which other examples are drawn."""

    examples: Sequence[Example]
    seed: int = 0

    def prompts(self, loaded: LoadedModel, batch: Batch, value: Value) -> list[Encoded]:
        """For each row of a batch the prompt whose weights it gets under a value, resample or patch.

        resample: another example of another cluster, in the row's language, the same one for all languages. Drawn by
        the ids of examples and the seed, so it does not depend on the batch. patch: the row's own example.
        """
        if value.name == "patch":
            encoded, n = encode_batch(loaded, batch), len(batch.languages)
            source = batch.languages.index(str(value.language))
            return [encoded[row - row % n + source] for row in range(len(encoded))]
        return [prompt for example in batch.examples for prompt in self._other(loaded, example, batch.languages)]

    def _other(self, loaded: LoadedModel, example: Example, languages: Sequence[str]) -> list[Encoded]:
        """The prompts of the first candidate that can be measured."""
        for candidate in self._candidates(example):
            try:
                return encode_batch(loaded, unplanned([candidate], languages))
            except InvalidPromptError:  # left out with --skip-bad, refused without it
                continue
        raise MeasureError(
            f"No other example can replace the weights of example '{example.id}', because all belong to its cluster "
            "or cannot be measured; remove resample from --ablation-value."
        )

    def _candidates(self, example: Example) -> Iterator[Example]:
        keys = random_keys(self.seed, [example.id], _NO_LAYER, len(self.examples), torch.device("cpu"))[0]
        for index in keys.argsort().tolist():
            if self.examples[index].cluster != example.cluster:
                yield self.examples[index]
