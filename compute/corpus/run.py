"""A run over a corpus, from its options to its rows in the results file. An interrupted run resumes."""

from collections.abc import Iterator
from dataclasses import replace

from neurontui.compute.checks.prompts import require_readable
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import Part, plan, read, texts_a_batch
from neurontui.compute.corpus.precision import PrecisionPlan, plan_precision, precision_tables, requests
from neurontui.compute.engines.base import Engine
from neurontui.compute.engines.factory import open_engine
from neurontui.compute.measures.measurer import Tables
from neurontui.compute.measures.notes import Note
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.models.passes.corpus_pass import LOSS_EVERY, measured_layers
from neurontui.compute.progress import Phase, Progress, phase_of
from neurontui.compute.run_key import default_name, manifest_of, run_key
from neurontui.compute.run_options import task_options
from neurontui.compute.run_steps import Filed, Finished, merge_run, say_all, write_final
from neurontui.compute.tasks.corpus.corpus import Corpus
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.registry import load_corpus
from neurontui.store.errors import MeasureError
from neurontui.store.journal.journal import Journal, cost, existing_manifest
from neurontui.store.journal.manifest import Layer, Manifest
from neurontui.store.journal.position import PositionFile
from neurontui.store.merge.existing_run import merged_run


def run_corpus(config: RunConfig, progress: Progress, phase: Phase) -> Finished:
    """Measure one model on a corpus and merge the result; raises NeurontuiError subclasses."""
    phase.within("reading the corpus")
    corpus = load_corpus(task_options(config))
    say_all(progress, corpus.notes)
    sample = corpus.sample()
    with open_engine(config, sample, progress) as engine:
        info = engine.worker_info
        progress.say(info.model.placement)
        key, name = run_key(config, sample, info.model, corpus.digest), config.name
        name = name or default_name(config, sample, info.model)
        merged = merged_run(config.out, key, wait=progress.say)
        if merged is not None and not config.force:
            return Finished(merged, name, corpus.total, measured=False)
        report = engine.check_prompts(phase)
        # A text that is too long for a prompt is cut into passages.
        require_readable(replace(report, first_unusable=None), skip_bad=config.skip_bad)
        say_all(progress, report.notes)
        earlier = existing_manifest(config.out, name, key)  # the batches of an interrupted run must match
        size = (earlier and earlier.batch_examples) or batch_size(config, corpus, sample, info.seconds_per_pass)
        parts, precision = plan(corpus, size), plan_precision(config, corpus, measured_layers(info.model.layers))
        notes = tuple(_notes(corpus, info.model, precision, report.notes))
        manifest = manifest_of(
            config, sample, info.model, key=key, name=name, conditions=(), n_batches=len(parts),
            batch_examples=size, notes=notes,
        )  # fmt: skip
        manifest = replace(manifest, n_examples=corpus.total)
        with Journal.open(config.out, manifest) as journal:
            filed = Filed(progress, PositionFile(journal.path))
            _measure_missing(engine, corpus, parts, journal, filed)
            _require_tokens(journal, manifest)
            write_final(
                journal, _precision(engine, corpus, precision, measured_layers(info.model.layers), phase_of(filed))
            )
    return Finished(merge_run(config, journal, progress, phase), name, corpus.total, measured=True)


def batch_size(config: RunConfig, corpus: Corpus, sample: TaskData, seconds_a_pass: float) -> int:
    """Texts in a batch, as requested or estimated. seconds_a_pass: over the texts of an example of the sample."""
    n_characters = sum(len(text) for example in sample.examples for text in example.prompts.values())
    seconds = seconds_a_pass * len(sample.examples) / max(1, n_characters)
    return config.batch_examples or texts_a_batch(seconds * sum(corpus.n_characters.values()) / corpus.total)


def _measure_missing(engine: Engine, corpus: Corpus, parts: list[Part], journal: Journal, progress: Progress) -> None:
    finished = journal.finished
    missing = [part for part in parts if part.number not in finished]
    if not missing:
        return
    if finished:
        progress.say(f"{journal.manifest.name}: resuming after {len(finished):,} of {len(parts):,} batches")
    measuring = phase_of(progress).within(journal.manifest.name)
    counted = measuring.within("batch", len(parts), len(finished))
    engine.measure_corpus(read(corpus, missing), journal, progress, counted)
    progress.say(f"{journal.manifest.name}: {cost(journal.path)[1]:,} tokens measured")


def _precision(
    engine: Engine, corpus: Corpus, precision: PrecisionPlan, layers: tuple[Layer, ...], phase: Phase
) -> Iterator[Tables]:
    parts = requests(corpus, precision)
    if parts:
        stages = phase.within("average precision", 2)
        counted = stages.within("texts", len(parts))
        means = list(engine.passage_means(read(corpus, parts), counted))
        stages.advance()
        yield from precision_tables(corpus, layers, means, stages)


def _require_tokens(journal: Journal, manifest: Manifest) -> None:
    if not cost(journal.path)[1]:
        raise MeasureError(
            f"No token of {manifest.name} can be counted: its texts have no token after the first of each passage."
        )


def _notes(
    corpus: Corpus, model: ModelFacts, precision: PrecisionPlan, about_prompts: tuple[str, ...]
) -> Iterator[Note]:
    yield from (("data", text) for text in corpus.notes)
    yield from (("prompts", text) for text in about_prompts)
    yield from (("model", text) for text in model.notes)
    yield "data", "All tokens are counted except the first of each passage and special tokens."
    if precision.note is not None:
        yield "data", precision.note
    if len(measured_layers(model.layers)) < len(model.layers):
        yield "model", "Only the encoder reads a corpus, so the layers of the decoder are not measured."
    elif all(layer.stack == "decoder" for layer in model.layers):
        yield "data", f"Loss is that of one in {LOSS_EVERY} tokens."
