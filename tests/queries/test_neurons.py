"""Finding and describing neurons, against counting in the raw activations."""

import itertools
import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from neurontui.queries import Results, open_results
from tests.queries.comparing import LANGUAGES, check, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import EDGES, TYPES, RawRun, make_run, token_values_of, tokens_of, write_runs
from tests.queries.reference import active, types

COLUMN = dict(zip(TYPES, ("non_activated", "specific", "partial_shared", "all_shared"), strict=True))


def shares(run: RawRun, layer: int, codes: list[str], neuron: int) -> dict[str, float]:
    """Percent of examples of each type, by column; nan where it is undefined."""
    neuron_types = types(active(run, layer, codes))
    return {
        COLUMN[name]: 100 * neuron_types[name][:, neuron].mean() if name in neuron_types else math.nan for name in TYPES
    }


def neurons(run: RawRun, layers: list[int]) -> list[tuple[int, int]]:
    return [(i, k) for i in layers for k in range(run.activations[i].shape[2])]


@pytest.mark.parametrize("codes", subsets(3, 2, 31), ids=",".join)
@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("layer", [None, 2])
def test_find_neurons(results: Results, toy: Toy, codes: list[str], name: str, layer: int | None) -> None:
    run = toy[1]
    for language, share in ((None, 30), (codes[0], 10)):
        found = results.query(
            "find-neurons",
            run=1,
            languages=codes,
            type=name,
            language=language,
            share=share,
            layer=layer,
        )
        expected: dict[Any, dict[str, float]] = {}
        for i, k in neurons(run, [0, 1, 2] if layer is None else [layer]):
            neuron_types = types(active(run, i, codes))
            if name not in neuron_types or (language and name == "non-activated"):
                continue
            matches = neuron_types[name][:, k]
            if language:
                matches = matches & (run.activations[i][:, run.languages.index(language), k] > 0)
            if matches.any() and 100 * matches.mean() >= share:
                expected[i, k] = {"share": 100 * matches.mean(), **shares(run, i, codes, k)}
        for row in expected.values():
            row["found"] = len(expected)
        check(found, ("layer", "neuron"), expected)
        order = [(-r["share"], r["layer"], r["neuron"]) for r in found.to_pylist()]
        assert order == sorted(order)


def test_find_neurons_names_the_language_and_counts_beyond_the_limit(results: Results) -> None:
    rows = results.query("find-neurons", run=1, type="specific", share=90, limit=1).to_pylist()
    assert [r["language"] for r in rows] == ["de"]
    assert rows[0]["found"] >= 3


def test_of_equally_frequent_languages_a_neuron_is_reported_the_first(results: Results, toy: Toy) -> None:
    run, ties = toy[1], 0
    rows = results.query("find-neurons", run=1, type="specific", share=1).to_pylist()
    for row in rows:
        on = active(run, row["layer"], list(run.languages))[:, :, row["neuron"]]
        counts = on[on.sum(1) == 1].sum(0)
        assert row["language"] == run.languages[int(counts.argmax())]
        ties += int((counts == counts.max()).sum() > 1)
    assert ties, "nothing was tried"


@pytest.mark.parametrize("codes", subsets(4, 1, 32), ids=",".join)
def test_layer_neurons(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer = toy[1], 1
    read = [run.languages.index(code) for code in codes]
    expected = {
        k: {
            **shares(run, layer, codes, k),
            "n_active": active(run, layer, codes)[:, :, k].sum(1).mean(),
            "top": 100 * run.top(layer)[:, read, k].mean(),
            "contribution": 100 * run.shares(layer)[:, read, k].mean(),
            "effect": run.effects[layer][:, read, k].mean(),
            "gradient": run.gradients(layer)[:, read, k].mean(),
        }
        for k in range(24)
    }
    check(results.query("layer-neurons", run=1, layer=layer, languages=codes), ("neuron",), expected)


@pytest.mark.parametrize("codes", subsets(4, 1, 33), ids=",".join)
@pytest.mark.parametrize(("layer", "neuron"), [(1, 5), (0, 2), (2, 9)])
def test_neuron_card(results: Results, toy: Toy, codes: list[str], layer: int, neuron: int) -> None:
    run = toy[1]
    read = [run.languages.index(code) for code in codes]
    found = results.query("neuron-card", run=1, layer=layer, neuron=neuron, languages=codes)
    effects = run.effects[layer][:, read, neuron]
    check(found, ("layer", "neuron"), {
        (layer, neuron): {
            **shares(run, layer, codes, neuron), "n_examples": 40,
            "top": 100 * run.top(layer)[:, read, neuron].mean(),
            "contribution": 100 * run.shares(layer)[:, read, neuron].mean(),
            "effect": effects.mean(), "effect_min": effects.min(), "effect_max": effects.max(),
            "gradient": run.gradients(layer)[:, read, neuron].mean(),
        }
    })  # fmt: skip
    [row] = found.to_pylist()
    known = (layer, neuron) == (1, 5)
    assert row["promotes"] == (["promotes1", "promotes2", "promotes3"] if known else None)
    strongest = list(np.argsort(-run.activations[layer][:, 0, neuron])[:4])
    assert row["examples"] == (strongest if "en" in codes else None)


@pytest.mark.parametrize("codes", subsets(4, 1, 34), ids=",".join)
def test_neuron_languages(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer, neuron = toy[1], 2, 7
    expected = {}
    for code in codes:
        p = run.languages.index(code)
        on = run.activations[layer][:, p, neuron] > 0
        specific = on & (active(run, layer, codes)[:, :, neuron].sum(1) == 1)
        expected[code] = {
            "active": 100 * on.mean(), "specific": 100 * specific.mean() if len(codes) > 1 else math.nan,
            "tokens": 100 * run.active_tokens[layer][:, p, neuron].sum() / run.n_tokens[:, p].sum(),
            "top": 100 * run.top(layer)[:, p, neuron].mean(),
            "contribution": 100 * run.shares(layer)[:, p, neuron].mean(),
            "effect": run.effects[layer][:, p, neuron].mean(), "effect_max": run.effects[layer][:, p, neuron].max(),
            "gradient": run.gradients(layer)[:, p, neuron].mean(),
        }  # fmt: skip
    found = results.query("neuron-languages", run=1, layer=layer, neuron=neuron, languages=codes)
    check(found, ("language",), expected)
    assert found["language"].to_pylist() == [code for code in LANGUAGES if code in codes]


@pytest.mark.parametrize("codes", subsets(4, 1, 35), ids=",".join)
def test_neuron_types(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer, neuron = toy[1], 0, 11
    found = results.query("neuron-types", run=1, layer=layer, neuron=neuron, languages=codes)
    expected = {name: {"share": shares(run, layer, codes, neuron)[COLUMN[name]]} for name in TYPES}
    check(found, ("type",), expected)
    rows = {r["type"]: r for r in found.to_pylist()}
    if rows["all-shared"]["n"]:
        assert rows["all-shared"]["languages"] == [code for code in LANGUAGES if code in codes]
    assert (rows["specific"]["note"] is None) == (len(codes) > 2)


def test_neuron_types_name_the_most_frequent_languages(results: Results) -> None:
    rows = {r["type"]: r for r in results.query("neuron-types", run=1, layer=1, neuron=3).to_pylist()}
    assert rows["partial-shared"]["languages"] == ["en", "de"]


@pytest.mark.parametrize("codes", subsets(3, 1, 36), ids=",".join)
def test_neuron_over_examples(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer, neuron = toy[1], 1, 6
    rows = results.query("neuron-over-examples", run=1, layer=layer, neuron=neuron, languages=codes).to_pylist()
    assert [r["example"] for r in rows] == list(range(40))
    ordered = [code for code in LANGUAGES if code in codes]
    for e, row in enumerate(rows):
        on = [code for code in ordered if run.activations[layer][e, run.languages.index(code), neuron] > 0]
        assert row["languages"] == on
        count = len(on)
        assert row["type"] == (
            "all-shared" if count == len(codes) else
            "non-activated" if not count else "specific" if count == 1 else "partial-shared"
        )  # fmt: skip


def test_neuron_examples_and_tokens(results: Results, toy: Toy) -> None:
    rows = results.query("neuron-examples", run=1, layer=1, neuron=5).to_pylist()
    A = toy[1].activations[1][:, 0, 5]
    assert [r["example"] for r in rows] == list(np.argsort(-A)[:4])
    assert [r["activation"] for r in rows] == pytest.approx(sorted(A, reverse=True)[:4])
    assert rows[0]["prompt"].startswith("the en prompt")
    assert results.query("neuron-examples", run=1, layer=1, neuron=5, languages="de").num_rows == 0
    tokens = results.query("neuron-tokens", run=1, layer=1, neuron=5)
    assert tokens["token"].to_pylist() == [
        f"{d}{r}" for d, r in itertools.product(("promotes", "suppresses"), (1, 2, 3))
    ]


def test_token_values_are_those_of_each_input(results: Results, toy: Toy) -> None:
    run, layer, neuron = toy[1], 1, 5
    rows = results.query("neuron-token-values", run=1, layer=layer, neuron=neuron).to_pylist()
    strongest = [int(e) for e in np.argsort(-run.activations[layer][:, 0, neuron])[:4]]
    ranks = {(e, run.languages[0]): rank for rank, e in enumerate(strongest, 1)}
    more = [(e, code) for e, code in itertools.product((0, 1), run.languages) if (e, code) not in ranks]
    expected = [
        (ranks.get((e, code)), e, code, j, token, value, j == run.n_tokens[e, p] - 1)
        for e, code in [*ranks, *more]
        for p in [run.languages.index(code)]
        for j, (token, value) in enumerate(
            zip(tokens_of(run, e, p), token_values_of(run, layer, neuron, e, p), strict=True)
        )
    ]
    assert [tuple(row.values()) for row in rows] == expected
    some = results.query("neuron-token-values", run=1, layer=layer, neuron=neuron, example=1, languages="de,zh")
    assert set(zip(some["example"].to_pylist(), some["language"].to_pylist(), strict=True)) == {(1, "de"), (1, "zh")}
    assert results.query("neuron-token-values", run=4, layer=1, neuron=5).num_rows == 0


@pytest.mark.parametrize("codes", [LANGUAGES, ["de", "zh"]], ids=",".join)
def test_similar_neurons_have_the_nearest_shares(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer, neuron = toy[1], 1, 5
    bits = [run.languages.index(code) for code in codes]
    profiles = {
        (i, k): [100 * active[:, p, k].sum() / run.n_tokens[:, p].sum() for p in bits]
        for i, active in enumerate(run.active_tokens)
        for k in range(active.shape[-1])
    }
    own = np.array(profiles.pop((layer, neuron)))
    nearest = sorted(profiles, key=lambda pair: (round(np.abs(profiles[pair] - own).mean(), 9), pair))[:7]
    table = results.query("similar-neurons", run=1, layer=layer, neuron=neuron, languages=codes, limit=7)
    rows = table.to_pylist()
    assert [(row["layer"], row["neuron"]) for row in rows] == nearest
    for row, pair in zip(rows, nearest, strict=True):
        shares = profiles[pair]
        assert row["difference"] == pytest.approx(np.abs(shares - own).mean())
        assert row["tokens"] == pytest.approx(np.mean(shares))
        assert row["largest"] == pytest.approx(max(shares))
        assert row["largest"] == pytest.approx(shares[codes.index(row["language"])])


@pytest.fixture
def promoting(tmp_path: Path) -> Path:
    """Three neurons with tokens of their own."""
    path = write_runs(tmp_path / "tokens.duckdb", make_run(1, "one"))
    rows = [
        (1, 0, 2, "promotes", 1, " Berlin", 3.0),
        (1, 1, 4, "suppresses", 2, "berlin", -4.0),
        (1, 1, 7, "promotes", 3, "Berliner", 9.0),
        (1, 1, 8, "promotes", 1, "Paris", 9.0),
    ]
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM neuron_vocabulary")
        connection.executemany("INSERT INTO neuron_vocabulary VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return path


def test_neurons_that_promote_a_word_come_with_their_types_and_languages(promoting: Path) -> None:
    raw = make_run(1, "one")
    with open_results(promoting) as opened:
        rows = opened.query("neurons-promoting", text=" BERLIN ").to_pylist()
        up = opened.query("neurons-promoting", text="berlin", direction="promotes")["neuron"].to_pylist()
        codes = ["de", "ru", "zh"]
        some = opened.query("neurons-promoting", text="berlin", languages=codes).to_pylist()
        of_type = [
            opened.query("neurons-promoting", text="berlin", type=row["type"])["neuron"].to_pylist() for row in rows
        ]
        spoken = [
            opened.query("neurons-promoting", text="berlin", language=code)["neuron"].to_pylist()
            for code in raw.languages
        ]
    assert [row["neuron"] for row in rows] == [4, 2, 7]  # equal tokens first, then by the size of the change
    assert up == [2, 7]
    for rows_of, languages in ((rows, list(raw.languages)), (some, codes)):
        for row in rows_of:
            on = active(raw, row["layer"], languages)[:, :, row["neuron"]]
            shares = {
                name: flags[:, row["neuron"]].mean()
                for name, flags in types(active(raw, row["layer"], languages)).items()
            }
            assert row["share"] == pytest.approx(100 * max(shares.values()))
            assert shares[row["type"]] == max(shares.values())
            assert row["languages"] == [code for p, code in enumerate(languages) if on[:, p].mean() >= 0.5]
    assert all(row["neuron"] in neurons for row, neurons in zip(rows, of_type, strict=True))
    for code, neurons in zip(raw.languages, spoken, strict=True):
        assert neurons == [row["neuron"] for row in rows if code in row["languages"]]


def test_neurons_by_token_are_those_of_the_stored_tokens(tmp_path: Path) -> None:
    tokens = (" Berlin", "berlin", "Berliner", "Paris")
    rng = np.random.default_rng(3)
    logits = rng.uniform(0.1, 5, size=(4, len(tokens)))
    path = write_runs(tmp_path / "tokens.duckdb", make_run(1, "one"))
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM neuron_vocabulary")
        for neuron, row in enumerate(logits):
            for rank, place in enumerate(np.argsort(-row), 1):
                values = (1, 0, neuron, "promotes", rank, tokens[place], float(row[place]))
                connection.execute("INSERT INTO neuron_vocabulary VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    with open_results(path) as results:
        rows = results.query("neurons-by-token", run=1, text="  BERLIN ").to_pylist()
        assert results.query("neurons-by-token", run=1, text="Berlin", direction="suppresses").num_rows == 0
    exact = sorted(-logits[:, :2].ravel())
    inside = sorted(-logits[:, 2])
    assert [-row["logit"] for row in rows] == pytest.approx([*exact, *inside], rel=1e-6)
    assert all(row["token"].strip().lower() == "berlin" for row in rows[:8])
    for row in rows:
        ranks = np.argsort(np.argsort(-logits[row["neuron"]])) + 1
        assert row["rank"] == ranks[tokens.index(row["token"])]
        assert row["logit"] == pytest.approx(logits[row["neuron"], tokens.index(row["token"])], rel=1e-6)


@pytest.mark.parametrize("codes", [list(LANGUAGES), ["de", "zh"]], ids=",".join)
def test_the_density_is_numpys_histogram(results: Results, toy: Toy, codes: list[str]) -> None:
    run, layer, neuron = toy[1], 1, 5
    edges = np.concatenate([[-np.inf], EDGES, [np.inf]])
    rows = results.query("neuron-density", run=1, layer=layer, neuron=neuron, languages=codes).to_pylist()
    values = {code: run.activations[layer][:, run.languages.index(code), neuron] for code in codes}
    for code, own in {None: np.concatenate(list(values.values())), **values}.items():
        bins = [row for row in rows if row["language"] == code]
        expected = np.histogram(np.where(own == 0, -1e-9, own), edges)[0]  # 0 is not active
        assert [row["n"] for row in bins] == expected.tolist()
        assert [row["share"] for row in bins] == pytest.approx((100 * expected / len(own)).tolist())
        assert [row["low"] for row in bins] + [bins[-1]["high"]] == edges.tolist()
    assert [row["language"] for row in rows[::32]] == [None, *codes]
