"""What the weights of some inputs are replaced by, under any condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.values import FROM_PROMPTS, SURVEYED, Value, parse_value
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.microbatches import Rows
from neurontui.compute.models.passes.prompt_weights import read_weights
from neurontui.compute.models.passes.replacements import ByKind, Replacement, Source
from neurontui.compute.models.passes.weight_sums import Moments
from neurontui.compute.models.prompts.tokenize import Encoded
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Condition


@dataclass(frozen=True)
class BatchSources:
    """What all conditions of a batch need."""

    loaded: LoadedModel
    languages: tuple[str, ...]
    options: AblationOptions
    moments: Moments | None
    """On the devices of the layers."""
    prompts: Mapping[Value, Sequence[Encoded]]
    """By value, in row order."""

    @classmethod
    def of(
        cls,
        loaded: LoadedModel,
        batch: Batch,
        conditions: Sequence[Condition],
        options: AblationOptions,
        moments: Moments | None,
        donors: Donors | None,
    ) -> "BatchSources":
        """Raises MeasureError without the moments or donors that a condition needs."""
        values = dict.fromkeys(parse_value(condition.value) for condition in conditions)
        if moments is None and any(value.name in SURVEYED for value in values):
            raise MeasureError("Weights cannot be set to their mean without a survey of the run; pass its moments.")
        prompts = {}
        for value in values:
            if value.name in FROM_PROMPTS:
                if donors is None:
                    raise MeasureError("Weights cannot be replaced by those of other prompts without `donors`.")
                prompts[value] = donors.prompts(loaded, batch, value)
        return cls(loaded, batch.languages, options, moments, prompts)


@dataclass
class Sources:
    """The replacements for some inputs of a batch; weights of other prompts are read once for all conditions."""

    batch: BatchSources
    rows: Rows
    _replacements: dict[Value, Replacement] = field(default_factory=dict)

    def replacement(self, condition: Condition) -> Replacement:
        """What a condition replaces weights by. Runs the model if they are those of other prompts."""
        value = parse_value(condition.value)
        if value not in self._replacements:
            factor = {"scale": value.number, "add": 1.0}.get(value.name, 0.0)
            self._replacements[value] = Replacement(factor, self._source(value), prompt_only=value.name == "patch")
        return self._replacements[value]

    def _source(self, value: Value) -> Source | None:
        if value.name in FROM_PROMPTS:
            return self._from_prompts(value)
        if value.name not in SURVEYED:
            return None
        moments = self.batch.moments
        assert moments is not None
        if value.name == "add":
            tables = {layer: (value.number * sd).expand(1, 3, -1) for layer, sd in moments.deviations.items()}
            return ByKind(tables, torch.zeros(len(self.rows), dtype=torch.long))
        return ByKind(moments.means, self._languages(value))

    def _languages(self, value: Value) -> Tensor:
        """(R,) the language whose mean each input gets: its own, or the one of the value."""
        languages = self.batch.languages
        own = [row % len(languages) for row in self.rows]
        return torch.tensor(own if value.language is None else [languages.index(value.language)] * len(own))

    def _from_prompts(self, value: Value) -> Source:
        loaded, options = self.batch.loaded, self.batch.options
        encoded = [self.batch.prompts[value][row] for row in self.rows]
        layers = options.layers or [layer.layer for layer in loaded.layers]
        return read_weights(
            loaded, encoded, layers, options.answers.token_budget, last_only=options.scope == "last"
        )  # fmt: skip
