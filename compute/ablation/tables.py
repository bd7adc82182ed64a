"""Run every ablation condition on a batch and record the outcome of each input.

Prompts are tokenized once, and the inputs of one forward pass go through all conditions before the next inputs.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.interventions import Result, Trial
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.prompt_baseline import answers_asked_in
from neurontui.compute.ablation.sets import AblationInputs, Sets
from neurontui.compute.ablation.sources import BatchSources, Sources
from neurontui.compute.answers.judge import Outcome
from neurontui.compute.answers.output_language import detector
from neurontui.compute.answers.predict import Predictions, passes, passes_per_answer, prepare
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.passes.weight_sums import Moments
from neurontui.compute.progress import SILENT, Phase
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
    moments: Moments | None = None,
    donors: Donors | None = None,
    progress: Phase = SILENT,
) -> dict[str, pa.Table]:
    """Shard table ablation_examples: one row per condition, example and language.

    masks: per layer (E, d_m), from `pack_tensor`. baseline: result of `predict`, reused for the baseline condition if
    answers are generated; otherwise the baseline is judged by teacher forcing like all other conditions.
    moments, donors: for conditions whose values depend on other prompts; raises MeasureError without them.
    """
    devices = {ffn.layer.layer: of_layer.device for ffn, of_layer in zip(loaded.ffns, masks, strict=True)}
    sources = BatchSources.of(loaded, batch, conditions, options, moments and moments.to(devices), donors)
    users = [condition.condition for condition in conditions if condition.kind == "user"]
    named = dict(zip(users, options.user_sets, strict=True))
    ablation_inputs = AblationInputs(batch, loaded.ffns, capture, masks, options, named)
    prepared = prepare(loaded, batch, targets, options.answers)
    result_of: dict[tuple[int, int], Result] = {}
    asking = [condition for condition in conditions if condition.kind == "prompt"]
    intervening = [condition for condition in conditions if condition.kind != "prompt"]
    # All conditions cost about the same; those without a changed prompt are measured together, group by group.
    whole = progress.within("", len(conditions))
    counted = whole.within("group of prompts", span=len(intervening))

    def step(rows: Rows) -> None:
        parts = passes(loaded, prepared, rows)
        lengths = counted.within("length", len(parts))
        for part in parts:
            trial = Trial(loaded, prepared, part, Sets(ablation_inputs, part), options, Sources(sources, part))
            of_conditions = lengths.within("condition", len(intervening))
            for condition in intervening:
                generated = condition.kind == "baseline" and options.judge == "generated"
                reused = baseline if generated else None
                with followed(loaded.ffns, of_conditions, at_most=passes_per_answer(options.answers)):
                    results = trial.run(condition, reused)
                of_conditions.advance()
                result_of.update(
                    ((condition.condition, row), result) for row, result in zip(part, results, strict=True)
                )
            lengths.advance()

    run_halving(prepared.costs, prepared.groups, options.answers.token_budget, step, counted)
    for number, condition in enumerate(asking):
        whole.reach(len(intervening) + number)
        counted = whole.within("prompt baseline")
        asked = answers_asked_in(loaded, batch, condition.set_language or "", targets, options, counted)
        result_of |= {(condition.condition, row): result for row, result in asked.items()}
    generated = options.judge == "generated"
    return {"ablation_examples": _table(batch, conditions, result_of, generated=generated)}


def _table(
    batch: Batch,
    conditions: Sequence[Condition],
    result_of: Mapping[tuple[int, int], Result],
    *,
    generated: bool,
) -> pa.Table:
    rows = range(len(batch.prompts))
    keys = [(condition.condition, row) for condition in conditions for row in rows]
    results = [result_of[key] for key in keys]
    n = len(batch.languages)
    outcomes = [result.outcome for result in results]
    return pa.table(
        {
            "condition": pa.array([condition for condition, _ in keys], pa.int32()),
            "example": pa.array([batch.indices[row // n] for _, row in keys], pa.int32()),
            "language": [batch.languages[row % n] for _, row in keys],
            "prediction": pa.array([outcome.prediction for outcome in outcomes], pa.string()),
            "correct": pa.array([outcome.correct for outcome in outcomes], pa.bool_()),
            "rank_correct": pa.array([outcome.rank_correct for outcome in outcomes], pa.bool_()),
            "valid": pa.array([outcome.valid for outcome in outcomes], pa.bool_()),
            "answer_logprob": pa.array([outcome.answer_logprob for outcome in outcomes], pa.float64()),
            "n_ablated": pa.array([result.n_ablated for result in results], pa.int32()),
            "first_rank": pa.array([outcome.first_rank for outcome in outcomes], pa.int32()),
            "n_first": pa.array([outcome.n_first for outcome in outcomes], pa.int32()),
            "output_language": pa.array(_languages(batch, outcomes, generated=generated), pa.string()),
        }
    )


def _languages(batch: Batch, outcomes: Sequence[Outcome], *, generated: bool) -> list[str | None]:
    """The detected language of each prediction; None if it is only the known beginning of an answer."""
    if not generated:
        return [None] * len(outcomes)
    detect = detector(frozenset((*batch.languages, *batch.answer_languages)))
    return [detect(outcome.prediction) for outcome in outcomes]
