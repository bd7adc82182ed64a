"""Run every condition on a batch and write down each input's outcome.

Prompts are tokenised once; every condition costs about one forward over them, from which its generated and its ranked
answers go on. Conditions that leave the prompt alone but for its last token go on from the baseline's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import Material, Sets
from neurontui.compute.answers.decoder import Decoder, Reading
from neurontui.compute.answers.judge import Outcome
from neurontui.compute.answers.predict import (
    Predictions,
    Prepared,
    answer,
    padded_prompts,
    passes,
    prepare,
)
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.intervene import ablate
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.microbatches import Rows, run_halving
from neurontui.compute.models.tokenise import Tokens
from neurontui.store.errors import MeasureError
from neurontui.store.manifest import Condition


@dataclass(frozen=True)
class _Result:
    outcome: Outcome
    n_ablated: int


@torch.inference_mode()
def ablation_tables(
    loaded: LoadedModel,
    batch: Batch,
    capture: Capture,
    masks: Sequence[Tensor],
    conditions: tuple[Condition, ...],
    targets: Targets,
    options: AblationOptions,
    *,
    baseline: Predictions | None = None,
    means: Mapping[int, Tensor] | None = None,
) -> dict[str, pa.Table]:
    """Shard table ablation_examples: a row a condition, example and language.

    masks: per layer (E, d_m), from `pack_tensor`. baseline: what `predict` found, so that it is not asked again.
    means: per layer (d_m,) the mean activation, for conditions that set it.
    """
    _check(conditions, means)
    users = [each.condition for each in conditions if each.kind == "user"]
    named = dict(zip(users, options.user_sets, strict=True))
    material = Material(batch, loaded.ffns, capture, masks, options, named)
    prepared = prepare(loaded, batch, targets, options.answers)
    found: dict[tuple[int, int], _Result] = {}

    def step(rows: Rows) -> None:
        for part in passes(loaded, prepared, rows):
            trial = _Trial(loaded, prepared, part, Sets(material, part), options, means or {})
            for condition in conditions:
                known = baseline if condition.kind == "baseline" else None
                results = trial.run(condition, known)
                found.update(
                    ((condition.condition, row), each)
                    for row, each in zip(part, results, strict=True)
                )

    run_halving(prepared.costs, options.answers.token_budget, step)
    return {"ablation_examples": _table(batch, conditions, found)}


@dataclass
class _Trial:
    """Some inputs of a batch, asked again under every condition."""

    loaded: LoadedModel
    prepared: Prepared
    rows: Rows
    sets: Sets
    options: AblationOptions
    means: Mapping[int, Tensor]
    _tokens: Tokens | None = None
    _baseline: Reading | None = None

    def run(self, condition: Condition, known: Predictions | None) -> list[_Result]:
        if known is not None:
            return [_Result(known.rows[row], 0) for row in self.rows]
        if condition.kind == "baseline":
            return self._with_counts(self._ask(Decoder(self.loaded)), [0] * len(self.rows))
        off = self.sets.off(condition)
        values = self.means if condition.value == "mean" else {}
        with ablate(self.loaded.ffns, off, values=values, scope=condition.scope) as intervention:
            outcomes = self._ask(Decoder(self.loaded, intervention))
        counts = sum((each.sum(-1).cpu() for each in off.values()), torch.zeros(len(self.rows)))
        return self._with_counts(outcomes, [int(n) for n in counts])

    def _ask(self, decoder: Decoder) -> list[Outcome]:
        reading, logits = decoder.read(self.tokens, self.prepared.room)
        return answer(decoder, self.prepared, self.rows, self.options.answers, reading, logits)

    @property
    def tokens(self) -> Tokens:
        if self._tokens is None:
            self._tokens = padded_prompts(self.loaded, self.prepared, self.rows)
        return self._tokens

    def _with_counts(self, outcomes: Sequence[Outcome], counts: Sequence[int]) -> list[_Result]:
        return [_Result(each, n) for each, n in zip(outcomes, counts, strict=True)]


def _check(conditions: Sequence[Condition], means: Mapping[int, Tensor] | None) -> None:
    if means is None and any(each.value == "mean" for each in conditions):
        raise MeasureError(
            "Activations cannot be set to their mean before it is known; measure it with mean_activations first."
        )


def _table(
    batch: Batch, conditions: Sequence[Condition], found: Mapping[tuple[int, int], _Result]
) -> pa.Table:
    rows = range(len(batch.prompts))
    keys = [(each.condition, row) for each in conditions for row in rows]
    results = [found[key] for key in keys]
    n = len(batch.languages)
    outcomes = [each.outcome for each in results]
    return pa.table(
        {
            "condition": pa.array([condition for condition, _ in keys], pa.int32()),
            "example": pa.array([batch.indices[row // n] for _, row in keys], pa.int32()),
            "language": [batch.languages[row % n] for _, row in keys],
            "prediction": pa.array([each.prediction for each in outcomes], pa.string()),
            "correct": pa.array([each.correct for each in outcomes], pa.bool_()),
            "rank_correct": pa.array([each.rank_correct for each in outcomes], pa.bool_()),
            "valid": pa.array([each.valid for each in outcomes], pa.bool_()),
            "answer_logprob": pa.array([each.answer_logprob for each in outcomes], pa.float64()),
            "n_ablated": pa.array([each.n_ablated for each in results], pa.int32()),
        }
    )
