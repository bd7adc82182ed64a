"""Measure one batch: from prompts to shard tables, by capture, types, scores, answers and ablation.

A batch of the journal is measured in parts that fit into memory. Sums over examples are added up over the parts and
written once at the end. Each worker of an engine has one Measurer. It does not depend on journals, files or workers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
from torch import Tensor

from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.output_language import base_language, detector
from neurontui.compute.answers.predict import Predictions, predict
from neurontui.compute.answers.targets import AnswerBook, Targets, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.attribution import Scoring
from neurontui.compute.measures.density import Density, has_density
from neurontui.compute.measures.gradient_sums import GradientSums
from neurontui.compute.measures.gradients import Gradients, gradients
from neurontui.compute.measures.masks import off_device, pack_tensor
from neurontui.compute.measures.notes import Note, notes_table
from neurontui.compute.measures.skip_invalid import NothingValidError, measure_valid
from neurontui.compute.measures.top_examples import Strongest
from neurontui.compute.measures.truth import Truth
from neurontui.compute.measures.types import TypeCounts, mask_rows
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import capture
from neurontui.compute.models.passes.microbatches import refuse_without_memory
from neurontui.compute.models.passes.weight_sums import Moments
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import (
    answer_options,
    attribution_options,
    capture_options,
    gradient_options,
    truth_options,
)
from neurontui.store.journal.manifest import Condition

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Piece:
    """Shard tables of some examples of a batch, or of the sums over all of them."""

    n_examples: int
    n_tokens: int
    tables: Callable[[], Tables]
    """Builds the tables; called when they are written, possibly in another thread."""


@dataclass(frozen=True)
class Ablation:
    """The plan of an ablation: made once per run, the same for all workers."""

    conditions: tuple[Condition, ...] = ()
    options: AblationOptions = field(default_factory=AblationOptions)
    moments: Moments | None = None
    donors: Donors | None = None


@dataclass(frozen=True)
class CapturedBatch:
    """A batch after its forward pass: the input of every measure."""

    batch: Batch
    capture: Capture
    masks: list[Tensor]
    """Per layer (E, d_m), packed."""
    targets: Targets
    predictions: Predictions | None

    def first(self, n: int) -> "CapturedBatch":
        """The first n examples."""
        rows = n * len(self.batch.languages)
        whole = self.capture
        return CapturedBatch(
            batch=self.batch.only(range(n)),
            capture=replace(
                whole,
                activations=[activations[:n] for activations in whole.activations],
                weights=[weights[:n] for weights in whole.weights],
                active_tokens=whole.active_tokens and [counts[:n] for counts in whole.active_tokens],
                n_tokens=whole.n_tokens[:n],
                last_tokens=whole.last_tokens[:rows],
                scales={layer: scales[:n] for layer, scales in whole.scales.items()},
            ),
            masks=[masks[:n] for masks in self.masks],
            targets=Targets(self.targets.rows[:rows]),
            predictions=self.predictions and Predictions(self.predictions.rows[:rows]),
        )


@dataclass
class _BatchSums:
    """Sums over the parts of one batch, and its notes."""

    counts: TypeCounts
    scoring: Scoring | None
    gradients: GradientSums | None = None
    density: Density | None = None
    notes: dict[Note, None] = field(default_factory=dict)
    """A set in order of insertion."""
    n_measured: int = 0
    """Parts with at least one valid example."""

    def add_notes(self, notes: Iterable[Note]) -> None:
        self.notes |= dict.fromkeys(notes)

    def piece(self) -> Piece:
        tables = notes_table(self.notes)
        if self.n_measured:
            tables |= self.counts.tables() | (self.scoring.tables() if self.scoring else {})
            tables |= self.gradients.tables() if self.gradients else {}
            tables |= self.density.tables() if self.density else {}
        return Piece(0, 0, lambda: tables)


@dataclass(frozen=True)
class Stages:
    """The progress of a part: activity, answers and scores count as one unit of work each, like each condition.

    Gradients count as three.
    """

    part: Phase
    n_conditions: int
    n_gradient: int = 0
    """Units of the gradients: 3, or 0 if they are not measured."""

    def activity(self) -> Phase:
        return self._stage(0, "activity")

    def answers(self) -> Phase:
        return self._stage(1, "answers")

    def scores(self) -> Phase:
        return self._stage(2, "scores")

    def ablation(self) -> Phase:
        return self._stage(3 + self.n_gradient, "ablation", max(1, self.n_conditions))

    def gradients(self) -> Phase:
        return self._stage(3, "gradients", max(1, self.n_gradient))

    def _stage(self, before: int, name: str, n_units: int = 1) -> Phase:
        n_stages = 3 + self.n_gradient + self.n_conditions
        return self.part.within("", n_stages, before).within(name, span=n_units)


class Measurer:
    """Measures batches with one loaded model."""

    def __init__(self, config: RunConfig, loaded: LoadedModel, book: AnswerBook, ablation: Ablation) -> None:
        self._config = config
        self._loaded = loaded
        self._book = book
        self._ablation = ablation
        self._strongest = Strongest()
        self._gradient = "gradient" in config.measures
        self._truth = Truth(loaded, truth_options(config))

    def __call__(self, batch: Batch, progress: Phase = SILENT) -> Iterator[Piece]:
        """Shard tables of a batch, piece by piece; InputError and MeasureError name the example and language."""
        sums = self._sums(batch)
        parts = list(batch.parts(self._config.examples_at_once))
        counted = progress.within("part", len(parts))
        for part in parts:
            with refuse_without_memory(len(part.examples)):
                piece = self._piece(part, sums, counted)
            yield piece
            counted.advance()
        yield sums.piece()

    def _sums(self, batch: Batch) -> _BatchSums:
        scoring = None
        if {"contribution", "attribution"} & set(self._config.measures):
            scoring = Scoring(self._loaded, batch.languages, attribution_options(self._config))
        gradients = GradientSums(batch.languages, self._loaded.layers) if self._gradient else None
        counts = TypeCounts(batch.languages, self._loaded.layers, self._config.thresholds)
        counted = has_density(self._config, self._loaded.layers, len(batch.languages))
        density = Density(batch.languages, self._loaded.layers) if counted else None
        return _BatchSums(counts, scoring, gradients, density)

    def _piece(self, part: Batch, sums: _BatchSums, progress: Phase) -> Piece:
        """Tables of the examples of a part; what adds up over parts goes to `sums`."""
        stages = Stages(progress, len(self._ablation.conditions), 3 if self._gradient else 0)
        try:
            captured, notes = measure_valid(
                part, lambda valid: self._capture(valid, stages), skip_bad=self._config.skip_bad
            )
        except NothingValidError as error:
            sums.add_notes(error.notes)
            return Piece(len(part.examples), 0, dict)
        sums.add_notes(notes)
        sums.n_measured += 1
        return self._measured(len(part.examples), captured, sums, stages)

    def _measured(self, n_examples: int, captured: CapturedBatch, sums: _BatchSums, stages: "Stages") -> Piece:
        sums.counts.add(captured.batch, captured.capture, captured.masks)
        if sums.density is not None:
            sums.density.add(captured.capture)
        tables = self._strongest.tables(captured.batch, captured.capture, self._loaded.layers)
        tables["examples"] = examples_table(captured.batch, captured.capture, captured.predictions)
        if sums.scoring is not None:
            scores, notes = sums.scoring.add(
                captured.batch, captured.capture, captured.masks, self._scored_targets(captured), stages.scores()
            )
            tables |= scores
            sums.add_notes(notes)
        if sums.gradients is not None:
            tables |= self._gradients(captured, sums.gradients, stages.gradients())
        if self._ablation.conditions:
            tables |= self._ablate(captured, stages)
        indices, layers, masks = captured.batch.indices, self._loaded.layers, off_device(captured.masks)
        return Piece(
            n_examples=n_examples,
            n_tokens=int(captured.capture.n_tokens.sum()),
            tables=lambda: {"activations": mask_rows(indices, layers, masks)} | tables,
        )

    def _gradients(self, captured: CapturedBatch, sums: GradientSums, progress: Phase) -> Tables:
        """Add the gradients of all inputs to `sums`; table of the exact effects of the first examples, if requested."""
        n_exact = self._truth.count(captured.batch)
        sampled: dict[int, list[Tensor]] = {}

        def take(found: Gradients) -> None:
            sums.add(found)
            for at, row in enumerate(found.rows):
                if row < n_exact * len(captured.batch.languages):
                    pairs = zip(found.layers, self._truth.neurons, strict=True)
                    sampled[row] = [layer[at, neurons.to(layer.device)] for layer, neurons in pairs]

        parts = progress.within("", 1 + bool(n_exact))
        gradients(
            self._loaded,
            captured.batch,
            captured.targets,
            gradient_options(self._config),
            take,
            parts.within("gradients"),
        )
        parts.advance()
        if not sampled:
            return {}
        exact = captured.first(n_exact)
        return self._truth.table(exact.batch, exact.capture, exact.targets, sampled, parts.within("exact effects"))

    def _scored_targets(self, captured: CapturedBatch) -> Targets:
        """Targets of effective scores; none if only contribution scores are measured."""
        if "attribution" in self._config.measures:
            return captured.targets
        return Targets((None,) * len(captured.targets.rows))

    def _capture(self, batch: Batch, stages: "Stages") -> CapturedBatch:
        """Run the prompts of a batch once, and generate answers if the run has any to compare with."""
        activity = capture(self._loaded, batch, capture_options(self._config), stages.activity())
        threshold = self._config.thresholds[0]
        masks = [pack_tensor(activations > threshold) for activations in activity.activations]
        targets = find_targets(self._loaded, batch, self._book)
        return CapturedBatch(batch, activity, masks, targets, self._predict(batch, targets, stages))

    def _predict(self, batch: Batch, targets: Targets, stages: "Stages") -> Predictions | None:
        if not self._book.has_answers:
            return None
        return predict(self._loaded, batch, targets, answer_options(self._config), self._book, stages.answers())

    def _ablate(self, captured: CapturedBatch, stages: "Stages") -> Tables:
        limit = self._config.ablation_examples
        if limit is not None:
            captured = captured.first(sum(index < limit for index in captured.batch.indices))
        if not captured.batch.examples:
            return {}
        return ablation_tables(
            self._loaded,
            captured.batch,
            captured.capture,
            captured.masks,
            self._ablation.conditions,
            captured.targets,
            self._ablation.options,
            baseline=captured.predictions,
            moments=self._ablation.moments,
            donors=self._ablation.donors,
            progress=stages.ablation(),
        )


def examples_table(batch: Batch, captured: Capture, predictions: Predictions | None) -> pa.Table:
    """Shard table `examples`: one row per example and language, in row order."""
    rows = [(i, code) for i in range(len(batch.examples)) for code in batch.languages]
    outcomes = predictions.rows if predictions else [None] * len(rows)
    return pa.table(
        {
            "example": pa.array([batch.indices[i] for i, _ in rows], pa.int32()),
            "id": [batch.examples[i].id for i, _ in rows],
            "cluster": [batch.examples[i].cluster for i, _ in rows],
            "fold": pa.array([batch.folds[i] for i, _ in rows], pa.int32()),
            "language": [code for _, code in rows],
            "prompt": [batch.examples[i].prompts[code] for i, code in rows],
            "answer": pa.array([batch.examples[i].answers.get(code) for i, code in rows], pa.string()),
            "prediction": pa.array([outcome and outcome.prediction for outcome in outcomes], pa.string()),
            "correct": pa.array([outcome and outcome.correct for outcome in outcomes], pa.bool_()),
            "n_tokens": pa.array(captured.n_tokens.flatten().tolist(), pa.int32()),
            "last_token": captured.last_tokens,
            "rank": pa.array([outcome and outcome.rank for outcome in outcomes], pa.int32()),
            "n_candidates": pa.array([outcome and outcome.n_candidates for outcome in outcomes], pa.int32()),
            "answer_logprob": pa.array([outcome and outcome.answer_logprob for outcome in outcomes], pa.float64()),
        }
        | languages_of_answers(batch, [outcome.prediction if outcome else None for outcome in outcomes])
    )


def languages_of_answers(batch: Batch, predictions: Sequence[str | None]) -> dict[str, pa.Array]:
    """Columns of `examples`: the language of expected answers, and that of outputs and answers as it is detected."""
    codes, n = batch.answer_languages, len(batch.languages)
    answers = [batch.examples[row // n].answers.get(batch.languages[row % n]) for row in range(len(codes))]
    expected = [None if answer is None else base_language(code) for answer, code in zip(answers, codes, strict=True)]
    detect = detector(frozenset((*batch.languages, *codes))) if any(predictions) else lambda _: None
    return {
        "answer_language": pa.array(expected, pa.string()),
        "output_language": pa.array([detect(text) for text in predictions], pa.string()),
        "detected_language": pa.array([detect(text) for text in answers], pa.string()),
    }
