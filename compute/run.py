"""A run from its choices to its rows in the results file: load, plan, measure what is missing, merge.

The journal keeps every finished batch, so the same call goes on where a killed one stopped.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from neurontui.compute.ablation.conditions import ablation_notes, plan_conditions
from neurontui.compute.ablation.survey import conclude, needs_survey
from neurontui.compute.ablation.user_sets import language_notes
from neurontui.compute.batch import Batch
from neurontui.compute.batch_plan import batch_size, plan
from neurontui.compute.checks.files import require_files
from neurontui.compute.checks.prompts import require_readable
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.base import Engine, WorkerInfo, open_engine
from neurontui.compute.estimate.throughput import passes_per_example
from neurontui.compute.measures.measurer import Ablation
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.measures.vocabulary_neurons import neurons_for_vocabulary
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import Progress
from neurontui.compute.run_key import default_name, manifest_of, run_key
from neurontui.compute.run_options import ablation_options, task_options
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.text_checks import text_warnings
from neurontui.store.errors import InputError, MeasureError
from neurontui.store.journal.journal import Journal, cost, existing_manifest
from neurontui.store.journal.manifest import Manifest
from neurontui.store.merge.existing_run import merged_run
from neurontui.store.merge.merge import merge


@dataclass(frozen=True)
class Finished:
    """What came of a run."""

    run: int
    """Its number in the results file."""
    name: str
    n_examples: int
    measured: bool
    """False where the results file had it already."""


def run(config: RunConfig, progress: Progress) -> Finished:
    """Measure one model on one task and merge the result; raises NeurontuiError subclasses."""
    data = load_task(config.task, task_options(config))
    warnings = text_warnings(example.prompts for example in data.examples)
    for note in (*data.notes, *warnings):
        progress.say(note)
    require_answers(config, data)
    require_files(config, data.languages)
    with open_engine(config, data, progress) as engine:
        model = engine.worker_info.model
        progress.say(model.placement)
        ablation = _ablation(config, model, data.languages)
        name = config.name or default_name(data, model)
        there = merged_run(config.out, key := run_key(config, data, model), wait=progress.say)
        if there is not None and not config.force:
            return Finished(there, name, len(data.examples), measured=False)
        report = engine.check_prompts()
        require_readable(report, skip_bad=config.skip_bad)
        for note in report.notes:
            progress.say(note)
        earlier = existing_manifest(config.out, name, key)
        size = _batch_size(config, data, engine.worker_info, ablation, earlier)
        batches = plan(data, size)
        manifest = manifest_of(replace(config, batch_examples=size), data, model, ablation.conditions, len(batches))
        notes = (
            *manifest.notes,
            *(("prompts", sentence) for sentence in (*warnings, *report.notes)),
            *engine.worker_info.answer_notes,
            *ablation_notes(ablation.conditions),
            *language_notes(ablation.options.user_sets, data.languages),
            *_limits(config, model, data),
        )
        with Journal.open(config.out, replace(manifest, notes=notes)) as journal:
            _measure_missing(config, engine, ablation, batches, journal, progress)
            _require_measured(journal)
            _finish(config, engine, journal)
    number = merge(journal.path, config.out, keep=config.keep, wait=progress.say, force=config.force)
    return Finished(number, name, len(data.examples), measured=True)


def require_inputs(config: RunConfig) -> None:
    """Raise what `run` would raise before it loads its model: for runs that follow others, asked before the first."""
    data = load_task(config.task, task_options(config))
    require_answers(config, data)
    require_files(config, data.languages)


def require_answers(config: RunConfig, data: TaskData) -> None:
    """Raise InputError where a measure needs answers and the task has none."""
    if any(each.answers for each in data.examples):
        return
    if "ablation" in config.measures:
        raise InputError(
            f"The task {data.task} has no answers, and without them an ablation has no accuracy to compare; "
            "add answers, or leave ablation out of --measures."
        )
    if "attribution" in config.measures:
        raise InputError(
            f"The task {data.task} has no answers, and effective scores are about the answer; add answers, "
            "or ask for --measures contribution."
        )


def _limits(config: RunConfig, model: ModelFacts, data: TaskData) -> Iterator[tuple[str, str]]:
    """What a reader of the run will look for in vain, and why: (topic, sentence) pairs."""
    yield from (("model", each) for each in model.notes)
    if len(data.languages) > HISTOGRAM_LANGUAGES:
        yield (
            "data",
            f"With more than {HISTOGRAM_LANGUAGES} languages masks are too many to count by kind: types, scores and "
            "Figure 6 are told over all languages together; type ratios of some of them come from the masks of each "
            "neuron, without intervals.",
        )
    if config.ablation_examples is not None and "ablation" in config.measures:
        n = min(config.ablation_examples, len(data.examples))
        yield ("ablation", f"Ablated are the first {n:,} of {len(data.examples):,} examples.")


def _ablation(config: RunConfig, model: ModelFacts, languages: Sequence[str]) -> Ablation:
    if "ablation" not in config.measures:
        return Ablation()
    options = ablation_options(config, model.layers, languages)
    return Ablation(plan_conditions(options, model.layers, len(languages)), options)


def _batch_size(
    config: RunConfig,
    data: TaskData,
    worker_info: WorkerInfo,
    ablation: Ablation,
    earlier: Manifest | None,
) -> int:
    """As the sitting before had it, as asked, or as fits the model's pace: batches cut otherwise do not fit together."""
    if earlier is not None and isinstance(earlier.settings.get("batch_examples"), int):
        return int(earlier.settings["batch_examples"])
    if config.batch_examples is not None:
        return config.batch_examples
    times = passes_per_example(config, data, len(ablation.conditions))
    return batch_size(len(data.examples), worker_info.seconds_per_pass * times)


def _measure_missing(
    config: RunConfig,
    engine: Engine,
    ablation: Ablation,
    batches: list[Batch],
    journal: Journal,
    progress: Progress,
) -> None:
    finished = journal.finished
    missing = [each for each in batches if each.number not in finished]
    if not missing:
        return
    if needs_survey(config):
        found = conclude(config, journal.manifest.layers, engine.survey(batches))
        options = replace(ablation.options, global_types=found.types)
        ablation = replace(ablation, options=options, means=found.means)
    total = sum(len(each.indices) for each in batches)
    progress.begin(journal.manifest.name, total, total - sum(len(each.indices) for each in missing))
    try:
        engine.measure(ablation, missing, journal, progress)
    finally:
        progress.end()


def _require_measured(journal: Journal) -> None:
    _, tokens = cost(journal.path)
    if not tokens:
        raise MeasureError(
            f"No example of {journal.manifest.name} can be measured: all are left out by --skip-bad; without it the run "
            "stops at the first and says why."
        )


def _finish(config: RunConfig, engine: Engine, journal: Journal) -> None:
    if not {"contribution", "attribution"} & set(config.measures):
        return
    began = time.monotonic()
    tables = engine.vocabulary(neurons_for_vocabulary(journal))
    if tables:
        journal.write_final(tables, time.monotonic() - began)
