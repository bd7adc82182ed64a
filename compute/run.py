"""A run from its choices to its rows in the results file: load, plan, measure what is missing, merge.

The journal keeps every finished batch, so the same call goes on where a killed one stopped.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from neurontui.compute.ablation.conditions import ablation_notes, plan_conditions
from neurontui.compute.answers.targets import answer_book, collision_notes
from neurontui.compute.batch import Batch
from neurontui.compute.choices import ablation_options, model_options, task_options
from neurontui.compute.config import RunConfig
from neurontui.compute.final import final_tables
from neurontui.compute.identity import manifest_of
from neurontui.compute.measure import Measurer
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.loading import load_model
from neurontui.compute.plan import plan
from neurontui.compute.progress import Progress
from neurontui.compute.survey import survey
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.load import load_task
from neurontui.store.errors import InputError
from neurontui.store.journal import Journal
from neurontui.store.manifest import Condition
from neurontui.store.merge import merge
from neurontui.store.reader import open_reader


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
    for note in data.notes:
        progress.say(note)
    require_answers(config, data)
    loaded = load_model(model_options(config))
    progress.say(loaded.placement)
    book = answer_book(loaded, data.examples, data.languages)
    batches = plan(data, config.batch_examples)
    conditions = _conditions(config, loaded, len(data.languages))
    manifest = manifest_of(config, data, loaded, conditions, len(batches))
    notes = (
        *manifest.notes,
        *collision_notes(book),
        *ablation_notes(conditions),
        *_limits(config, loaded, data),
    )
    manifest = replace(manifest, notes=notes)
    there = _already_there(config.out, manifest.key)
    if there is not None and not config.force:
        return Finished(there, manifest.name, len(data.examples), measured=False)
    with Journal.open(config.out, manifest) as journal:
        if journal.finished != {each.number for each in batches}:
            surveyed = survey(config, loaded, batches)
            measurer = Measurer(config, loaded, book, manifest.conditions, surveyed)
            _measure_missing(measurer, batches, journal, progress)
        _finish(config, loaded, journal)
        path = journal.path
    number = merge(path, config.out, keep=config.keep, wait=progress.say, force=config.force)
    return Finished(number, manifest.name, len(data.examples), measured=True)


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


def _limits(config: RunConfig, loaded: LoadedModel, data: TaskData) -> Iterator[tuple[str, str]]:
    """What a reader of the run will look for in vain, and why: (topic, sentence) pairs."""
    yield from (("model", each) for each in loaded.notes)
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


def _conditions(config: RunConfig, loaded: LoadedModel, n_languages: int) -> tuple[Condition, ...]:
    if "ablation" not in config.measures:
        return ()
    return plan_conditions(ablation_options(config, loaded), loaded.layers, n_languages)


def _already_there(results: Path, key: str) -> int | None:
    """Number of the run with this key in the results file, where there is one."""
    if not results.exists():
        return None
    with open_reader(results) as reader:
        found = reader.cursor().execute("SELECT run FROM runs WHERE key = ?", [key]).fetchone()
    return None if found is None else int(found[0])


def _measure_missing(
    measurer: Measurer, batches: list[Batch], journal: Journal, progress: Progress
) -> None:
    finished = journal.finished
    missing = [each for each in batches if each.number not in finished]
    total = sum(len(each.indices) for each in batches)
    progress.begin(journal.manifest.name, total, total - sum(len(each.indices) for each in missing))
    try:
        for batch in missing:
            began = time.monotonic()
            measured = measurer(batch)
            journal.write(
                batch.number, measured.tables, time.monotonic() - began, measured.n_tokens
            )
            progress.advance(len(batch.indices))
    finally:
        progress.end()


def _finish(config: RunConfig, loaded: LoadedModel, journal: Journal) -> None:
    began = time.monotonic()
    tables = final_tables(config, loaded, journal)
    if tables:
        journal.write_final(tables, time.monotonic() - began)
