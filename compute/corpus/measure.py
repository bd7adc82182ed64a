"""Measure one batch of a corpus: from texts to shard tables, by passages and sums over their tokens."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import CorpusBatch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.corpus_pass import COLUMNS, Sums, measured_ffns, no_sums, sum_passages
from neurontui.compute.models.prompts.passages import Passage, longest_passage, passages
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Layer
from neurontui.store.schema import shard_schema

Tables = dict[str, pa.Table]
_TEXTS_AT_ONCE = 256
"""Texts that are tokenized together, and whose passages are sorted by length."""
_COUNTS = frozenset({"n_active", "n_positive", "n_negative"})


def measure_corpus(
    config: RunConfig, loaded: LoadedModel, batch: CorpusBatch, progress: Phase = SILENT
) -> tuple[Tables, int]:
    """Tables of a batch, and its number of counted tokens. Raises InputError, and MeasureError if not finite."""
    total, n_passages = no_sums(loaded), 0
    done = progress.within(f"texts in {batch.part.language}", len(batch.texts))
    for first, pieces in _passages(config, loaded, batch):
        sums = sum_passages(loaded, pieces, config.thresholds[0], config.batch_tokens, done)
        _require_finite(loaded, batch, first, sums)
        total.add(sums)
        n_passages += len(pieces)
        done.reach(min(len(batch.texts), first - batch.part.first + _TEXTS_AT_ONCE))
    return _tables(batch, loaded, total, n_passages), total.n_tokens


def _passages(config: RunConfig, loaded: LoadedModel, batch: CorpusBatch) -> Iterator[tuple[int, Sequence[Passage]]]:
    """Index of the first text, and the passages, of some texts at a time."""
    longest = longest_passage(loaded, config.passage_tokens)
    for start in range(0, len(batch.texts), _TEXTS_AT_ONCE):
        first = batch.part.first + start
        texts = batch.texts[start : start + _TEXTS_AT_ONCE]
        yield first, list(passages(loaded, batch.part.language, texts, first, longest))


def _require_finite(loaded: LoadedModel, batch: CorpusBatch, first: int, sums: Sums) -> None:
    if not sums.finite:
        fits = "" if loaded.dtype == "float32" else f" (the model runs in {loaded.dtype}; float32 may avoid this)"
        raise MeasureError(
            f"One of the texts {first + 1:,} to {first + _TEXTS_AT_ONCE:,} in {batch.part.language} has activations "
            f"or losses that are not finite{fits}; leave it out, or use another dtype."
        )


def _tables(batch: CorpusBatch, loaded: LoadedModel, total: Sums, n_passages: int) -> Tables:
    part = batch.part
    n_loss, loss_sum, loss_sumsq = total.losses.tolist()
    corpora = {
        "language": [part.language],
        "half": [part.half],
        "n_texts": [len(batch.texts)],
        "n_passages": [n_passages],
        "n_tokens": [total.n_tokens],
        "n_loss": [int(n_loss)],
        "loss_sum": [loss_sum],
        "loss_sumsq": [loss_sumsq],
    }
    layers = [ffn.layer for ffn in measured_ffns(loaded)]
    sums = np.concatenate([of_layer.numpy() for of_layer in total.neurons], axis=1)
    of_neuron: dict[str, Any] = {
        name: sums[row].astype(np.int64 if name in _COUNTS else np.float32) for row, name in enumerate(COLUMNS)
    }
    of_neuron |= neuron_columns(part.language, layers) | {"half": np.full(sums.shape[1], part.half)}
    return {"corpora": pa.table(corpora)} | {
        table: pa.table({name: of_neuron[name] for name in shard_schema(table).names})
        for table in ("neuron_activity", "neuron_moments")
    }


def neuron_columns(language: str, layers: Sequence[Layer]) -> dict[str, pa.Array | NDArray[np.int32]]:
    """Columns language, layer and neuron, a row per neuron."""
    widths = [layer.n_neurons for layer in layers]
    n = sum(widths)
    return {
        "language": pa.array([language], pa.string()).take(pa.array(np.zeros(n, np.int32))),
        "layer": np.repeat(np.array([layer.layer for layer in layers], np.int32), widths),
        "neuron": np.concatenate([np.arange(width, dtype=np.int32) for width in widths]),
    }
