"""A pass over all examples before an ablation that depends on all of them: majority types, selected sets, moments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from neurontui.compute.ablation.selection.rules import RULES
from neurontui.compute.ablation.selection.sets import SelectedSets, select_sets
from neurontui.compute.ablation.selection.statistics import Statistics, SurveyedPart, added, statistics_of
from neurontui.compute.ablation.values import SURVEYED, parse_values
from neurontui.compute.answers.predict import prepare
from neurontui.compute.answers.targets import AnswerBook, Targets, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.masks import TYPES, pack_tensor, type_codes
from neurontui.compute.measures.skip_invalid import NothingValidError, measure_valid
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import capture
from neurontui.compute.models.passes.replacements import KINDS, LAST
from neurontui.compute.models.passes.weight_sums import Moments, WeightSums, sum_weights
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import (
    answer_options,
    attribution_options,
    capture_options,
    gradient_options,
    selection_options,
)
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class Survey:
    """Results over all examples; None if the ablation does not need them."""

    types: tuple[Tensor, ...] | None = None
    """Per layer (d_m,): code of each neuron's most frequent type; in a tie, the type with more active languages."""
    selected: SelectedSets | None = None
    moments: Moments | None = None
    """Means and standard deviations of the weights of value vectors."""


@dataclass(frozen=True)
class Surveyed:
    """Counts and sums over some examples; they can be added."""

    counts: tuple[Tensor, ...]
    """Per layer (types, d_m) int64: number of examples in which each neuron has each type."""
    weights: WeightSums
    """Sums of the weights of value vectors; empty if no value needs them."""
    n_inputs: int
    statistics: Statistics = field(default_factory=dict)
    """What the rules select sets from."""

    def __add__(self, other: "Surveyed") -> "Surveyed":
        return Surveyed(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            self.weights + other.weights,
            self.n_inputs + other.n_inputs,
            added(self.statistics, other.statistics),
        )


def needs_survey(config: RunConfig) -> bool:
    """Whether the ablation of a run depends on all examples."""
    depends = config.ablation_set == "global" or bool(config.ablation_sets) or needs_weights(config)
    return "ablation" in config.measures and depends


def needs_weights(config: RunConfig) -> bool:
    """Whether the survey reads all prompts once more, for the weights of value vectors at every token."""
    return any(value.name in SURVEYED for value in parse_values(config.ablation_value))


def survey(
    config: RunConfig, loaded: LoadedModel, batch: Batch, book: AnswerBook | None = None, progress: Phase = SILENT
) -> Surveyed:
    """Run the prompts of a batch once, part by part; repeated in a later session, it gives the same numbers.

    With --skip-bad, examples whose answers cannot be measured are left out too, as in the measurement; that needs
    `book`. Without --skip-bad, the check of the prompts has already refused them.
    """
    options = replace(capture_options(config), any_token=False)
    quantities = tuple(dict.fromkeys(RULES[name].quantity for name in config.ablation_sets or ()))

    def measure(part: Batch) -> tuple[SurveyedPart, WeightSums]:
        targets = Targets((None,) * len(part.prompts)) if book is None else find_targets(loaded, part, book)
        if config.skip_bad and book is not None and book.has_answers:
            prepare(loaded, part, targets, answer_options(config))
        captured = capture(loaded, part, options, counted)
        scoring, differentiating = attribution_options(config), gradient_options(config)
        surveyed = SurveyedPart(loaded, part, captured, targets, options.threshold, scoring, differentiating)
        if not needs_weights(config):
            return surveyed, WeightSums()
        encoded = encode_batch(loaded, part)
        return surveyed, sum_weights(loaded, encoded, len(part.languages), options.token_budget, counted)

    total, parts = _nothing(loaded.layers), list(batch.parts(config.examples_at_once))
    counted = progress.within("part", len(parts))
    for done, part in enumerate(parts):
        counted.reach(done)
        try:
            (valid, weights), _ = measure_valid(part, measure, skip_bad=config.skip_bad)
        except NothingValidError:
            continue
        counts = tuple(_type_counts(activations > options.threshold) for activations in valid.capture.activations)
        n_inputs = valid.capture.n_tokens.numel()
        total += Surveyed(counts, weights, n_inputs, statistics_of(valid, quantities))
    return total


def conclude(
    config: RunConfig, layers: Sequence[Layer], languages: Sequence[str], surveyed: Iterable[Surveyed]
) -> Survey:
    """Combine all batches, in order; raises MeasureError if none has an example that can be measured."""
    total = sum(surveyed, start=_nothing(layers))
    if not total.n_inputs:
        raise MeasureError("No example can be measured.")
    if needs_weights(config):
        _require_tokens(config, languages, total.weights)
    return Survey(
        types=tuple(map(_majority, total.counts)) if config.ablation_set == "global" else None,
        selected=select_sets(selection_options(config, languages), total.statistics, layers, config.ablation_layers)
        if config.ablation_sets
        else None,
        moments=total.weights.moments(layers, config.ablation_scope) if needs_weights(config) else None,
    )


def _require_tokens(config: RunConfig, languages: Sequence[str], weights: WeightSums) -> None:
    """Raise MeasureError if a language, whose means others get, has no token of a kind of which another has one."""
    for value in parse_values(config.ablation_value):
        for n in weights.n.values() if value.name == "mean-of" else ():
            lacking = ((n[languages.index(str(value.language))] == 0) & (n > 0).any(0)).tolist()
            if any(lacking[LAST if config.ablation_scope == "last" else 0 :]):
                raise MeasureError(
                    f"Prompts in '{value.language}' are too short for --ablation-value {value.text}: none has a token "
                    f"of the kind '{KINDS[lacking.index(True)]}', which other prompts have; use --ablation-scope last."
                )


def _nothing(layers: Sequence[Layer]) -> Surveyed:
    counts = tuple(torch.zeros(len(TYPES), layer.n_neurons, dtype=torch.int64) for layer in layers)
    return Surveyed(counts, WeightSums(), 0)


def _type_counts(active: Tensor) -> Tensor:
    """(types, d_m): number of examples in which each neuron has each type. active: (E, P, d_m)."""
    codes = type_codes(pack_tensor(active), active.shape[1])
    return torch.stack([(codes == code).sum(0) for code in range(len(TYPES))]).cpu()


def _majority(counts: Tensor) -> Tensor:
    """(d_m,): the type with the largest count; in a tie, the last in the order of TYPES."""
    return len(TYPES) - 1 - counts.flip(0).argmax(0)
