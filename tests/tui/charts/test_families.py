"""The answer of sharing-by-family in words, against NumPy on the raw activations."""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.families import family_lines
from tests.queries.reference import Array, jackknife
from tests.tui.charts.raw import CODES, RUN, rows_of
from tests.tui.charts.words import numbers, text

ROW: dict[str, Any] = {
    "relation": "family", "n_related": 0, "n_other": 0, "related": None, "unrelated": None,
    "difference": None, "low": None, "high": None, "p_value": None, "n_unknown": 0,
}  # fmt: skip


def _line(**changes: Any) -> str:
    table = pa.Table.from_pylist([{**ROW, **changes}])
    return "".join(part.text for part in family_lines(table)[-2])


def test_a_relation_without_pairs_says_why() -> None:
    assert "no such pair among these languages" in _line(n_other=3)
    assert "family not known for 2 of these languages" in _line(n_unknown=2)


BRANCHES = {"en": "Germanic", "de": "Germanic", "fr": "Romance", "ru": "Slavic", "zh": "Sinitic"}
SCRIPTS = {"en": "Latn", "de": "Latn", "fr": "Latn", "ru": "Cyrl", "zh": "Hans"}
FAMILIES = {code: "Sino-Tibetan" if code == "zh" else "Indo-European" for code in CODES}
RELATIONS = {"family": FAMILIES, "branch": BRANCHES, "script": SCRIPTS}


def _phi(first: int, second: int, kept: Array) -> float:
    """Correlation of the activity of two languages over all neurons and the kept examples, within layers."""
    x, y = (np.concatenate([_centered(layer[kept, p] > 0) for layer in RUN.activations]) for p in (first, second))
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _centered(active: Array) -> Array:
    return np.asarray(active.ravel() - active.mean())


@pytest.mark.parametrize("relation", RELATIONS)
def test_related_languages_against_the_others(results: Results, relation: str) -> None:
    group = RELATIONS[relation]
    pairs: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for a, b in combinations(range(len(CODES)), 2):
        pairs[group[CODES[a]] == group[CODES[b]]].append((a, b))

    def mean(related: bool, kept: Array) -> float:
        return float(np.mean([_phi(a, b, kept) for a, b in pairs[related]]))

    every = np.ones(len(RUN.folds), bool)
    difference, low, high = jackknife(RUN.folds, lambda kept: mean(True, kept) - mean(False, kept))
    (line,) = [line for line in family_lines(rows_of(results, "sharing-by-family")) if f"same {relation}" in text(line)]
    *exact, p_value = numbers(line)
    assert exact == pytest.approx(
        [len(pairs[True]), mean(True, every), mean(False, every), difference, (high - low) / 2], abs=0.00051
    )
    labels = [group[code] for code in CODES]
    assert p_value == pytest.approx(_exact_mantel(labels, every), abs=0.021)


def _exact_mantel(labels: list[str], every: Array) -> float:
    """Share of all permutations of the languages with a difference at least as large."""
    values = {(a, b): _phi(a, b, every) for a, b in combinations(range(len(labels)), 2)}

    def difference(order: Sequence[str]) -> float:
        same = [value for (a, b), value in values.items() if order[a] == order[b]]
        other = [value for (a, b), value in values.items() if order[a] != order[b]]
        return float(np.mean(same) - np.mean(other))

    observed = difference(labels)
    return float(np.mean([difference(order) >= observed - 1e-12 for order in permutations(labels)]))
