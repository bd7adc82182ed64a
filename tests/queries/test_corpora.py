"""LAPE, P90, average precision and what is made of them, against NumPy and plain Python."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.store.errors import UsageError
from tests.queries.comparing import check
from tests.queries.corpus_stores import CODES, CorpusRun, add_corpus, corpus_file, make_corpus
from tests.queries.raw_arrays import Array
from tests.queries.raw_run import RawRun, make_run, masks, write_runs

Neuron = tuple[int, int]
Sets = dict[str, set[Neuron]]
SIGNS = ("active", "positive", "negative")
PARTS = ("both", "first", "second")

FIVE = make_corpus(1)
RUNS = (
    FIVE,
    make_corpus(2, ("en", "de"), tokens=12),
    make_corpus(3, CODES, layers=2, neurons=30, tokens=30),
    make_corpus(4, ("en",)),
    make_corpus(5, ("en", "de", "zh"), positive=np.zeros((2, 3, 3, 40), int), active=np.zeros((2, 3, 3, 40), int)),
)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs 1 to 5: five languages, two, 64, one, and one in which no neuron is ever active."""
    with open_results(corpus_file(tmp_path_factory.mktemp("corpora") / "corpora.duckdb", *RUNS)) as opened:
        yield opened


def kth_smallest(values: Array, percent: float) -> float:
    """The published order statistic: the k-th smallest, k rounded as Python does."""
    return float(np.sort(values.ravel())[max(round(values.size * (percent / 100)), 1) - 1])


def lape(p: Array, share: float = 1, percent: float = 95) -> list[tuple[float, Neuron]]:
    """Entropy and neuron of the selected ones, in order, from (P, L, d) probabilities: Tang et al. 2024, section 2."""
    total = p.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = p / total
        entropy = -np.where(x > 0, x * np.log(x), 0).sum(0)
    bar = kth_smallest(p, percent) if percent else 0
    qualified = [
        (round(float(entropy[n]), 9), n) for n in np.ndindex(*total.shape) if (p[(slice(None), *n)] > bar).any()
    ]
    return sorted(qualified)[: round(total.size * (share / 100))]


def languages_of(p: Array, neuron: Neuron, codes: tuple[str, ...], language_percent: float = 95) -> set[str]:
    """The languages of a selected neuron."""
    bar = kth_smallest(p, language_percent) if language_percent else 0
    return {code for code, value in zip(codes, p[(slice(None), *neuron)], strict=True) if value > bar}


def lape_sets(p: Array, codes: tuple[str, ...], share: float = 1, second: float = 95) -> Sets:
    """The neurons of each language."""
    chosen = [neuron for _, neuron in lape(p, share)]
    return {code: {n for n in chosen if code in languages_of(p, n, codes, second)} for code in codes}


def p90_sets(p: Array, codes: tuple[str, ...]) -> Sets:
    """Above the 90th percentile of one language alone."""
    above = np.stack([language > kth_smallest(language, 90) for language in p])
    alone = above & (above.sum(0) == 1)
    return {code: {(int(i), int(k)) for i, k in np.argwhere(alone[place])} for place, code in enumerate(codes)}


def precision_sets(precision: Array, codes: tuple[str, ...], sizes: Sets) -> Sets:
    """As many neurons as in `sizes`, those with the largest precision."""
    sets = {}
    for place, code in enumerate(codes):
        order = sorted(np.ndindex(*precision[place].shape), key=lambda n: (-precision[place][n], n))
        sets[code] = {(n[0], n[1]) for n in order[: len(sizes[code])]}
    return sets


def detectors(
    run: CorpusRun, part: str = "both", sign: str = "active", share: float = 1, second: float = 95
) -> dict[str, Sets]:
    """All three on a part of the texts."""
    p, codes = run.probability(part, sign), run.languages
    chosen = lape_sets(p, codes, share, second)
    return {
        "LAPE": chosen,
        "average precision": precision_sets(run.precision[PARTS.index(part)], codes, chosen),
        "P90": p90_sets(p, codes),
    }


def by_chance(n: int, m: int, N: int) -> float:
    """Mean Jaccard index of random sets of n and m of N neurons, exactly."""
    if n + m == 0:
        return float("nan")
    counts = {k: comb(n, k) * comb(N - n, m - k) for k in range(max(0, n + m - N), min(n, m) + 1)}
    return float(sum(Fraction(k, n + m - k) * w for k, w in counts.items()) / sum(counts.values()))


def overlap(one: set[Neuron], other: set[Neuron], N: int) -> dict[str, float]:
    """Columns about two sets."""
    both, either = len(one & other), len(one | other)
    jaccard = both / either if either else float("nan")
    chance = by_chance(len(one), len(other), N)
    ratio = jaccard / chance if chance > 0 else float("nan")
    return {"n_both": both, "jaccard": 100 * jaccard, "by_chance": 100 * chance, "ratio": ratio}


def mean_ranks(values: Array) -> Array:
    """Ranks, equal values their mean."""
    flat = values.ravel()
    return np.array([(flat < v).sum() + ((flat == v).sum() + 1) / 2 for v in flat])


def spearman(x: Array, y: Array) -> float:
    """Rank correlation; nan for a constant."""
    a, b = mean_ranks(x), mean_ranks(y)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else float("nan")


@pytest.mark.parametrize("number", [1, 2, 3, 5])
@pytest.mark.parametrize(("part", "sign"), zip(PARTS, SIGNS, strict=True))
@pytest.mark.parametrize(
    ("share", "percent", "second"), [(1, 95, 95), (5, 95, 60), (20, 70, 95), (10, 0, 0), (3.75, 92.75, 63.1)]
)
def test_lape_selects_the_published_neurons(
    corpora: Results, number: int, part: str, sign: str, share: float, percent: float, second: float
) -> None:
    run = RUNS[number - 1]
    found = corpora.query(
        "lape-neurons", run=number, half=part, sign=sign, share=share, percentile=percent, language_percentile=second
    ).to_pylist()
    p = run.probability(part, sign)
    expected = lape(p, share, percent)
    assert [(row["layer"], row["neuron"]) for row in found] == [neuron for _, neuron in expected]
    for row, (entropy, neuron) in zip(found, expected, strict=True):
        assert set(row["languages"] or ()) == languages_of(p, neuron, run.languages, second)
        assert row["entropy"] == pytest.approx(entropy, abs=2e-9)
        assert row["probability"] == pytest.approx(100 * p[(slice(None), *neuron)].max())
        assert row["bar"] == (pytest.approx(100 * kth_smallest(p, percent)) if percent else None)
        assert row["n_selected"] == len(found)


def test_the_counted_probabilities_have_ties_zeros_and_ones() -> None:
    """Otherwise the tests of LAPE would leave out what differs between implementations."""
    for run in (RUNS[0], RUNS[1], RUNS[2]):
        p = run.probability()
        total = p.sum(0)
        entropies = [entropy for entropy, _ in lape(p, 100, 0)]
        assert (total == 0).any()
        assert (p == 1).any()
        assert (p == 0).any()
        assert len(set(entropies)) < len(entropies)
        assert np.unique(p).size < p.size


def test_lape_needs_two_languages_and_takes_a_subset_of_them(corpora: Results) -> None:
    codes = ("de", "zh")
    p = FIVE.probability()[[1, 4]]
    found = corpora.query("lape-neurons", run=1, languages=list(codes), share=10).to_pylist()
    assert [(row["layer"], row["neuron"]) for row in found] == [neuron for _, neuron in lape(p, 10)]
    for name in ("lape-neurons", "p90-neurons", "average-precision-neurons", "detector-agreement", "activity-matrix",
                 "detector-reliability", "detectors-by-layer"):  # fmt: skip
        assert corpora.query(name, run=4).num_rows == 0
        if name != "average-precision-neurons":
            assert corpora.query(name, run=1, languages="de").num_rows == 0


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("part", PARTS)
def test_p90_selects_what_one_language_alone_has(corpora: Results, number: int, part: str) -> None:
    run = RUNS[number - 1]
    found = corpora.query("p90-neurons", run=number, half=part, limit=10_000).to_pylist()
    p = run.probability(part)
    for place, code in enumerate(run.languages):
        rows = [row for row in found if row["language"] == code]
        chosen = p90_sets(p, run.languages)[code]
        assert {(row["layer"], row["neuron"]) for row in rows} == chosen
        assert [row["rank"] for row in rows] == list(range(1, len(chosen) + 1))
        values = [row["probability"] for row in rows]
        assert values == sorted(values, reverse=True)
        for row in rows:
            assert row["probability"] == pytest.approx(100 * p[place, row["layer"], row["neuron"]])
            assert (row["n_selected"], row["bar"]) == (len(chosen), pytest.approx(100 * kth_smallest(p[place], 90)))


@pytest.mark.parametrize("part", PARTS)
def test_average_precision_neurons(corpora: Results, part: str) -> None:
    found = corpora.query("average-precision-neurons", run=1, half=part, limit=7)
    precision = FIVE.precision[PARTS.index(part)]
    passages = 8 + 2 * np.arange(5)
    expected = {}
    for place, code in enumerate(FIVE.languages):
        order = sorted(np.ndindex(3, 40), key=lambda n: (-precision[place][n], n))[:7]
        for rank, n in enumerate(order, 1):
            expected[code, rank] = {
                "layer": n[0], "neuron": n[1], "precision": float(precision[place][n]),
                "chance": passages[place] / passages.sum(),
            }  # fmt: skip
    check(found, ("language", "rank"), expected)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    ("part", "sign", "share", "second"), [("both", "active", 5, 60), ("first", "negative", 10, 95)]
)
def test_agreement(corpora: Results, number: int, part: str, sign: str, share: float, second: float) -> None:
    run = RUNS[number - 1]
    _, layers, d = run.shape
    found = corpora.query(
        "detector-agreement", run=number, half=part, sign=sign, share=share, language_percentile=second
    )
    sets = detectors(run, part, sign, share, second)
    check(found, ("language", "detector", "other"), {
        (code, one, other): {
            "n": len(sets[one][code]), "n_other": len(sets[other][code]),
            **overlap(sets[one][code], sets[other][code], layers * d),
        }
        for one, other in combinations(sets, 2) for code in run.languages
    })  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3])
def test_reliability(corpora: Results, number: int) -> None:
    run = RUNS[number - 1]
    _, layers, d = run.shape
    found = corpora.query("detector-reliability", run=number, share=10)
    first, second = detectors(run, "first", share=10), detectors(run, "second", share=10)
    p, q = run.probability("first"), run.probability("second")
    alive = (p.sum(0) > 0) & (q.sum(0) > 0)
    entropies = [np.array([e for e, _ in sorted(lape(x, 100, 0), key=lambda pair: pair[1])
                           ]) for x in (p * alive, q * alive)]  # fmt: skip
    scores: dict[str, Callable[[int], float]] = {
        "LAPE": lambda _: spearman(*entropies),
        "average precision": lambda place: spearman(run.precision[1, place], run.precision[2, place]),
        "P90": lambda place: spearman(p[place], q[place]),
    }
    check(found, ("detector", "language"), {
        (name, code): {
            "n_first": len(first[name][code]), "n_second": len(second[name][code]), "spearman": scores[name](place),
            **overlap(first[name][code], second[name][code], layers * d),
        }
        for name in first for place, code in enumerate(run.languages)
    })  # fmt: skip


def test_chance_of_large_sets(tmp_path: Path) -> None:
    """Sets of thousands of neurons: the sum is cut to where it has weight."""
    rng = np.random.default_rng(6)
    active = rng.integers(0, 1000, (2, 2, 1, 30_000))
    run = make_corpus(6, ("en", "de"), layers=1, neurons=30_000, tokens=1000, active=active)
    with open_results(corpus_file(tmp_path / "large.duckdb", run)) as results:
        for row in results.query("detector-agreement", share=20, percentile=40, language_percentile=40).to_pylist():
            n, m = row["n"], row["n_other"]
            assert min(n, m) > 2000
            mean = n * m / 30_000
            # The mean of the ratio is that of its second-order expansion around the mean of the overlap.
            variance = mean * (1 - n / 30_000) * (1 - m / 30_000) * 30_000 / 29_999
            total = n + m
            expected = mean / (total - mean) + total / (total - mean) ** 3 * variance
            assert row["by_chance"] == pytest.approx(100 * expected, rel=1e-6)


@pytest.mark.parametrize("number", [1, 3])
def test_detectors_by_layer(corpora: Results, number: int) -> None:
    run = RUNS[number - 1]
    _, layers, d = run.shape
    found = corpora.query("detectors-by-layer", run=number, share=10)
    check(found, ("detector", "language", "layer"), {
        (name, code, layer): {"n": (n := sum(i == layer for i, _ in sets[code])), "ratio": 100 * n / d}
        for name, sets in detectors(run, share=10).items() for code in run.languages for layer in range(layers)
    })  # fmt: skip


@pytest.mark.parametrize(("part", "sign"), [("both", "active"), ("second", "positive")])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_activity_matrix(corpora: Results, number: int, part: str, sign: str) -> None:
    run = RUNS[number - 1]
    p = run.probability(part, sign)
    sets = lape_sets(p, run.languages, 10)
    expected = {}
    for a, b in combinations(range(len(run.languages)), 2):
        one, other = run.languages[a], run.languages[b]
        x, y = p[a].ravel(), p[b].ravel()
        either = len(sets[one] | sets[other])
        expected[one, other] = {
            "correlation": np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else float("nan"),
            "n": len(sets[one]), "n_other": len(sets[other]), "n_both": len(sets[one] & sets[other]),
            "jaccard": 100 * len(sets[one] & sets[other]) / either if either else float("nan"),
        }  # fmt: skip
    check(corpora.query("activity-matrix", run=number, half=part, sign=sign, share=10), ("language", "other"), expected)


@pytest.mark.parametrize("part", PARTS)
def test_corpora_by_language(corpora: Results, part: str) -> None:
    halves = {"both": [0, 1], "first": [0], "second": [1]}[part]
    expected = {}
    for p, code in enumerate(FIVE.languages):
        n, tokens = FIVE.n_loss[halves, p].sum(), FIVE.n_tokens[halves, p].sum()
        total, squares = (FIVE.losses[i, halves, p].sum() for i in (0, 1))
        loss = total / n
        expected[code] = {
            "texts": len(halves) * (4 + p), "passages": len(halves) * (8 + 2 * p), "tokens": tokens, "loss": loss,
            "loss_error": np.sqrt((squares / n - loss**2) / (n - 1)), "perplexity": np.exp(loss),
            "active": 100 * FIVE.active[halves, p].sum() / tokens / 120,
            "positive": 100 * FIVE.positive[halves, p].sum() / tokens / 120,
        }  # fmt: skip
    check(corpora.query("corpora", run=1, half=part), ("language",), expected)


def test_the_standard_error_is_that_of_the_mean(tmp_path: Path) -> None:
    """Of four losses, from their sums."""
    losses = np.array([1.0, 2.0, 4.0, 9.0])
    sums = np.array([[[losses[:2].sum()], [losses[2:].sum()]], [[(losses[:2] ** 2).sum()], [(losses[2:] ** 2).sum()]]])
    run = make_corpus(7, ("en",), n_loss=np.array([[2], [2]]), losses=sums)
    with open_results(corpus_file(tmp_path / "error.duckdb", run)) as results:
        [row] = results.query("corpora").to_pylist()
    assert row["loss"] == pytest.approx(4)
    assert row["loss_error"] == pytest.approx(losses.std(ddof=1) / 2)


def test_an_encoder_has_no_loss(tmp_path: Path) -> None:
    run = make_corpus(7, n_loss=np.zeros((2, 5), int), losses=np.zeros((2, 2, 5)))
    with open_results(corpus_file(tmp_path / "encoder.duckdb", run)) as results:
        for row in results.query("corpora").to_pylist():
            assert (row["loss"], row["loss_error"], row["perplexity"]) == (None, None, None)
            assert row["active"] > 0


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("number", [1, 4])
def test_neuron_activity(corpora: Results, number: int, part: str) -> None:
    run, halves = RUNS[number - 1], {"both": [0, 1], "first": [0], "second": [1]}[part]
    expected = {}
    for p, code in enumerate(run.languages):
        n = run.n_tokens[halves, p].sum()
        whole = n if part == "both" else float("nan")  # moments are not kept by half
        mean, square, weight, weight_square = run.sums.astype(float)[:, p, 1, 7] / whole
        expected[code] = {
            "tokens": n, **{name: 100 * run.probability(part, name)[p, 1, 7] for name in SIGNS},
            "mean": mean, "sd": np.sqrt(square - mean**2), "weight": weight,
            "weight_sd": np.sqrt(weight_square - weight**2),
            "precision": run.precision[PARTS.index(part), p, 1, 7] if len(run.languages) > 1 else float("nan"),
        }  # fmt: skip
    check(corpora.query("neuron-activity", run=number, half=part, layer=1, neuron=7), ("language",), expected)


def test_a_language_with_one_half_of_texts(tmp_path: Path) -> None:
    """It counts with all texts; both halves are compared over the languages that have both."""
    tokens = np.array([[200, 200, 200], [200, 200, 0]])
    run = make_corpus(8, ("en", "de", "zh"), n_tokens=tokens)
    active = np.minimum(run.active, tokens[:, :, None, None])
    run = make_corpus(8, ("en", "de", "zh"), n_tokens=tokens, active=active, positive=active)
    pair = make_corpus(8, ("en", "de"), n_tokens=tokens[:, :2], active=active[:, :2], positive=active[:, :2])
    with open_results(corpus_file(tmp_path / "half.duckdb", run, pair)) as results:
        found = results.query("lape-neurons", run=1, share=10).to_pylist()
        assert [(row["layer"], row["neuron"]) for row in found] == [n for _, n in lape(run.probability(), 10)]
        three, two = (
            {
                (row["detector"], row["language"]): row
                for row in results.query("detector-reliability", run=number, share=10).to_pylist()
                if row["detector"] != "average precision"
            }
            for number in (1, 2)
        )
        assert three.keys() == two.keys()
        for key, row in three.items():
            assert row["n_both"] == two[key]["n_both"]
            assert row["spearman"] == pytest.approx(two[key]["spearman"])
        assert {row["language"] for row in results.query("corpora", run=1, half="second").to_pylist()} == {"en", "de"}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run 1: parallel, of the same model as run 2, a corpus. Run 3: parallel, of another model."""
    raw = make_run(3, examples=4)  # few, so that some neurons have a type in half of them
    other = make_run(2, "other · fact", model="other")
    path = write_runs(tmp_path_factory.mktemp("mixed") / "mixed.duckdb", raw, other)
    width = max(A.shape[-1] for A in raw.activations)
    corpus = make_corpus(9, raw.languages, len(raw.activations), width, model=raw.model)
    add_corpus(path, corpus, 3)
    with open_results(path) as opened:
        yield opened, raw, corpus


def specific_neurons(raw: RawRun, code: str) -> set[Neuron]:
    """Active in this language only, in more than half of the examples."""
    bit = 1 << raw.languages.index(code)
    return {
        (layer, neuron)
        for layer, A in enumerate(raw.activations)
        for neuron in range(A.shape[2])
        if 2 * (masks(A > 0)[:, neuron] == bit).sum() > A.shape[0]
    }


def test_agreement_with_the_specific_neurons_of_a_parallel_run(mixed: tuple[Results, RawRun, CorpusRun]) -> None:
    results, raw, corpus = mixed
    assert results.query("detector-agreement", run=3, types_run=2).num_rows == 3 * 5  # another model
    found = results.query("detector-agreement", run=3, types_run=1, share=20).to_pylist()
    assert len(found) == 6 * 5
    sets = detectors(corpus, share=20)
    for row in found:
        if row["other"] == "specific":
            one, other = sets[row["detector"]][row["language"]], specific_neurons(raw, row["language"])
            assert (row["n"], row["n_other"], row["n_both"]) == (len(one), len(other), len(one & other))
    assert any(row["n_other"] for row in found if row["other"] == "specific")


def test_lape_of_prompts(mixed: tuple[Results, RawRun, CorpusRun]) -> None:
    """A parallel run counts activity at all tokens of its prompts, without halves and signs of weights."""
    results, raw, _ = mixed
    index = [(layer, k) for layer, t in enumerate(raw.active_tokens) for k in range(t.shape[2])]
    counts = np.concatenate([t.sum(0) for t in raw.active_tokens], axis=1)
    p = (counts / raw.n_tokens.sum(0)[:, None])[:, None]  # as one layer
    found = results.query("lape-neurons", run=1, share=20, percentile=60).to_pylist()
    assert [(row["layer"], row["neuron"]) for row in found] == [index[k] for _, (_, k) in lape(p, 20, 60)]
    assert {row["detector"] for row in results.query("detectors-by-layer", run=1).to_pylist()} == {"LAPE", "P90"}
    assert results.query("detector-reliability", run=1).num_rows == 0
    for other in ({"sign": "positive"}, {"half": "first"}):
        assert results.query("lape-neurons", run=1, **other).num_rows == 0
    for name in ("corpora", "average-precision-neurons"):
        assert results.query(name, run=1).num_rows == 0


def test_an_unknown_sign_is_refused(corpora: Results) -> None:
    with pytest.raises(UsageError, match="active, positive, negative"):
        corpora.query("lape-neurons", sign="loud")


def test_claims_are_not_about_a_corpus(tmp_path: Path) -> None:
    """Neither as the run nor as the other task that types are compared with."""
    path = write_runs(tmp_path / "claims.duckdb", make_run(1), make_run(2, "toy · xnli", task="xnli"))
    with open_results(path) as results:
        before = results.query("claims", run=1).to_pylist()
    add_corpus(path, make_corpus(3, model=make_run(1).model), 0)
    with open_results(path) as results:
        assert results.query("claims", run=0).num_rows == 0
        after = results.query("claims", run=1).to_pylist()
    assert [row["finding"] for row in after] == [row["finding"] for row in before]
    assert next(row["estimate"] for row in after if row["claim"] == "task-matters") is not None


def test_health_of_a_corpus(corpora: Results, tmp_path: Path) -> None:
    found = {row["check"]: row for row in corpora.query("health", run=1).to_pylist()}
    assert {name: row["passed"] for name, row in found.items()} == {
        "languages": True, "model": False, "halves": True, "counts": True,
    }  # fmt: skip
    assert found["counts"]["finding"] == "1,200 of 1,200 counts of neurons by language and half are there"
    assert not corpora.query("health", run=4).to_pylist()[0]["passed"]
    wrong = make_corpus(1, active=FIVE.n_tokens[:, :, None, None] + np.ones_like(FIVE.active))
    with open_results(corpus_file(tmp_path / "wrong.duckdb", wrong)) as results:
        assert not results.query("health").to_pylist()[-1]["passed"]
