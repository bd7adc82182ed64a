"""Sums of scores become rows of the shard tables; NULL where there is no score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from neurontui.compute.batch import Batch
from neurontui.compute.measures.groups import (
    CS,
    CS_MAX,
    ES,
    ES_MAX,
    ES_MIN,
    ES_SQUARED,
    N_TOP,
    RAW,
    Sums,
)
from neurontui.compute.measures.masks import TYPES, Masks

Notes = Sequence[tuple[str, str]]
Columns = dict[str, Any]


@dataclass(frozen=True)
class MaskSums:
    """Sums a fold and mask, (K,) each."""

    fold: NDArray[np.int64]
    mask: Masks
    sums: Sums


@dataclass(frozen=True)
class TopNeurons:
    """The neurons of largest contribution score, (E, P, k) each, best first."""

    neuron: NDArray[np.int64]
    mask: Masks
    cs: NDArray[np.float64]
    es: NDArray[np.float64] | None
    known: NDArray[np.bool_]
    """(E, P): inputs that have effective scores."""


@dataclass(frozen=True)
class LayerSums:
    """All that the tables need of a layer."""

    layer: int
    by_type: Sums
    """A group an example and type."""
    by_mask: MaskSums | None
    by_neuron: Sums | None
    top: TopNeurons


def attribution_rows(
    batch: Batch, layers: Sequence[LayerSums], notes: Notes
) -> dict[str, pa.Table]:
    """The shard tables of one batch; those that nothing was summed for are left out."""
    tables = {
        "attribution": pa.concat_tables([_by_type(batch, each) for each in layers]),
        "top_neurons": pa.concat_tables([_top(batch, each) for each in layers]),
    }
    if all(each.by_mask is not None for each in layers):
        tables["attribution_masks"] = pa.concat_tables([_by_mask(batch, each) for each in layers])
    if all(each.by_neuron is not None for each in layers):
        tables["neuron_attribution"] = pa.concat_tables([_by_neuron(batch, e) for e in layers])
    if notes:
        topics, texts = zip(*notes, strict=True)
        tables["notes"] = pa.table({"topic": topics, "text": texts})
    return tables


def _by_type(batch: Batch, layer: LayerSums) -> pa.Table:
    n_groups = len(batch.examples) * len(TYPES)
    group = np.arange(n_groups)
    keys: Columns = {
        "example": np.array(batch.indices, np.int32)[group // len(TYPES)],
        "type": np.array(TYPES, object)[group % len(TYPES)],
    }
    table = _rows(batch, layer, keys, layer.by_type)
    return table.filter(pc.greater(table["n"], 0))


def _by_mask(batch: Batch, layer: LayerSums) -> pa.Table:
    found = layer.by_mask
    assert found is not None
    table = _rows(batch, layer, {"fold": found.fold, "mask": found.mask}, found.sums)
    return table.drop_columns(["cs_max"])


def _by_neuron(batch: Batch, layer: LayerSums) -> pa.Table:
    sums = layer.by_neuron
    assert sums is not None
    table = _rows(batch, layer, {"neuron": np.arange(len(sums.n), dtype=np.int32)}, sums)
    return table.drop_columns(["cs_max", "raw_sum"])


def _rows(batch: Batch, layer: LayerSums, keys: Columns, sums: Sums) -> pa.Table:
    """A row a group and language, group by group. keys: columns of G values."""
    n_groups, n_languages = len(sums.n), len(batch.languages)
    columns: Columns = {name: np.repeat(values, n_languages) for name, values in keys.items()}
    columns["language"] = _languages(batch, n_groups)
    columns["layer"] = np.full(n_groups * n_languages, layer.layer, np.int32)
    return pa.table(columns | _scores(sums, n_languages))


def _scores(sums: Sums, n_languages: int) -> Columns:
    added, largest = sums.sums.cpu().numpy(), sums.largest.double().cpu().numpy()
    empty = np.isinf(largest[:, ES_MAX]).reshape(-1)
    return {
        "n": np.repeat(sums.n.cpu().numpy(), n_languages),
        "n_top": added[:, N_TOP].reshape(-1).astype(np.int64),
        "cs_sum": added[:, CS].reshape(-1),
        "cs_max": largest[:, CS_MAX].reshape(-1),
        "raw_sum": added[:, RAW].reshape(-1),
        "es_sum": pa.array(added[:, ES].reshape(-1), mask=empty),
        "es_sumsq": pa.array(added[:, ES_SQUARED].reshape(-1), mask=empty),
        "es_min": pa.array(-largest[:, ES_MIN].reshape(-1), mask=empty),
        "es_max": pa.array(largest[:, ES_MAX].reshape(-1), mask=empty),
    }


def _languages(batch: Batch, n_groups: int) -> pa.DictionaryArray:
    codes = np.tile(np.arange(len(batch.languages), dtype=np.int8), n_groups)
    return pa.DictionaryArray.from_arrays(codes, list(batch.languages))


def _top(batch: Batch, layer: LayerSums) -> pa.Table:
    """A row an example, language and rank; neurons that contribute nothing have no rank."""
    top = layer.top
    n_examples, n_languages, n = top.neuron.shape
    empty = np.repeat(~top.known.reshape(-1), n)
    es = np.zeros(top.cs.size) if top.es is None else top.es.reshape(-1)
    table = pa.table(
        {
            "example": np.repeat(np.array(batch.indices, np.int32), n_languages * n),
            "language": _languages(batch, n_examples).take(
                pa.array(np.repeat(np.arange(n_examples * n_languages), n))
            ),
            "layer": np.full(top.neuron.size, layer.layer, np.int32),
            "rank": np.tile(np.arange(1, n + 1, dtype=np.int32), n_examples * n_languages),
            "neuron": top.neuron.reshape(-1).astype(np.int32),
            "mask": top.mask.reshape(-1),
            "cs": top.cs.reshape(-1),
            "es": pa.array(es, mask=empty if top.es is not None else np.ones_like(empty)),
        }
    )
    return table.filter(pc.greater(table["cs"], 0))
