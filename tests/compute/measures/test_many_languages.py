"""Counts that stand for the mask histogram above 15 languages, against loops over raw activations."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from neurontui.compute.measures.many_languages import ManyLanguageCounts, pair_counts
from neurontui.store.schema import shard_schema
from tests.compute.measures.test_types import LAYERS, THRESHOLDS, made_up

FOLDS = (3, 0, 3, 19, 0, 3)
"""Of the made-up examples."""


@pytest.fixture(scope="module", params=[16, 33])
def counted(request):
    """(capture, languages, tables), the batch counted in two parts of the same examples."""
    batch, captured = made_up(request.param)
    counts = ManyLanguageCounts(batch.languages, LAYERS, THRESHOLDS)
    counts.add(batch, captured)
    counts.add(batch, captured)
    return captured, batch.languages, counts.tables()


def test_tables_have_the_columns_of_the_store(counted) -> None:
    for name, table in counted[2].items():
        assert table.schema.equals(shard_schema(name)), name


def test_popcounts_are_those_of_the_raw_activations(counted) -> None:
    captured, _, tables = counted
    expected: dict[tuple, int] = {}
    for layer in range(len(LAYERS)):
        parts = [(t, "last", captured.activations[layer] > t) for t in THRESHOLDS]
        parts.append((0.0, "any", captured.active_tokens[layer] > 0))
        for threshold, scope, active in parts:
            for fold, example in zip(FOLDS, active.numpy(), strict=True):
                for n_active in example.sum(0):
                    key = (threshold, scope, fold, layer, int(n_active))
                    expected[key] = expected.get(key, 0) + 2
    rows = tables["active_histogram"].to_pylist()
    found = {tuple(row.values())[:-1]: row["n"] for row in rows}
    assert len(rows) == len(found)
    assert found == expected


def test_pairs_are_those_of_the_raw_activations(counted) -> None:
    captured, languages, tables = counted
    rows = {
        (r["fold"], r["layer"], r["language"], r["other"]): (r["n"], r["n_partial"], r["n_only"])
        for r in tables["language_pairs"].to_pylist()
    }
    every = list(combinations_with_replacement(range(len(languages)), 2))
    assert len(rows) == 3 * len(LAYERS) * len(every)
    for layer in range(len(LAYERS)):
        active = captured.activations[layer].numpy() > 0
        n_active = active.sum(1)
        for fold in set(FOLDS):
            mine = np.array(FOLDS) == fold
            for a, b in every:
                both = active[mine, a] & active[mine, b]
                partial = both & (n_active[mine] > 1) & (n_active[mine] < len(languages))
                only = both & (n_active[mine] == (1 if a == b else 2))
                expected = tuple(2 * int(each.sum()) for each in (both, partial, only))
                assert rows[fold, layer, languages[a], languages[b]] == expected


def test_pairs_of_a_silent_layer_are_zero() -> None:
    _, captured = made_up(16)
    assert not pair_counts(captured.activations[0] > 1e9).any()
