"""Distances between languages against their package, and sharing by distance against plain Python."""

import itertools
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from neurontui.queries import Results, distances, open_results
from neurontui.store.errors import InputError
from tests.queries.comparing import LANGUAGES, close
from tests.queries.conftest import Toy
from tests.queries.planted_sharing import Array, distance_table, symmetric, uneven, write_sharing
from tests.queries.reference import jackknife

URIEL = ("genetic", "syntactic", "phonological", "inventory", "geographic")
needs_uriel = pytest.mark.skipif(find_spec("urielplus") is None, reason="needs the extra 'distances'")
ISO = {"en": "eng", "de": "deu", "ar": "ara", "mr": "mar", "ku": "kur", "awa": "awa"}


def _pairs(table: pa.Table) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(row["kind"], row["language"], row["other"]): row for row in table.to_pylist()}


@needs_uriel
def test_distances_are_those_of_the_package() -> None:
    """Also of languages with few known features, by URIEL+'s own `new_distance`."""
    from urielplus.urielplus_querying import URIELPlusQuerying

    folder = distances._folder()
    assert folder is not None
    files = [np.load(folder / f"{name}_features.npz") for name in ("family", "geocoord")]
    files.insert(1, np.load(folder / "features.npz"))
    arrays = [[file[name] for file in files] for name in ("feats", "langs", "data", "sources")]
    theirs = URIELPlusQuerying(*arrays, codes="Iso")
    own = _pairs(distances.language_distances(tuple(ISO)))
    compared = 0
    for kind in URIEL:
        codes = list(ISO)[: 3 if kind == "genetic" else None]  # of which it is slow
        matrix = theirs.new_distance(kind, [ISO[code] for code in codes])
        for (i, a), (j, b) in itertools.combinations(enumerate(codes), 2):
            row = own[kind, a, b]
            assert row["distance"] == own[kind, b, a]["distance"]
            if row["distance"] is None:
                assert row["n_features"] < distances.MIN_FEATURES, (kind, a, b)
            else:
                assert row["distance"] == pytest.approx(matrix[i, j], abs=2e-4), (kind, a, b)
                compared += 1
    assert compared == 54


@needs_uriel
def test_unknown_languages_and_those_without_a_family_have_no_distance() -> None:
    rows = _pairs(distances.language_distances(("en", "eu", "xx", "zh", "zh-Hant", "mr")))
    assert {row["distance"] for (_, a, b), row in rows.items() if "xx" in (a, b)} == {None}
    assert rows["genetic", "en", "eu"]["distance"] is None  # URIEL has no family; `urielplus` gives 0.96 or so
    assert rows["syntactic", "en", "eu"]["distance"] == 0.5739
    assert [rows[kind, "zh", "zh-Hant"]["distance"] for kind in URIEL] == [0.0] * 5  # URIEL's zho, both
    assert rows["phonological", "en", "mr"] == {
        "language": "en", "other": "mr", "kind": "phonological", "distance": None, "n_features": 0,
    }  # fmt: skip


def test_without_the_package_only_family_branch_and_script_are_known(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "find_spec", lambda name: None)
    distances.language_distances.cache_clear()
    rows = results.query("sharing-by-distance", run=1).to_pylist()
    distances.language_distances.cache_clear()
    assert [row["note"] for row in rows[:3]] == [None] * 3
    assert {row["note"] for row in rows[3:]} == {"URIEL is not installed: pip install 'neurontui[distances]'"}
    assert {(row["correlation"], row["n_unknown"]) for row in rows[3:]} == {(None, 5)}


def test_a_damaged_package_is_reported_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "_folder", lambda: tmp_path)
    for content in (None, b"", b"PK\x05\x06" + bytes(18), b"no archive"):
        if content is not None:
            (tmp_path / "family_features.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"cannot be read .*; reinstall them: pip install"):
            distances.language_distances.__wrapped__(("en", "de"))
    with zipfile.ZipFile(tmp_path / "family_features.npz", "w") as archive:
        archive.writestr("langs.npy", b"\x93NUMPY")
    with pytest.raises(InputError, match="reinstall"):
        distances.language_distances.__wrapped__(("en", "de"))


def _ranks(values: list[float]) -> list[float]:
    """Mean ranks, by counting."""
    return [sum(b < a for b in values) + (sum(b == a for b in values) + 1) / 2 for a in values]


def _correlation(x: list[float], y: list[float]) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def spearman(x: list[float], y: list[float]) -> float:
    return _correlation(_ranks([round(v, 12) for v in x]), _ranks(y))


def mantel(sharing: Array, distance: Array) -> float:
    """Share of all orders of the languages with a correlation at most that of the given one; plain loops."""
    pairs = list(itertools.combinations(range(len(sharing)), 2))
    x = [float(sharing[i, j]) for i, j in pairs]

    def correlation(order: tuple[int, ...]) -> float:
        return spearman(x, [float(distance[order[i], order[j]]) for i, j in pairs])

    own = correlation(tuple(range(len(sharing))))
    orders = itertools.permutations(range(len(sharing)))
    return float(np.mean([correlation(order) <= own + 1e-9 for order in orders]))


def _sharing(results: Results, codes: tuple[str, ...], measure: str = "phi", **options: Any) -> Array:
    values = np.zeros((len(codes), len(codes)))
    for row in results.query("sharing-lift", languages=list(codes), **options).to_pylist():
        i, j = codes.index(row["language"]), codes.index(row["other"])
        values[i, j] = values[j, i] = row[measure]
    return values


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes and opens a file with given sharing, and gives its languages these distances."""
    opened = []

    def make(shared: Array, kinds: dict[str, Array]) -> Results:
        codes = tuple(f"x{chr(97 + i)}" for i in range(len(shared)))
        monkeypatch.setattr(distances, "language_distances", lambda _: distance_table(codes, kinds))
        path = write_sharing(tmp_path / f"{len(opened)}.duckdb", codes, np.round(1000 * shared))
        opened.append(open_results(path))
        return opened[-1]

    yield make
    for results in opened:
        results.close()


@pytest.mark.parametrize("measure", ["phi", "lift", "jaccard"])
def test_few_languages_have_an_exact_test(results: Results, toy: Toy, measure: str) -> None:
    """Over the five languages of the toy run, with URIEL's distances where installed, against plain Python."""
    rows = {row["distance"]: row for row in results.query("sharing-by-distance", run=1, measure=measure).to_pylist()}
    table = results.query("language-distances", run=1).to_pylist()
    sharing = _sharing(results, LANGUAGES, measure, run=1)
    tested = 0
    for kind, row in rows.items():
        distance = np.full((5, 5), np.nan)
        for pair in table:
            i, j = LANGUAGES.index(pair["language"]), LANGUAGES.index(pair["other"])
            distance[i, j] = distance[j, i] = np.nan if pair[kind] is None else pair[kind]
        if row["correlation"] is None:
            assert row["note"]
            continue
        known = [i for i in range(5) if np.isfinite(distance[i]).any()]
        assert (row["n_languages"], row["n_unknown"]) == (len(known), 5 - len(known))
        assert row["n_pairs"] == len(known) * (len(known) - 1) // 2
        places = np.ix_(known, known)
        pairs = list(itertools.combinations(known, 2))
        x, y = ([float(m[i, j]) for i, j in pairs] for m in (sharing, distance))
        assert close(row["correlation"], spearman(x, y))
        assert close(row["p_value"], mantel(sharing[places], distance[places])), kind
        assert row["permutations"] == [0, 1, 2, 6, 24, 120][len(known)]
        tested += 1
    assert tested >= 3


def test_the_interval_is_a_jackknife_over_folds(results: Results, toy: Toy) -> None:
    run = toy[1]
    script = {"en": "Latn", "de": "Latn", "fr": "Latn", "ru": "Cyrl", "zh": "Hans"}
    pairs = list(itertools.combinations(range(5), 2))

    def correlation(kept: Array) -> float:
        values = []
        for i, j in pairs:
            x, y = (
                np.concatenate([(a := layer[kept, p] > 0).ravel() - a.mean() for layer in run.activations])
                for p in (i, j)
            )
            values.append(float(x @ y / np.sqrt((x @ x) * (y @ y))))
        return spearman(values, [float(script[LANGUAGES[i]] != script[LANGUAGES[j]]) for i, j in pairs])

    own, low, high = jackknife(run.folds, correlation)
    (row,) = (r for r in results.query("sharing-by-distance", run=1).to_pylist() if r["distance"] == "script")
    assert close(row["correlation"], own)
    assert close(row["low"], low)
    assert close(row["high"], high)


def test_unknown_distances_are_left_out(planted: Any) -> None:
    """A language without any distance is left out, a pair without one is no pair; both as in plain Python."""
    rng = np.random.default_rng(1)
    shared, distance = symmetric(rng, 7), symmetric(rng, 7)
    distance[:, 3] = distance[3] = np.nan
    distance[1, 2] = distance[2, 1] = np.nan
    results = planted(shared, {"syntactic": distance})
    (row,) = (r for r in results.query("sharing-by-distance").to_pylist() if r["distance"] == "syntactic")
    assert [row[name] for name in ("n_languages", "n_pairs", "n_unknown", "permutations")] == [6, 14, 1, 720]
    kept = [0, 1, 2, 4, 5, 6]
    pairs = [(i, j) for i, j in itertools.combinations(kept, 2) if (i, j) != (1, 2)]
    sharing = _sharing(results, results.known_runs[0].languages)
    x, y = ([float(m[i, j]) for i, j in pairs] for m in (sharing, distance))
    assert close(row["correlation"], spearman(x, y))
    every = list(itertools.combinations(kept, 2))
    x_ranks = dict(zip(every, _ranks([round(float(sharing[i, j]), 12) for i, j in every]), strict=True))
    y_ranks = {frozenset(pair): rank for pair, rank in zip(pairs, _ranks(y), strict=True)}

    def correlation(order: tuple[int, ...]) -> float:
        moved = dict(zip(kept, order, strict=True))
        both = [(x_ranks[i, j], y_ranks.get(frozenset((moved[i], moved[j])))) for i, j in every]
        return _correlation(*([v[k] for v in both if v[1] is not None] for k in (0, 1)))

    own = correlation(tuple(kept))
    expected = np.mean([correlation(order) <= own + 1e-9 for order in itertools.permutations(kept)])
    assert close(row["p_value"], float(expected))


def test_planted_sharing_is_detected_and_that_of_another_order_is_not(planted: Any) -> None:
    """Sharing made from a distance; the same distances of languages in a random order are no explanation."""
    rng = np.random.default_rng(5)
    distance = symmetric(rng, 10)
    order = rng.permutation(10)
    other = distance[np.ix_(order, order)]
    results = planted(1.2 - distance + 0.1 * symmetric(rng, 10), {"syntactic": distance, "genetic": other})
    rows = {row["distance"]: row for row in results.query("sharing-by-distance").to_pylist()}
    assert rows["syntactic"]["correlation"] < -0.95
    assert rows["syntactic"]["p_value"] == pytest.approx(1e-4)
    assert rows["syntactic"]["permutations"] == 10_000
    assert rows["genetic"]["p_value"] > 0.05
    assert rows["inventory"]["note"] == "fewer than three pairs of languages have this distance"


def test_random_permutations_agree_with_independent_ones(planted: Any) -> None:
    """With more than seven languages, within the error of sampling."""
    rng = np.random.default_rng(3)
    distance = symmetric(rng, 9)
    results = planted(1 - 0.2 * distance + 0.9 * symmetric(rng, 9), {"syntactic": distance})
    (row,) = (r for r in results.query("sharing-by-distance").to_pylist() if r["distance"] == "syntactic")
    x = _sharing(results, tuple(results.known_runs[0].languages))
    i, j = np.triu_indices(9, 1)
    ranks, values = np.array(_ranks(list(x[i, j]))), np.zeros((9, 9))
    values[i, j] = values[j, i] = _ranks(list(distance[i, j]))
    own = _correlation(ranks, values[i, j])
    orders = [rng.permutation(9) for _ in range(2000)]
    expected = np.mean([_correlation(ranks, values[o[i], o[j]]) <= own for o in orders])
    assert 0.02 < expected < 0.98
    assert row["p_value"] == pytest.approx(expected, abs=0.04)


def test_false_positives_are_rare(planted: Any) -> None:
    """200 random distances and random sharing of six languages, all 720 orders: at most 6 % of p-values are ≤ 0.05.

    With the usual test of ρ, which takes the 15 pairs for independent, there are more than 12 %.
    """
    rng = np.random.default_rng([2, 1])
    kinds = [f"random {number}" for number in range(200)]
    results = planted(uneven(rng, 6), {kind: uneven(rng, 6) for kind in kinds})
    statement = results.statement("sharing-by-distance")
    own = "['genetic', 'syntactic', 'phonological', 'inventory', 'geographic']"
    assert statement.count(own) == 1
    rows = [row for row in results.sql(statement.replace(own, str(kinds))).to_pylist() if row["distance"] in kinds]
    p_values, rho = (np.array([row[name] for row in rows]) for name in ("p_value", "correlation"))
    assert len(p_values) == 200
    assert {row["permutations"] for row in rows} == {720}
    assert np.mean(p_values <= 0.05) <= 0.06
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.06)
    one_sided = -1.771  # Student's t at 0.05, 13 degrees of freedom
    assert np.mean(rho * np.sqrt(13 / (1 - rho**2)) < one_sided) > 0.12


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_languages_give_no_rows_or_reasons(results: Results, n: int) -> None:
    rows = results.query("sharing-by-distance", run=1, languages=list(LANGUAGES[:n])).to_pylist()
    assert len(rows) == (0 if n == 1 else 8)
    for row in rows:
        assert (row["correlation"] is None) == (row["p_value"] is None) == (row["note"] is not None)
        assert n == 3 or row["note"] == "fewer than three pairs of languages have this distance"
    if n == 3:  # English, German and French
        assert rows[0]["note"] == "all pairs have the same distance or sharing"
