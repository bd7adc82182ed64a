"""Run every condition on a batch and write down each input's outcome.

Prompts are tokenised once, and a forward's worth of inputs goes through all conditions before the next one.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.ablation.interventions import Result, Trial
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import AblationInputs, Sets
from neurontui.compute.answers.predict import Predictions, passes, prepare
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.microbatches import Rows, run_halving
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Condition


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
    ablation_inputs = AblationInputs(batch, loaded.ffns, capture, masks, options, named)
    prepared = prepare(loaded, batch, targets, options.answers)
    found: dict[tuple[int, int], Result] = {}

    def step(rows: Rows) -> None:
        for part in passes(loaded, prepared, rows):
            trial = Trial(loaded, prepared, part, Sets(ablation_inputs, part), options, means or {})
            for condition in conditions:
                known = baseline if condition.kind == "baseline" else None
                results = trial.run(condition, known)
                found.update(((condition.condition, row), each) for row, each in zip(part, results, strict=True))

    run_halving(prepared.costs, prepared.groups, options.answers.token_budget, step)
    return {"ablation_examples": _table(batch, conditions, found)}


def _check(conditions: Sequence[Condition], means: Mapping[int, Tensor] | None) -> None:
    if means is None and any(each.value == "mean" for each in conditions):
        raise MeasureError(
            "Activations cannot be set to their mean before it is known; survey the run first and pass its means."
        )


def _table(batch: Batch, conditions: Sequence[Condition], found: Mapping[tuple[int, int], Result]) -> pa.Table:
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
