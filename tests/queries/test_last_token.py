"""last-token-effect finds planted shares, and separates last token and language only where that is possible."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from neurontui.queries import Results, open_results
from tests.queries.token_stores import LANGUAGES, Design, write_designs

MIXED = {"token": 0.4, "language": 0.2, "example": 0.1}
PLANTED = {
    "token only": Design(token=1),
    "language only": Design(language=1),
    "example only": Design(example=1),
    "nothing": Design(),
    "mixed": Design(**MIXED),
    "same tokens in all languages": Design(**MIXED, tokens="by template in all languages"),
    "tokens of the example": Design(**MIXED, tokens="by cluster", templates=1, clusters=72),
    "one token per language": Design(**MIXED, tokens="by language"),
    "one token": Design(language=0.3, example=0.2, tokens="equal"),
    "a token per prompt": Design(language=0.3, example=0.2, tokens="by prompt"),
    "uneven": Design(**MIXED, tokens="uneven", neurons=40, clusters=12, layers=2),
    "small": Design(**MIXED, neurons=40, clusters=12, layers=2),
}
NAMES = list(PLANTED)
SEPARABLE = NAMES[:7]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    path = write_designs(tmp_path_factory.mktemp("tokens") / "tokens.duckdb", list(PLANTED.values()))
    with open_results(path) as results:
        yield results


def effect(results: Results, name: str, **params: Any) -> dict[str, dict[str, Any]]:
    rows = results.query("last-token-effect", run=NAMES.index(name) + 1, **params).to_pylist()
    return {row["component"]: row for row in rows}


@pytest.mark.parametrize("name", SEPARABLE)
def test_planted_shares_are_found(stores: Results, name: str) -> None:
    found, design = effect(stores, name), PLANTED[name]
    planted = {"last token": design.token, "language": design.language, "example": design.example}
    # The states of a neuron are random, so a level in common by chance moves a share by a few points.
    assert {component: found[component]["share"] for component in planted} == pytest.approx(
        {component: 100 * share for component, share in planted.items()}, abs=5
    )
    assert sum(row["share"] for row in found.values()) == pytest.approx(100)
    assert found["rest"]["share"] == pytest.approx(100 - 100 * sum(planted.values()), abs=5)
    assert found["last token"]["whole"] == pytest.approx(50, abs=2)
    assert all(row["low"] <= row["share"] <= row["high"] for row in found.values())


@pytest.mark.parametrize("name", SEPARABLE)
def test_only_a_planted_effect_of_the_last_token_is_significant(stores: Results, name: str) -> None:
    found = effect(stores, name)
    if PLANTED[name].token:
        assert found["last token"]["p_value"] == 1 / 200
        assert f"last token accounts for {found['last token']['share']:.0f} %" in found["last token"]["note"]
    else:
        assert found["last token"]["p_value"] > 0.05
        assert found["last token"]["note"] is None


def test_one_token_per_language_cannot_be_separated_from_it(stores: Results) -> None:
    found = effect(stores, "one token per language")
    assert list(found) == ["language or last token", "example", "rest"]
    assert found["language or last token"]["share"] == pytest.approx(60, abs=5)
    assert found["language or last token"]["p_value"] is None
    assert "so last token and language cannot be separated" in found["example"]["note"]


@pytest.mark.parametrize("name", ["one token", "a token per prompt"])
def test_tokens_that_never_differ_or_never_repeat_explain_nothing(stores: Results, name: str) -> None:
    found = effect(stores, name)
    assert list(found) == ["language", "example", "rest"]
    assert found["language"]["share"] == pytest.approx(30, abs=5)
    assert found["language"]["note"] is None


def test_one_language_has_nothing_to_compare(stores: Results) -> None:
    assert effect(stores, "mixed", languages="en") == {}


@pytest.mark.parametrize("name", ["small", "uneven"])
def test_the_shares_equal_those_of_plain_numpy(stores: Results, name: str) -> None:
    """All prompts and neurons of a store so small that none is left out, overall and in one layer."""
    for layer in (None, 1):
        active, tokens, cluster = _raw(stores, NAMES.index(name) + 1, layer)
        expected = _shares(active, tokens, cluster)
        found = effect(stores, name, layer=layer)
        assert {name: found[name]["share"] for name in expected} == pytest.approx(expected)


def _raw(results: Results, run: int, layer: int | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(E, P, neurons) activity, (E, P) tokens, (E,) clusters."""
    table = results.sql(
        f"SELECT example, mask FROM activations WHERE run = {run} AND layer = coalesce({layer or 'NULL'}, layer) "
        "ORDER BY example, layer, neuron"
    )
    texts = results.sql(
        f"SELECT cluster, last_token FROM examples JOIN run_languages USING (run, language) WHERE run = {run} "
        "ORDER BY example, bit"
    )
    P = len(LANGUAGES)
    tokens = np.array(texts["last_token"].to_pylist()).reshape(-1, P)
    masks = table["mask"].to_numpy().reshape(len(tokens), -1).astype(np.int64)
    return np.stack([masks >> bit & 1 for bit in range(P)], axis=1), tokens, np.array(texts["cluster"].to_pylist())[::P]


def _shares(active: NDArray[Any], tokens: NDArray[Any], cluster: NDArray[Any]) -> dict[str, float]:
    """The definition, pair by pair, if all languages have several tokens."""
    E, P = tokens.shape
    far: dict[bool, list[float]] = {False: [], True: []}
    of_example: dict[bool, list[float]] = {False: [], True: []}
    same: dict[int, list[float]] = {p: [] for p in range(P)}
    others: dict[int, list[float]] = {p: [] for p in range(P)}
    for (e, p), (f, q) in combinations(np.ndindex(E, P), 2):
        d, equal = float((active[e, p] != active[f, q]).sum()), bool(tokens[e, p] == tokens[f, q])
        if e == f:
            of_example[equal].append(d)
        elif cluster[e] != cluster[f] and p != q:
            far[equal].append(d)
        elif cluster[e] != cluster[f]:
            (same if equal else others)[p].append(d)
    weights = np.array([1 / (1 / len(same[p]) + 1 / len(others[p])) for p in range(P)])
    weights, whole = weights / weights.sum(), np.mean(far[False])
    token = sum(w * (np.mean(others[p]) - np.mean(same[p])) for p, w in enumerate(weights))
    language = sum(w * (whole - np.mean(others[p])) for p, w in enumerate(weights))
    gaps = [np.mean(far[equal]) - np.mean(of_example[equal]) for equal in (False, True) if of_example[equal]]
    counts = [len(of_example[equal]) for equal in (False, True) if of_example[equal]]
    shares = {"last token": token, "language": language, "example": np.average(gaps, weights=counts)}
    return {name: float(100 * share / whole) for name, share in shares.items()}


def test_sharing_by_last_token_counts_every_kind_of_pair(stores: Results) -> None:
    active, tokens, cluster = _raw(stores, NAMES.index("small") + 1, None)
    pairs: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for (e, p), (f, q) in combinations(np.ndindex(*tokens.shape), 2):
        if e == f or cluster[e] != cluster[f]:
            kind = tuple("same" if same else "other" for same in (p == q, e == f, tokens[e, p] == tokens[f, q]))
            counts = (active[e, p] & active[f, q]).sum(), (active[e, p] | active[f, q]).sum()
            pairs.setdefault(kind, []).append((int(counts[0]), int(counts[1])))
    rows = stores.query("sharing-by-last-token", run=NAMES.index("small") + 1).to_pylist()
    found = {(row["language"], row["example"], row["last_token"]): row for row in rows}
    assert {kind: row["n"] for kind, row in found.items()} == {kind: len(counts) for kind, counts in pairs.items()}
    for kind, counts in pairs.items():
        both, either = np.sum(counts, axis=0)
        assert found[kind]["jaccard"] == pytest.approx(100 * both / either)
        assert found[kind]["differ"] == pytest.approx(100 * (either - both) / len(counts) / active.shape[2])


def test_a_run_without_masks_has_no_rows(tmp_path: Path) -> None:
    path = write_designs(tmp_path / "none.duckdb", [replace(PLANTED["small"], clusters=4)])
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM activations")
    with open_results(path) as results:
        assert results.query("last-token-effect").num_rows == 0
        assert results.query("sharing-by-last-token").num_rows == 0


def _p_values(path: Path, n: int) -> list[float]:
    """Stores in which last tokens change nothing, but examples, clusters and languages do."""
    null = Design(language=0.2, example=0.3, cluster=0.3, clusters=8, neurons=20, layers=1)
    designs = [replace(null, tokens=("by template", "by cluster")[i % 2]) for i in range(n)]
    with open_results(write_designs(path / "null.duckdb", designs, seed=5)) as results:
        tables = [results.query("last-token-effect", run=run + 1) for run in range(n)]
    return [table["p_value"][0].as_py() for table in tables]


def test_p_values_are_uniform_without_an_effect(tmp_path: Path) -> None:
    values = _p_values(tmp_path, 40)
    assert sum(p <= 0.05 for p in values) <= 4
    assert 0.35 < np.mean(values) < 0.65


@pytest.mark.faults
def test_p_values_are_uniform_in_many_stores(tmp_path: Path) -> None:
    values = np.sort(_p_values(tmp_path, 200))
    assert np.mean(values <= 0.05) <= 0.08  # 0.05, and two standard errors
    assert np.abs(values - (np.arange(200) + 0.5) / 200).max() < 1.36 / np.sqrt(200)  # Kolmogorov and Smirnov
