"""Examples, runs and what is known of them, against the raw run."""

import itertools
import math
import re

import numpy as np
import pytest

from neurontui.queries import Results
from neurontui.store.errors import UsageError
from tests.queries.comparing import LANGUAGES, check, close, interval, subsets
from tests.queries.conftest import Toy
from tests.queries.raw_run import TYPES, WARNING
from tests.queries.reference import active, jackknife, type_ratio, types


@pytest.mark.parametrize("codes", subsets(5, 1, 41), ids=",".join)
def test_example_detail(results: Results, toy: Toy, codes: list[str]) -> None:
    run, example = toy[1], 17
    expected = {}
    for i in range(3):
        neuron_types = types(active(run, i, codes))
        for name in TYPES:
            mean = type_ratio(run, [i], codes, name)[0]
            n = float(neuron_types[name][example].sum()) if name in neuron_types else math.nan
            ratio = 100 * n / run.activations[i].shape[2]
            expected[i, name] = {"n": n, "ratio": ratio, "mean": mean, "difference": ratio - mean}
    found = results.query("example-detail", run=1, example=example, languages=codes)
    check(found, ("layer", "type"), expected)


def test_example_detail_of_aggregates_knows_all_languages_only(results: Results) -> None:
    assert results.query("example-detail", run=4, example=1).num_rows == 12
    assert results.query("example-detail", run=4, example=1, languages="en,de,fr").num_rows == 0


def test_example_neurons(results: Results, toy: Toy) -> None:
    run = toy[1]
    rows = results.query("example-neurons", run=1, example=4, layer=2).to_pylist()
    on = run.activations[2][4] > 0
    assert [r["languages"] for r in rows] == [[LANGUAGES[p] for p in np.flatnonzero(on[:, k])] for k in range(16)]
    kept = results.query("example-neurons", run=1, example=4, layer=2, type="specific")
    assert kept["neuron"].to_pylist() == [r["neuron"] for r in rows if r["type"] == "specific"]


def test_example_prompts(results: Results, toy: Toy) -> None:
    rows = results.query("example-prompts", run=2, example=5, languages="en,zh").to_pylist()
    assert [r["language"] for r in rows] == ["zh", "en"]
    assert [r["prompt"] for r in rows] == [toy[2].prompts[5][0], toy[2].prompts[5][1]]
    assert {r["id"] for r in rows} == {"id5"}


def test_example_top_neurons(results: Results, toy: Toy) -> None:
    run = toy[1]
    rows = results.query("example-top-neurons", run=1, example=8, language="de", layer=1).to_pylist()
    shares = run.shares(1)[8, 1]
    assert [r["neuron"] for r in rows] == list(np.argsort(-shares)[:3])
    assert close(rows[0]["contribution"], 100 * shares.max())
    neuron_types = types(active(run, 1, list(LANGUAGES)))
    assert neuron_types[rows[0]["type"]][8, rows[0]["neuron"]]


def test_search_ignores_case_and_wildcards(results: Results, toy: Toy) -> None:
    found = results.query("examples-search", run=1, text="DE Prompt")
    assert found.num_rows == 40
    assert set(found["language"].to_pylist()) == {"de"}
    assert results.query("examples-search", run=1, text="e%2").num_rows == 0
    [row] = results.query("examples-search", run=1, text="answer 33", languages="fr,zh").to_pylist()
    assert (row["example"], row["language"], row["found"]) == (33, "fr", 1)
    known = toy[1].correct[33, [2, 4]]
    assert row["n_correct"] == np.nansum(known)
    assert row["n_answered"] == (~np.isnan(known)).sum()


def test_search_by_outcome_and_limit(results: Results, toy: Toy) -> None:
    correct = toy[1].correct
    wrong = [e for e in range(40) if (correct[e] == 0).any()]
    right = [e for e in range(40) if (np.nan_to_num(correct[e], nan=1) == 1).all()]
    found = results.query("examples-search", run=1, answered="wrong", limit=2)
    assert found["example"].to_pylist() == wrong[:2]
    assert found["found"].to_pylist() == [len(wrong)] * 2
    assert results.query("examples-search", run=1, answered="right")["example"].to_pylist() == right


@pytest.mark.parametrize("codes", subsets(3, 1, 44), ids=",".join)
def test_accuracy(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    expected = {}
    for code in codes:
        hits = run.correct[:, run.languages.index(code)]
        values = jackknife(run.folds, lambda kept, hits=hits: 100 * float(np.nanmean(hits[kept])))
        n = int((~np.isnan(hits)).sum())
        ranks, logprobs = (x[:, run.languages.index(code)] for x in (run.rank, run.logprob))
        of_ranked = {"first": 100.0 * (ranks == 1), "reciprocal": 1 / ranks, "logprob": logprobs}
        expected[code] = {**interval(values, "accuracy"), "n": n, "n_correct": int(np.nansum(hits)), "n_ranked": n}
        for name, values_of in of_ranked.items():
            known = np.where(np.isnan(ranks), np.nan, values_of)
            found = jackknife(run.folds, lambda kept, x=known: float(np.nanmean(x[kept])))
            expected[code] |= interval(found, name, prefix=f"{name}_")
        n_candidates = int(run.n_candidates[run.languages.index(code)])
        in_any_order = [list(order).index(0) + 1 for order in itertools.permutations(range(n_candidates))]
        expected[code] |= {
            "candidates": n_candidates,
            "first_chance": 100 * np.mean([place == 1 for place in in_any_order]),
            "reciprocal_chance": np.mean([1 / place for place in in_any_order]),
        }
    check(results.query("accuracy", run=1, languages=codes), ("language",), expected)


@pytest.mark.parametrize("codes", subsets(3, 1, 45), ids=",".join)
def test_output_language(results: Results, toy: Toy, codes: list[str]) -> None:
    run, expected = toy[1], {}
    for code in codes:
        said, read = (x[:, run.languages.index(code)] for x in (run.said, run.read))
        known = np.where(said == "und", np.nan, 100.0 * (said == code))
        counts = {other: int((said == other).sum()) for other in run.languages if other != code}
        expected[code] = {
            **interval(jackknife(run.folds, lambda kept, x=known: float(np.nanmean(x[kept]))), "own"),
            "other_share": 100 * max(counts.values()) / (said != "und").sum(),
            "undetermined": 100 * np.mean(said == "und"),
            "n": len(said),
            "wrong_answers": 100 * np.mean((read != "und") & (read != code)),
            "undetermined_answers": 100 * np.mean(read == "und"),
        }
    found = results.query("output-language", run=1, languages=codes)
    check(found, ("language",), expected)
    assert found["expected"].to_pylist() == found["language"].to_pylist()
    assert results.query("output-language", run=4).num_rows == 0


@pytest.mark.parametrize("by_layer", [True, False])
@pytest.mark.parametrize("codes", subsets(3, 1, 42), ids=",".join)
def test_types_by_correctness(results: Results, toy: Toy, codes: list[str], by_layer: bool) -> None:
    run = toy[1]
    answers = run.correct[:, [run.languages.index(code) for code in codes]]
    right, wrong = np.nansum(answers, axis=1), (answers == 0).sum(axis=1)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}
    for layer, which in layers.items():
        size = sum(run.activations[i].shape[2] for i in which)
        for name in TYPES:
            ratio = 100 * sum(types(active(run, i, list(LANGUAGES)))[name].sum(1) for i in which) / size

            def difference(kept: object, ratio: object = ratio) -> float:
                r, w, x = right[kept], wrong[kept], ratio[kept]  # type: ignore[index]
                return float((x * r).sum() / r.sum() - (x * w).sum() / w.sum())

            expected[layer, name] = {
                **interval(jackknife(run.folds, difference), "difference"),
                "correct": (ratio * right).sum() / right.sum(), "incorrect": (ratio * wrong).sum() / wrong.sum(),
                "n_right": right.sum(), "n_wrong": wrong.sum(),
            }  # fmt: skip
    check(
        results.query("types-by-correctness", run=1, languages=codes, by_layer=by_layer),
        ("layer", "type"),
        expected,
    )


@pytest.mark.parametrize("codes", subsets(3, 2, 43), ids=",".join)
def test_tokens_per_word(results: Results, toy: Toy, codes: list[str]) -> None:
    run = toy[1]
    rows, order = {}, [code for code in LANGUAGES if code in codes]
    for code in order:
        p = run.languages.index(code)
        prompts = [run.prompts[e][p] for e in range(40)]
        inactive = sum((A[:, p] <= 0).sum(1) for A in run.activations)
        words = sum(len(re.split(r"\s+", prompt.strip())) for prompt in prompts)
        rows[code] = {
            **interval(jackknife(run.folds, lambda kept, x=inactive: float(100 * x[kept].mean() / 64)), "inactive"),
            "tokens": run.n_tokens[:, p].mean(),
            "relative": run.n_tokens[:, p].mean() / run.n_tokens[:, LANGUAGES.index(order[0])].mean(),
            "tokens_per_word": math.nan if code == "zh" else run.n_tokens[:, p].sum() / words,
            "tokens_per_letter": run.n_tokens[:, p].sum() / sum(map(len, prompts)),
        }
    r = np.corrcoef([row["relative"] for row in rows.values()], [row["inactive"] for row in rows.values()])[0, 1]
    for row in rows.values():
        row["correlation"] = float(r)
    check(results.query("tokens-per-word", run=1, languages=codes), ("language",), rows)


def test_runs(results: Results, toy: Toy) -> None:
    rows = results.runs().to_pylist()
    assert [r["run"] for r in rows] == [1, 2, 3, 4, 5]
    assert [r["n_neurons"] for r in rows] == [64] * 5
    assert rows[1]["languages"] == ["zh", "en", "ru", "de"]
    assert close(rows[0]["accuracy"], 100 * float(np.nanmean(toy[1].correct)))
    assert rows[3]["accuracy"] is None
    assert {r["file"] for r in rows} == {str(toy.path.resolve())}


def test_run_languages_tell_where_the_wrapper_ends_all_alike(results: Results) -> None:
    rows = results.query("run-languages", run=1).to_pylist()
    assert [r["language"] for r in rows] == list(LANGUAGES)
    assert {r["last_token"] for r in rows} == {"is"}
    assert rows[0]["last_token_share"] == 75
    assert rows[1]["branch"] == "Germanic"


def test_layers_settings_and_notes(results: Results) -> None:
    rows = results.query("layers", run=1).to_pylist()
    assert [r["stack"] for r in rows] == ["encoder", "decoder", "decoder"]
    assert close(rows[2]["near_zero"], 100 * 6 / (16 * 40 * 5))
    assert results.query("run-settings", run=1).to_pylist() == [
        {"part": "setting", "name": "seed", "value": "1"},
        {"part": "version", "name": "torch", "value": "2"},
    ]
    assert results.query("notes", run=1).to_pylist() == [
        {"topic": "prompts", "text": WARNING},
        {"topic": "data", "text": "Nothing was left out."},
    ]
    assert {"run": 1, "name": "toy · fact", "text": WARNING} in results.query("warnings").to_pylist()


def test_warnings_name_every_run_whose_model_is_not_identified(results: Results, toy: Toy) -> None:
    rows = results.query("warnings").to_pylist()
    doubted = [row["run"] for row in rows if "measured revision" in row["text"]]
    assert doubted == list(range(1, len(toy.runs) + 1))


def test_measures(results: Results) -> None:
    def present(run: int) -> set[str]:
        return {r["measure"] for r in results.query("measures", run=run).to_pylist() if r["present"]}

    everything = {
        "types",
        "masks",
        "tokens",
        "attribution",
        "effects",
        "strongest",
        "vocabulary",
        "answers",
        "ablation",
        "generated",
        "ranked",
        "first",
        "controls",
        "doses",
        "truth",
    }
    assert present(1) == everything
    assert present(4) == {"types", "tokens", "vocabulary"}


def test_health(results: Results) -> None:
    rows = {r["check"]: r for r in results.query("health", run=1).to_pylist()}
    assert rows.pop("last tokens")["passed"] is False
    assert rows.pop("answers")["passed"] is False  # some answers were not judged
    assert rows.pop("model")["passed"] is False  # neither commit nor digest
    assert all(r["passed"] for r in rows.values()), rows
    assert {r["check"]: r["passed"] for r in results.query("health", run=4).to_pylist()}["intervals"] is False
    assert {r["check"]: r["passed"] for r in results.query("health", run=5).to_pylist()}["languages"] is False


def test_schema_lists_every_column_with_its_comment(results: Results) -> None:
    rows = results.query("schema").to_pylist()
    assert {"runs", "activations", "neurons"} <= {r["table_name"] for r in rows}
    assert next(r for r in rows if (r["table_name"], r["column_name"]) == ("activations", "mask"))["comment"]


@pytest.mark.parametrize("by_layer", [True, False])
@pytest.mark.parametrize(("run", "other", "paired"), [(1, 3, True), (1, 2, False), (2, 1, False)])
def test_compare_runs(results: Results, toy: Toy, run: int, other: int, paired: bool, by_layer: bool) -> None:
    codes = ["de", "en", "zh", "ru"] if 2 in (run, other) else list(LANGUAGES)
    a, b = toy[run], toy[other]
    layers: dict[int | None, list[int]] = {0: [0], 1: [1], 2: [2]} if by_layer else {None: [0, 1, 2]}
    expected = {}
    for layer, which in layers.items():
        for name in TYPES:
            x, y = (type_ratio(each, which, codes, name) for each in (a, b))
            if paired:
                counts = sum(
                    types(active(a, i, codes))[name].sum(1) - types(active(b, i, codes))[name].sum(1).astype(float)
                    for i in which
                )
                size = sum(a.activations[i].shape[2] for i in which)
                values = jackknife(a.folds, lambda kept, c=counts, s=size: float(100 * c[kept].mean() / s))
            else:
                half = math.hypot(x[2] - x[0], y[2] - y[0])
                values = (x[0] - y[0], x[0] - y[0] - half, x[0] - y[0] + half)
            expected[layer, name] = {**interval(values, "difference"), "ratio": x[0], "other": y[0]}
    found = results.query("compare-runs", run=run, other=other, by_layer=by_layer)
    check(found, ("layer", "type"), expected)
    assert set(found["paired"].to_pylist()) == {paired}


@pytest.mark.parametrize("codes", [["en", "de", "zh"], ["zh", "ru", "en"], ["zh", "en", "ru", "de"]], ids=",".join)
def test_type_transitions(results: Results, toy: Toy, codes: list[str]) -> None:
    found = results.query("type-transitions", run=1, other=2, languages=codes)
    a, b = (
        {t: np.concatenate([types(active(run, i, codes))[t].mean(0) for i in range(3)]) for t in TYPES}
        for run in (toy[1], toy[2])
    )
    expected = {
        (t, u): {
            "share": 100 * (a[t] * b[u]).mean(),
            "of_type": 100 * (a[t] * b[u]).sum() / a[t].sum(),
            "expected": 100 * a[t].mean() * b[u].mean(),
            "lift": (a[t] * b[u]).mean() / (a[t].mean() * b[u].mean()),
            "n_neurons": 64,
        }
        for t in TYPES
        for u in TYPES
    }
    check(found, ("type", "other"), expected)


def test_languages_of_two_runs_are_those_of_both(results: Results) -> None:
    assert "['zh', 'en', 'ru', 'de']" in results.statement("compare-runs", run=2, other=1)
    with pytest.raises(UsageError, match=r"Run 2 has no language 'fr'; it has: zh, en, ru, de\."):
        results.query("compare-runs", run=1, other=2, languages="en,fr")
