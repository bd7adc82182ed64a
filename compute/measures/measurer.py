"""One batch from prompts to shard tables: capture, types, scores, answers, ablation.

A batch of the journal is measured in parts that memory holds; what adds up over examples is summed over its parts and
comes once. Every engine's worker holds one Measurer. It knows nothing of journals, files or other workers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa
from torch import Tensor

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.predict import Predictions, predict
from neurontui.compute.answers.targets import AnswerBook, Targets, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.attribution import Scoring
from neurontui.compute.measures.device_masks import off_device
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.skip_invalid import NothingValidError, capture_valid, without
from neurontui.compute.measures.top_examples import Strongest
from neurontui.compute.measures.types import TypeCounts, mask_rows
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import InvalidPromptError
from neurontui.compute.run_options import answer_options, attribution_options, capture_options
from neurontui.store.journal.manifest import Condition

Tables = dict[str, pa.Table]
Note = tuple[str, str]


@dataclass(frozen=True)
class Piece:
    """What some examples of a batch gave, or what all of them add up to."""

    n_examples: int
    n_tokens: int
    tables: Callable[[], Tables]
    """Its shard tables; made when they are written, which may be in another thread."""


@dataclass(frozen=True)
class Ablation:
    """What an ablation is made of: planned once a run, the same for all workers."""

    conditions: tuple[Condition, ...] = ()
    options: AblationOptions = field(default_factory=AblationOptions)
    means: Mapping[int, Tensor] | None = None


@dataclass(frozen=True)
class CapturedBatch:
    """A batch after its forward pass: what every measure is made from."""

    batch: Batch
    captured: Capture
    masks: list[Tensor]
    """Per layer (E, d_m), packed."""
    targets: Targets
    predictions: Predictions | None

    def first(self, n: int) -> "CapturedBatch":
        """The same of the first n examples alone."""
        rows = n * len(self.batch.languages)
        of = self.captured
        return CapturedBatch(
            batch=without(self.batch, set(range(n, len(self.batch.examples)))),
            captured=replace(
                of,
                activations=[each[:n] for each in of.activations],
                weights=[each[:n] for each in of.weights],
                active_tokens=of.active_tokens and [each[:n] for each in of.active_tokens],
                n_tokens=of.n_tokens[:n],
                last_tokens=of.last_tokens[:rows],
            ),
            masks=[each[:n] for each in self.masks],
            targets=Targets(self.targets.rows[:rows]),
            predictions=self.predictions and Predictions(self.predictions.rows[:rows]),
        )


class Measurer:
    """Measures batches with one loaded model."""

    def __init__(self, config: RunConfig, loaded: LoadedModel, book: AnswerBook, ablation: Ablation) -> None:
        self._config = config
        self._loaded = loaded
        self._book = book
        self._ablation = ablation
        self._strongest = Strongest()

    def __call__(self, batch: Batch) -> Iterator[Piece]:
        """Shard tables of a batch, piece by piece; raises InputError and MeasureError that name example and language."""
        config = self._config
        counts = TypeCounts(batch.languages, self._loaded.layers, config.thresholds)
        scoring = None
        if {"contribution", "attribution"} & set(config.measures):
            scoring = Scoring(self._loaded, batch.languages, attribution_options(config))
        notes: dict[Note, None] = {}
        failed: list[NothingValidError] = []
        parts = list(batch.parts(config.examples_at_once))
        for part in parts:
            try:
                piece = self._piece(part, counts, scoring, notes)
            except NothingValidError as error:
                failed.append(error)
                notes |= dict.fromkeys(error.notes)
                piece = Piece(len(part.examples), 0, dict)
            yield piece
        if len(failed) == len(parts):
            yield Piece(0, 0, lambda: _notes(notes))
            return
        sums = counts.tables() | (scoring.tables() if scoring else {})
        yield Piece(0, 0, lambda: sums | _notes(notes))

    def _piece(self, part: Batch, counts: TypeCounts, scoring: Scoring | None, notes: dict[Note, None]) -> Piece:
        """Everything about a part; what adds up goes into `counts` and `scoring`, what is to be told into `notes`."""
        seen, told = self._capture(part)
        notes |= dict.fromkeys(told)
        counts.add(seen.batch, seen.captured, seen.masks)
        tables = self._strongest.tables(seen.batch, seen.captured, self._loaded.layers)
        tables["examples"] = examples_table(seen.batch, seen.captured, seen.predictions)
        if scoring is not None:
            tables |= self._score(seen, scoring, notes)
        if self._ablation.conditions:
            tables |= self._ablate(seen)
        indices, layers, masks = seen.batch.indices, self._loaded.layers, off_device(seen.masks)
        return Piece(
            n_examples=len(part.examples),
            n_tokens=int(seen.captured.n_tokens.sum()),
            tables=lambda: {"activations": mask_rows(indices, layers, masks)} | tables,
        )

    def _score(self, seen: CapturedBatch, scoring: Scoring, notes: dict[Note, None]) -> Tables:
        targets = seen.targets
        if "attribution" not in self._config.measures:
            targets = Targets((None,) * len(targets.rows))
        tables = scoring.add(seen.batch, seen.captured, seen.masks, targets)
        told = tables.pop("notes", None)
        if told is not None:
            pairs = zip(told["topic"].to_pylist(), told["text"].to_pylist(), strict=True)
            notes |= dict.fromkeys(pairs)
        return tables

    def _capture(self, batch: Batch) -> tuple[CapturedBatch, list[Note]]:
        """Run the prompts of a batch once, and ask for answers where there are any to compare with."""
        kept, captured, told = capture_valid(self._loaded, batch, capture_options(self._config), self._config.skip_bad)
        notes = [("data", each) for each in told]
        threshold = self._config.thresholds[0]
        masks = [pack_tensor(each > threshold) for each in captured.activations]
        targets = find_targets(self._loaded, kept, self._book)
        try:
            return CapturedBatch(kept, captured, masks, targets, self._predict(kept, targets)), notes
        except InvalidPromptError as error:  # a prompt fits, but not with its answer
            if not self._config.skip_bad:
                raise
            notes += [("data", f"Left out: {each.sentence}") for each in error.invalid]
            rest = without(kept, {each.position for each in error.invalid})
            if not rest.examples:
                raise NothingValidError(batch, error, [text for _, text in notes]) from error
            seen, more = self._capture(rest)
            return seen, notes + more

    def _predict(self, batch: Batch, targets: Targets) -> Predictions | None:
        if not self._book.asked:
            return None
        return predict(self._loaded, batch, targets, answer_options(self._config))

    def _ablate(self, seen: CapturedBatch) -> Tables:
        limit = self._config.ablation_examples
        seen = seen if limit is None else seen.first(sum(i < limit for i in seen.batch.indices))
        if not seen.batch.examples:
            return {}
        return ablation_tables(
            self._loaded,
            seen.batch,
            seen.captured,
            seen.masks,
            self._ablation.conditions,
            seen.targets,
            self._ablation.options,
            baseline=seen.predictions,
            means=self._ablation.means,
        )


def _notes(told: Mapping[Note, None]) -> Tables:
    if not told:
        return {}
    topics, texts = zip(*told, strict=True)
    return {"notes": pa.table({"topic": topics, "text": texts})}


def examples_table(batch: Batch, captured: Capture, predictions: Predictions | None) -> pa.Table:
    """Shard table `examples`: one row an example and language, in row order."""
    rows = [(i, code) for i in range(len(batch.examples)) for code in batch.languages]
    said = predictions.rows if predictions else [None] * len(rows)
    return pa.table(
        {
            "example": pa.array([batch.indices[i] for i, _ in rows], pa.int32()),
            "id": [batch.examples[i].id for i, _ in rows],
            "cluster": [batch.examples[i].cluster for i, _ in rows],
            "fold": pa.array([batch.folds[i] for i, _ in rows], pa.int32()),
            "language": [code for _, code in rows],
            "prompt": [batch.examples[i].prompts[code] for i, code in rows],
            "answer": pa.array([batch.examples[i].answers.get(code) for i, code in rows], pa.string()),
            "prediction": pa.array([each and each.prediction for each in said], pa.string()),
            "correct": pa.array([each and each.correct for each in said], pa.bool_()),
            "n_tokens": pa.array(captured.n_tokens.flatten().tolist(), pa.int32()),
            "last_token": captured.last_tokens,
        }
    )
