"""Rows of one batch against loops over raw activations, and type tables by language subset from histograms."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.tasks.example import Example
from neurontui.store.journal.manifest import Layer
from neurontui.store.schema import shard_schema
from tests.compute.measures.test_masks import type_by_sets
from tests.compute.measures.whole import types_tables

THRESHOLDS = (0.0, 0.1, 0.3)
LAYERS = (Layer(0, "decoder", 0, 40), Layer(1, "decoder", 1, 24))
SEEN_ENCODER = (Layer(0, "encoder", 0, 40), Layer(1, "decoder", 0, 24))


def made_up(n_languages: int = 5, seed: int = 0) -> tuple[Batch, Capture]:
    """Random activity of 6 examples with correlated languages, in folds 3, 0 and 19."""
    generator = torch.Generator().manual_seed(seed)
    languages = tuple(f"l{i}" for i in range(n_languages))
    examples = tuple(Example(id=f"e{i}", cluster=f"c{i}", prompts={}) for i in range(6))
    batch = Batch(2, (12, 13, 14, 15, 16, 17), (3, 0, 3, 19, 0, 3), examples, languages)
    activations, counts = [], []
    for layer in LAYERS:
        shared = torch.randn(6, 1, layer.n_neurons, generator=generator)
        own = torch.randn(6, n_languages, layer.n_neurons, generator=generator)
        values = (shared + own) / 2
        activations.append(values)
        elsewhere = torch.randint(0, 3, values.shape, generator=generator, dtype=torch.int32)
        counts.append(elsewhere + (values > 0))
    n_tokens = torch.randint(4, 9, (6, n_languages), generator=generator)
    texts = ["x"] * (6 * n_languages)
    return batch, Capture(activations, activations, counts, [3, 0], n_tokens, texts)


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return types_tables(*made_up(), LAYERS, THRESHOLDS)


def test_tables_have_the_columns_of_the_store(tables: dict[str, pa.Table]) -> None:
    assert set(tables) == {
        "activations",
        "layers",
        "neuron_tokens_active",
        "mask_histogram",
        "mask_joint",
    }
    for name, table in tables.items():
        assert table.schema.equals(shard_schema(name)), name


def test_masks_come_layer_by_layer_example_by_example(tables: dict[str, pa.Table]) -> None:
    batch, captured = made_up()
    expected = []
    for layer, values in zip(LAYERS, captured.activations, strict=True):
        for e, index in enumerate(batch.indices):
            for neuron in range(layer.n_neurons):
                bits = (int(values[e, p, neuron] > 0) << p for p in range(5))
                expected.append((index, layer.layer, neuron, sum(bits)))
    found = [tuple(row.values()) for row in tables["activations"].to_pylist()]
    assert found == expected


@pytest.mark.parametrize("seed", range(12))
def test_types_of_a_random_subset_from_the_histogram_equal_those_of_raw_activations(
    seed: int,
) -> None:
    """Any languages, threshold, scope and folds: the histogram knows as much as the activations."""
    batch, captured = made_up(n_languages=6, seed=seed)
    table = types_tables(batch, captured, LAYERS, THRESHOLDS)["mask_histogram"]
    random = np.random.default_rng(seed)
    subset = {int(p) for p in random.choice(6, random.integers(3, 7), replace=False)}
    folds = {int(f) for f in random.choice([0, 3, 19], random.integers(1, 4), replace=False)}
    cases = [("last", threshold) for threshold in THRESHOLDS] + [("any", THRESHOLDS[0])]
    for scope, threshold in cases:
        for layer in LAYERS:
            found: Counter[str] = Counter()
            for row in table.to_pylist():
                wanted = (scope, threshold, layer.layer)
                if (row["scope"], row["threshold"], row["layer"]) == wanted and row["fold"] in folds:
                    active = {p for p in range(6) if row["mask"] >> p & 1}
                    found[type_by_sets(active, subset)] += row["n"]
            assert found == raw_types(batch, captured, layer, scope, threshold, subset, folds)


def raw_types(
    batch: Batch,
    captured: Capture,
    layer: Layer,
    scope: str,
    threshold: float,
    subset: set[int],
    folds: set[int],
) -> Counter[str]:
    assert captured.active_tokens is not None
    counts: Counter[str] = Counter()
    for e, fold in enumerate(batch.folds):
        for neuron in range(layer.n_neurons) if fold in folds else ():
            values = captured.activations[layer.layer][e, :, neuron]
            tokens = captured.active_tokens[layer.layer][e, :, neuron]
            on = values > threshold if scope == "last" else tokens > 0
            active = {p for p in range(len(batch.languages)) if on[p]}
            counts[type_by_sets(active, subset)] += 1
    return counts


def test_neurons_silent_at_every_token_are_counted_by_their_mask(tables: dict[str, Any]) -> None:
    batch, captured = made_up()
    assert captured.active_tokens is not None
    expected: Counter[Any] = Counter()
    for layer in LAYERS:
        values, tokens = captured.activations[layer.layer], captured.active_tokens[layer.layer]
        for e, fold in enumerate(batch.folds):
            for neuron in range(layer.n_neurons):
                mask = sum(int(values[e, p, neuron] > 0) << p for p in range(5))
                for p, language in enumerate(batch.languages):
                    key = (language, fold, layer.layer, mask)
                    expected[(*key, "n")] += 1
                    expected[(*key, "n_silent")] += int(tokens[e, p, neuron] == 0)
    found: Counter[Any] = Counter()
    for row in tables["mask_joint"].to_pylist():
        key = (row["language"], row["fold"], row["layer"], row["last_mask"])
        found[(*key, "n")] += row["n"]
        found[(*key, "n_silent")] += row["n_silent"]
    assert +found == +expected


def test_tokens_are_summed_over_examples_a_language_and_neuron(tables: dict[str, Any]) -> None:
    batch, captured = made_up()
    assert captured.active_tokens is not None
    rows = tables["neuron_tokens_active"].to_pylist()
    assert len(rows) == 5 * (40 + 24)
    for row in rows:
        p = batch.languages.index(row["language"])
        tokens = captured.active_tokens[row["layer"]][:, p, row["neuron"]]
        assert row["n_active"] == int(tokens.sum())
        assert row["n_tokens"] == int(captured.n_tokens[:, p].sum())


@pytest.mark.parametrize("part", [1, 2, 4, 5])
@pytest.mark.parametrize("n_languages", [5, 17])
def test_parts_of_a_batch_add_up_to_it(part: int, n_languages: int) -> None:
    batch, captured = made_up(n_languages)
    whole = types_tables(batch, captured, LAYERS, THRESHOLDS)
    summed = types_tables(batch, captured, LAYERS, THRESHOLDS, part)
    assert whole.keys() == summed.keys()
    for name, table in whole.items():
        assert _rows(summed[name]) == _rows(table), name


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in table.to_pylist())


def test_the_decoder_behind_an_encoder_runs_over_one_token() -> None:
    rows = types_tables(*made_up(), SEEN_ENCODER, (0.0,))["neuron_tokens_active"].to_pylist()
    captured = made_up()[1]
    for row in rows:
        p = int(row["language"][1:])
        expected = int(captured.n_tokens[:, p].sum()) if row["layer"] == 0 else 6
        assert row["n_tokens"] == expected


def test_near_threshold_counts_are_kept_a_layer(tables: dict[str, Any]) -> None:
    assert tables["layers"].to_pylist() == [
        {"layer": 0, "n_near_zero": 3},
        {"layer": 1, "n_near_zero": 0},
    ]


def test_without_token_counts_there_is_no_scope_any() -> None:
    batch, captured = made_up()
    bare = Capture(
        captured.activations,
        captured.weights,
        None,
        [0, 0],
        captured.n_tokens,
        captured.last_tokens,
    )
    tables = types_tables(batch, bare, LAYERS, (0.0,))
    assert set(tables) == {"activations", "layers", "mask_histogram"}
    assert set(tables["mask_histogram"]["scope"].to_pylist()) == {"last"}


@pytest.mark.parametrize("n_languages", [HISTOGRAM_LANGUAGES, HISTOGRAM_LANGUAGES + 1, 64])
def test_many_languages_keep_their_masks_and_give_up_the_histogram(n_languages: int) -> None:
    batch, captured = made_up(n_languages)
    tables = types_tables(batch, captured, LAYERS, (0.0,))
    listed = n_languages <= HISTOGRAM_LANGUAGES
    assert ("mask_histogram" in tables) == listed
    assert ("active_histogram" in tables) == ("language_pairs" in tables) == (not listed)
    masks = tables["activations"]["mask"].to_numpy()
    expected = [(a > 0).sum(1).numpy().reshape(-1) for a in captured.activations]
    assert (np.bitwise_count(masks) == np.concatenate(expected)).all()


def test_every_type_occurs_in_the_made_up_activity(tables: dict[str, Any]) -> None:
    """Guards the tests above: they would prove little if one type were missing."""
    seen = {int(mask).bit_count() for mask in tables["activations"]["mask"].to_pylist()}
    assert seen == {0, 1, 2, 3, 4, 5}
    assert len(TYPES) == 4
