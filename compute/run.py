"""A run from its options to its rows in the results file: load, plan, measure the missing batches, merge.

The journal keeps every finished batch, so rerunning the same call resumes an interrupted run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from neurontui.compute.ablation.conditions import ablation_notes, plan_conditions
from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.selection.average_precision import require_room
from neurontui.compute.ablation.selection.conditions import selection_notes
from neurontui.compute.ablation.selection.options import group_of
from neurontui.compute.ablation.survey import conclude, needs_survey
from neurontui.compute.ablation.user_sets import language_notes
from neurontui.compute.ablation.values import FROM_PROMPTS, parse_values, require_data, require_model
from neurontui.compute.batch import Batch
from neurontui.compute.batch_plan import batch_size, plan
from neurontui.compute.checks.files import require_files
from neurontui.compute.checks.prompts import require_readable
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.run import run_corpus
from neurontui.compute.engines.base import Engine, WorkerInfo
from neurontui.compute.engines.factory import open_engine
from neurontui.compute.estimate.throughput import passes_per_example
from neurontui.compute.measures.measurer import Ablation, Tables
from neurontui.compute.measures.notes import Note
from neurontui.compute.measures.token_values import is_kept, n_values, token_requests
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.measures.vocabulary_neurons import neurons_a_layer, neurons_for_vocabulary
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import Phase, Progress, phase_of
from neurontui.compute.run_key import default_name, manifest_of, run_key
from neurontui.compute.run_options import ablation_options, require_supported, task_options
from neurontui.compute.run_steps import Filed, Finished, merge_run, say_all, write_final
from neurontui.compute.tasks.corpus.corpus import TASK as CORPUS
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.folds import folds
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.text_checks import text_warnings
from neurontui.store.errors import InputError, MeasureError
from neurontui.store.journal.journal import Journal, cost, existing_manifest
from neurontui.store.journal.position import PositionFile
from neurontui.store.merge.existing_run import merged_run

TOKENS = {
    "subject": "the last token of the subject in each prompt",
    "first-generated": "the first token that the model generates after each prompt, which counts as a token of it",
}
"""Tokens of measurement other than the last one of the prompt, in words."""


def run(config: RunConfig, progress: Progress) -> Finished:
    """Measure one model on one task and merge the result; raises NeurontuiError subclasses."""
    measured = run_corpus if config.task == CORPUS else _run
    try:
        return measured(config, progress, phase_of(progress))
    finally:
        progress.show(())


def _run(config: RunConfig, progress: Progress, phase: Phase) -> Finished:
    phase.within("reading the task")
    data = load_task(config.task, task_options(config))
    warnings = text_warnings(example.prompts for example in data.examples)
    say_all(progress, (*data.notes, *warnings))
    require_material(config, data)
    require_files(config, data.languages)
    with open_engine(config, data, progress) as engine:
        info = engine.worker_info
        progress.say(info.model.placement)
        require_supported(config, info.model)
        ablation = _ablation(config, info.model, data)
        _require_memory(config, data, info.model)
        key, name = run_key(config, data, info.model), config.name or default_name(config, data, info.model)
        merged = merged_run(config.out, key, wait=progress.say)
        if merged is not None and not config.force:
            return Finished(merged, name, len(data.examples), measured=False)
        report = engine.check_prompts(phase)
        require_readable(report, skip_bad=config.skip_bad)
        say_all(progress, report.notes)
        size = _batch_size(config, data, info, ablation, name, key)
        batches = plan(data, size)
        passes = passes_per_example(config, data, len(ablation.conditions), len(info.model.layers))
        per_layer = neurons_a_layer(config, info.model, report.n_tokens, passes)
        n_prompts = len(data.examples) * len(data.languages)
        kept = is_kept(config, n_values(config, info.model, len(data.examples), n_prompts, report.n_tokens))
        manifest = manifest_of(
            config,
            data,
            info.model,
            key=key,
            name=name,
            conditions=ablation.conditions,
            n_batches=len(batches),
            batch_examples=size,
            notes=tuple(_notes(config, data, info, ablation, (*warnings, *report.notes))),
            vocabulary_neurons=per_layer,
            token_values=kept,
        )
        with Journal.open(config.out, manifest) as journal:
            filed = Filed(progress, PositionFile(journal.path))
            _measure_missing(config, engine, ablation, batches, journal, filed)
            _require_measured(journal)
            pieces = [_vocabulary(per_layer, engine, journal, phase_of(filed))]
            if kept:
                pieces.append(_token_values(engine, batches, journal, phase_of(filed)))
            write_final(journal, chain.from_iterable(pieces))
    return Finished(merge_run(config, journal, progress, phase), name, len(data.examples), measured=True)


def require_inputs(config: RunConfig) -> None:
    """Raise every error that `run` raises before it loads its model; for a list of runs, checked before the first."""
    data = load_task(config.task, task_options(config))
    require_material(config, data)
    require_files(config, data.languages)


def require_material(config: RunConfig, data: TaskData) -> None:
    """Raise InputError if a measure needs answers, or the token of measurement subjects, and the task has none.

    Raises UsageError for a value of an ablation that does not fit the data.
    """
    if "ablation" in config.measures:
        clusters = [example.cluster for example in data.examples]
        require_data(parse_values(config.ablation_value), data.languages, clusters)
    if config.token == "subject" and not any(example.spans for example in data.examples):  # noqa: S105
        raise InputError(
            f"The task {data.task} names no subject in its prompts, so --token subject has no token to read; "
            "use --token last, or a task file with spans."
        )
    groups = {group_of(fold) for fold in folds(data.examples)}
    if config.ablation_sets and not config.ablation_sets_in_sample and len(groups) < 2:
        raise InputError(
            f"All examples of {data.task} are of one cluster, so there are no others to select sets of neurons on; "
            "use more examples, or --ablation-sets-in-sample."
        )
    if any(example.answers for example in data.examples):
        return
    if "ablation" in config.measures:
        raise InputError(
            f"The task {data.task} has no answers, so an ablation has no accuracy to compare; "
            "add answers, or remove ablation from --measures."
        )
    if "gradient" in config.measures:
        raise InputError(
            f"The task {data.task} has no answers, and the gradient is that of the answer's log-probability; add "
            "answers, or remove gradient from --measures."
        )
    if "attribution" in config.measures:
        raise InputError(
            f"The task {data.task} has no answers, and effective scores are about the answer; add answers, "
            "or use --measures contribution."
        )


def _require_memory(config: RunConfig, data: TaskData, model: ModelFacts) -> None:
    """Raise UsageError if a rule needs more activations in memory than are allowed."""
    if "average-precision" in (config.ablation_sets or ()):
        itemsize = 4 if model.dtype == "float32" else 2
        require_room(len(data.examples), len(data.languages), model.layers, itemsize)


def _notes(
    config: RunConfig, data: TaskData, info: WorkerInfo, ablation: Ablation, about_prompts: Iterable[str]
) -> Iterator[Note]:
    """Notes that are known before the first batch."""
    yield from (("data", text) for text in data.notes)
    yield from (("prompts", text) for text in about_prompts)
    if config.chat:
        yield (
            "chat",
            "Each prompt is the user's turn in the model's chat template; activity is read before its answer.",
        )
    if config.token in TOKENS:
        yield ("token", f"Activity is measured at {TOKENS[config.token]}; 'last token' in titles means that token.")
    if config.token == "subject" and "attribution" in config.measures:  # noqa: S105
        yield (
            "token",
            "Effective scores compare what a neuron writes at the subject with the answer's embedding; it reaches the "
            "logits only through attention.",
        )
    yield from info.answer_notes
    yield from _truth_notes(config, len(data.examples))
    yield from ablation_notes(ablation.conditions, ablation.options.judge)
    yield from selection_notes(ablation.options.selection)
    yield from language_notes(ablation.options.user_sets, data.languages)
    yield from (("model", text) for text in info.model.notes)
    yield from _post_norm_notes(config, info.model)
    if len(data.languages) > HISTOGRAM_LANGUAGES:
        yield (
            "data",
            f"With more than {HISTOGRAM_LANGUAGES} languages, mask histograms are replaced by counts of active "
            "languages and language pairs: types, scores and Figure 6 cover all languages together; type ratios of a "
            "subset of languages are computed from the masks of each neuron, without intervals.",
        )
    if config.ablation_examples is not None and "ablation" in config.measures:
        n = min(config.ablation_examples, len(data.examples))
        yield ("ablation", f"The ablation covers the first {n:,} of {len(data.examples):,} examples.")


def _truth_notes(config: RunConfig, n_examples: int) -> Iterator[Note]:
    if config.truth_neurons:
        yield (
            "attribution",
            f"Exact effects are those of {config.truth_neurons:,} neurons of each layer, chosen at random, on the "
            f"first {min(config.truth_examples, n_examples):,} of {n_examples:,} examples.",
        )


def _post_norm_notes(config: RunConfig, model: ModelFacts) -> Iterator[Note]:
    """A note on scores of a model with a norm or a constant factor behind its FFNs."""
    if model.post_norms:
        verb = "include" if config.post_norm else "exclude"
        yield (
            "attribution",
            f"Contribution and effective scores {verb} the norm or constant factor between FFN and residual stream "
            f"({model.post_norms} of {len(model.layers)} layers).",
        )


def _ablation(config: RunConfig, model: ModelFacts, data: TaskData) -> Ablation:
    if "ablation" not in config.measures:
        return Ablation()
    options = ablation_options(config, model.layers, data.languages)
    require_model(options.values, routed=model.routed)
    donors = Donors(data.examples, config.seed) if any(v.name in FROM_PROMPTS for v in options.values) else None
    return Ablation(plan_conditions(options, model.layers, len(data.languages)), options, donors=donors)


def _batch_size(config: RunConfig, data: TaskData, info: WorkerInfo, ablation: Ablation, name: str, key: str) -> int:
    """Examples per batch: those of an interrupted run, whose batches must match; else as requested or estimated."""
    earlier = existing_manifest(config.out, name, key)
    requested = (earlier and earlier.batch_examples) or config.batch_examples
    if requested is not None:
        return requested
    passes = passes_per_example(config, data, len(ablation.conditions), len(info.model.layers))
    return batch_size(len(data.examples), info.seconds_per_pass * passes)


def _measure_missing(
    config: RunConfig,
    engine: Engine,
    ablation: Ablation,
    batches: list[Batch],
    journal: Journal,
    progress: Progress,
) -> None:
    finished = journal.finished
    missing = [batch for batch in batches if batch.number not in finished]
    if not missing:
        return
    if needs_survey(config):
        counted = phase_of(progress).within("survey before the ablation").within("batch", len(batches))
        languages, layers = journal.manifest.languages, journal.manifest.layers
        survey = conclude(config, layers, languages, engine.survey(batches, counted))
        options = replace(ablation.options, global_types=survey.types, selected=survey.selected)
        ablation = replace(ablation, options=options, moments=survey.moments)
    if finished:
        progress.say(f"{journal.manifest.name}: resuming after {len(finished):,} of {len(batches):,} batches")
    measuring = phase_of(progress).within(journal.manifest.name)
    engine.measure(ablation, missing, journal, progress, measuring.within("batch", len(batches), len(finished)))
    progress.say(f"{journal.manifest.name}: {sum(len(batch.indices) for batch in batches):,} examples measured")


def _require_measured(journal: Journal) -> None:
    _, tokens = cost(journal.path)
    if not tokens:
        raise MeasureError(
            f"No example of {journal.manifest.name} can be measured: --skip-bad leaves out all of them; without it, "
            "the run stops at the first one and reports the reason."
        )


def _vocabulary(per_layer: int | None, engine: Engine, journal: Journal, phase: Phase) -> Iterator[Tables]:
    if per_layer:
        projecting = phase.within("tokens that neurons promote")
        yield engine.vocabulary(neurons_for_vocabulary(journal, per_layer), projecting)


def _token_values(engine: Engine, batches: list[Batch], journal: Journal, phase: Phase) -> Iterator[Tables]:
    requests = token_requests(journal, batches)
    yield from engine.token_values(requests, phase.within("activity at every token").within("batch", len(requests)))
