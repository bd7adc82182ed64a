"""One batch from prompts to shard tables: capture, types, scores, answers, ablation.

Every engine's worker holds one Measurer. It knows nothing of journals, files or other workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from neurontui.compute.answers.predict import Predictions, predict
from neurontui.compute.answers.targets import AnswerBook, Targets, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.choices import answer_options, attribution_options, capture_options
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.attribution import attribution_tables
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.strongest import Strongest
from neurontui.compute.measures.types import types_tables
from neurontui.compute.models.capture import NotFiniteError, capture
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.tokenise import UnusablePromptError
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


class Measurer:
    """Measures batches with one loaded model."""

    def __init__(
        self,
        config: RunConfig,
        loaded: LoadedModel,
        book: AnswerBook,
        conditions: tuple[Condition, ...],
    ) -> None:
        self._config = config
        self._loaded = loaded
        self._book = book
        self._conditions = conditions
        self._strongest = Strongest()

    def __call__(self, batch: Batch) -> Measured:
        """Shard tables of a batch; raises InputError and MeasureError that name example and language."""
        kept, captured, notes = self._capture(batch)
        targets = find_targets(self._loaded, kept, self._book)
        tables = types_tables(kept, captured, self._loaded.layers, self._config.thresholds)
        tables |= self._strongest.tables(kept, captured, self._loaded.layers)
        tables["examples"] = examples_table(kept, captured, self._predict(kept, targets))
        if "attribution" in self._config.measures:
            found = self._attribution(kept, captured, targets)
            notes += found.pop("notes", EMPTY_NOTES).to_pylist()
            tables |= found
        if notes:
            tables["notes"] = pa.Table.from_pylist(notes)
        return Measured(batch.number, int(captured.n_tokens.sum()), tables)

    def _predict(self, batch: Batch, targets: Targets) -> Predictions | None:
        if not any(each.answers for each in batch.examples):
            return None
        return predict(self._loaded, batch, targets, answer_options(self._config))

    def _attribution(self, batch: Batch, captured: Capture, targets: Targets) -> Tables:
        threshold = self._config.thresholds[0]
        masks = [pack_tensor(each > threshold) for each in captured.activations]
        options = attribution_options(self._config)
        return attribution_tables(batch, captured, self._loaded, masks, targets, options)

    def _capture(self, batch: Batch) -> tuple[Batch, Capture, list[Note]]:
        """Capture a batch; with skip_bad, what cannot be measured is left out and told."""
        options = capture_options(self._config)
        notes: list[Note] = []
        while True:
            try:
                return batch, capture(self._loaded, batch, options), notes
            except (UnusablePromptError, NotFiniteError) as error:
                if not self._config.skip_bad:
                    raise
                notes += [
                    {"topic": "data", "text": f"Left out: {each.sentence}"}
                    for each in error.unusable
                ]
                batch = without(batch, {each.position for each in error.unusable})
                if not batch.examples:
                    raise MeasureError(
                        f"No example of batch {batch.number} can be measured; the first: {error}"
                    ) from error


def without(batch: Batch, positions: set[int]) -> Batch:
    """A batch less the examples at some positions."""
    kept = [i for i in range(len(batch.examples)) if i not in positions]
    return replace(
        batch,
        indices=tuple(batch.indices[i] for i in kept),
        folds=tuple(batch.folds[i] for i in kept),
        examples=tuple(batch.examples[i] for i in kept),
    )


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
