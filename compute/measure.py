"""One batch from prompts to shard tables: capture, types, scores, answers, ablation.

Every engine's worker holds one Measurer. It knows nothing of journals, files or other workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
from torch import Tensor

from neurontui.compute.ablation.measure import ablation_tables
from neurontui.compute.answers.predict import Predictions, predict
from neurontui.compute.answers.targets import AnswerBook, Targets, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.choices import (
    ablation_options,
    answer_options,
    attribution_options,
    capture_options,
)
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.attribution import attribution_tables
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.strongest import Strongest
from neurontui.compute.measures.types import types_tables
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.tokenise import UnusablePromptError
from neurontui.compute.survey import Survey
from neurontui.compute.usable import capture_usable, without
from neurontui.store.errors import MeasureError
from neurontui.store.manifest import Condition

Tables = dict[str, pa.Table]
Note = dict[str, str]
EMPTY_NOTES = pa.table({"topic": pa.array([], pa.string()), "text": pa.array([], pa.string())})


@dataclass(frozen=True)
class Measured:
    """What one batch gave."""

    number: int
    n_tokens: int
    tables: Mapping[str, pa.Table]


@dataclass(frozen=True)
class _Seen:
    """A batch after its forward pass: what every measure is made from."""

    batch: Batch
    captured: Capture
    masks: list[Tensor]
    """Per layer (E, d_m), packed."""
    targets: Targets
    predictions: Predictions | None

    def first(self, n: int) -> "_Seen":
        """The same of the first n examples alone."""
        rows = n * len(self.batch.languages)
        of = self.captured
        return _Seen(
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

    def __init__(
        self,
        config: RunConfig,
        loaded: LoadedModel,
        book: AnswerBook,
        conditions: tuple[Condition, ...],
        surveyed: Survey,
    ) -> None:
        self._config = config
        self._loaded = loaded
        self._book = book
        self._conditions = conditions
        self._means = surveyed.means
        self._ablation_options = replace(
            ablation_options(config, loaded), global_types=surveyed.types
        )
        self._strongest = Strongest()

    def __call__(self, batch: Batch) -> Measured:
        """Shard tables of a batch; raises InputError and MeasureError that name example and language."""
        seen, notes = self._see(batch)
        tables = types_tables(
            seen.batch, seen.captured, self._loaded.layers, self._config.thresholds
        )
        tables |= self._strongest.tables(seen.batch, seen.captured, self._loaded.layers)
        tables["examples"] = examples_table(seen.batch, seen.captured, seen.predictions)
        if {"contribution", "attribution"} & set(self._config.measures):
            found = self._attribution(seen)
            notes += found.pop("notes", EMPTY_NOTES).to_pylist()
            tables |= found
        if self._conditions:
            tables |= self._ablation(seen)
        if notes:
            tables["notes"] = pa.Table.from_pylist(notes)
        return Measured(batch.number, int(seen.captured.n_tokens.sum()), tables)

    def _see(self, batch: Batch) -> tuple[_Seen, list[Note]]:
        """Run the prompts of a batch once, and ask for answers where there are any to compare with."""
        kept, captured, told = capture_usable(
            self._loaded, batch, capture_options(self._config), self._config.skip_bad
        )
        notes = [{"topic": "data", "text": each} for each in told]
        threshold = self._config.thresholds[0]
        masks = [pack_tensor(each > threshold) for each in captured.activations]
        targets = find_targets(self._loaded, kept, self._book)
        try:
            return _Seen(kept, captured, masks, targets, self._predict(kept, targets)), notes
        except UnusablePromptError as error:  # a prompt fits, but not with its answer
            if not self._config.skip_bad:
                raise
            notes += [{"topic": "data", "text": f"Left out: {e.sentence}"} for e in error.unusable]
            rest = without(kept, {each.position for each in error.unusable})
            if not rest.examples:
                raise MeasureError(
                    f"No example of batch {batch.number} can be measured; the first: {error}"
                ) from error
            seen, more = self._see(rest)
            return seen, notes + more

    def _predict(self, batch: Batch, targets: Targets) -> Predictions | None:
        if not any(each.answers for each in batch.examples):
            return None
        return predict(self._loaded, batch, targets, answer_options(self._config))

    def _attribution(self, seen: _Seen) -> Tables:
        return attribution_tables(
            seen.batch,
            seen.captured,
            self._loaded,
            seen.masks,
            seen.targets if "attribution" in self._config.measures else _without_answers(seen),
            attribution_options(self._config),
        )

    def _ablation(self, seen: _Seen) -> Tables:
        limit = self._config.ablation_examples
        seen = seen if limit is None else seen.first(sum(i < limit for i in seen.batch.indices))
        if not seen.batch.examples:
            return {}
        return ablation_tables(
            self._loaded,
            seen.batch,
            seen.captured,
            seen.masks,
            self._conditions,
            seen.targets,
            self._ablation_options,
            baseline=seen.predictions,
            means=self._means,
        )


def _without_answers(seen: _Seen) -> Targets:
    return Targets((None,) * len(seen.targets.rows))


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
            "answer": pa.array(
                [batch.examples[i].answers.get(code) for i, code in rows], pa.string()
            ),
            "prediction": pa.array([each and each.prediction for each in said], pa.string()),
            "correct": pa.array([each and each.correct for each in said], pa.bool_()),
            "n_tokens": pa.array(captured.n_tokens.flatten().tolist(), pa.int32()),
            "last_token": captured.last_tokens,
        }
    )
