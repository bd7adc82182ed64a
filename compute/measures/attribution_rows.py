"""Build shard tables from sums of scores; NULL where there is no score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from neurontui.compute.batch import Batch
from neurontui.compute.measures.masks import TYPES, Masks
from neurontui.compute.measures.score_sums import (
    CS,
    CS_MAX,
    ES,
    ES_MAX,
    ES_MIN,
    ES_SQUARED,
    N_TOP,
    RAW,
    MaskSums,
    Sums,
)
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES

Columns = dict[str, Any]


@dataclass(frozen=True)
class TopNeurons:
    """The neurons with the largest contribution score, (E, P, k) each, largest first."""

    neuron: NDArray[np.int64]
    mask: Masks
    cs: NDArray[np.float64]
    es: NDArray[np.float64] | None
    known: NDArray[np.bool_]
    """(E, P): inputs with effective scores."""


@dataclass(frozen=True)
class ExampleSums:
    """Sums of one layer for rows per example."""

    layer: int
    by_type: Sums
    """One group per example and type."""
    top: TopNeurons


def example_rows(batch: Batch, layers: Sequence[ExampleSums]) -> dict[str, pa.Table]:
    """Shard tables with rows per example: attribution and top_neurons."""
    return {
        "attribution": pa.concat_tables([_by_type(batch, layer) for layer in layers]),
        "top_neurons": pa.concat_tables([_top(batch, layer) for layer in layers]),
    }


def sum_rows(
    languages: Sequence[str], by_mask: Mapping[int, MaskSums], by_neuron: Mapping[int, Sums]
) -> dict[str, pa.Table]:
    """Shard tables of sums over examples, from sums by layer; no table without sums."""
    tables = {}
    if by_mask:
        rows = [_by_mask(languages, *item) for item in by_mask.items()]
        tables["attribution_masks"] = pa.concat_tables(rows)
    if by_neuron:
        rows = [_by_neuron(languages, *item) for item in by_neuron.items()]
        tables["neuron_attribution"] = pa.concat_tables(rows)
    return tables


def _by_type(batch: Batch, sums: ExampleSums) -> pa.Table:
    n_groups = len(batch.examples) * len(TYPES)
    group = np.arange(n_groups)
    keys: Columns = {
        "example": np.array(batch.indices, np.int32)[group // len(TYPES)],
        "type": np.array(TYPES, object)[group % len(TYPES)],
    }
    table = _rows(batch.languages, sums.layer, keys, sums.by_type)
    return table.filter(pc.greater(table["n"], 0))


def _by_mask(languages: Sequence[str], layer: int, sums: MaskSums) -> pa.Table:
    key = sums.keys.cpu().numpy()
    mask = (key & ((1 << HISTOGRAM_LANGUAGES) - 1)).astype(np.uint64)
    keys: Columns = {"fold": (key >> HISTOGRAM_LANGUAGES).astype(np.int32), "mask": mask}
    return _rows(languages, layer, keys, sums.sums).drop_columns(["cs_max"])


def _by_neuron(languages: Sequence[str], layer: int, sums: Sums) -> pa.Table:
    keys: Columns = {"neuron": np.arange(len(sums.n), dtype=np.int32)}
    return _rows(languages, layer, keys, sums).drop_columns(["cs_max", "raw_sum"])


def _rows(languages: Sequence[str], layer: int, keys: Columns, sums: Sums) -> pa.Table:
    """One row per group and language, group by group. keys: columns of G values."""
    n_groups, n_languages = len(sums.n), len(languages)
    columns: Columns = {name: np.repeat(values, n_languages) for name, values in keys.items()}
    columns["language"] = _languages(languages, n_groups)
    columns["layer"] = np.full(n_groups * n_languages, layer, np.int32)
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


def _languages(languages: Sequence[str], n_groups: int) -> pa.DictionaryArray:
    codes = np.tile(np.arange(len(languages), dtype=np.int8), n_groups)
    return pa.DictionaryArray.from_arrays(codes, list(languages))


def _top(batch: Batch, sums: ExampleSums) -> pa.Table:
    """One row per example, language and rank; neurons that contribute nothing have no rank."""
    top = sums.top
    n_examples, n_languages, n = top.neuron.shape
    empty = np.repeat(~top.known.reshape(-1), n)
    es = np.zeros(top.cs.size) if top.es is None else top.es.reshape(-1)
    table = pa.table(
        {
            "example": np.repeat(np.array(batch.indices, np.int32), n_languages * n),
            "language": _languages(batch.languages, n_examples).take(
                pa.array(np.repeat(np.arange(n_examples * n_languages), n))
            ),
            "layer": np.full(top.neuron.size, sums.layer, np.int32),
            "rank": np.tile(np.arange(1, n + 1, dtype=np.int32), n_examples * n_languages),
            "neuron": top.neuron.reshape(-1).astype(np.int32),
            "mask": top.mask.reshape(-1),
            "cs": top.cs.reshape(-1),
            "es": pa.array(es, mask=empty if top.es is not None else np.ones_like(empty)),
        }
    )
    return table.filter(pc.greater(table["cs"], 0))
