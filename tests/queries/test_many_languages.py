"""A run of twenty languages, whose masks are not listed: the same questions, against NumPy on raw activations."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.store.errors import UsageError
from tests.many import CODES
from tests.queries.comparing import check, close, interval
from tests.queries.raw_run import TYPES, RawRun, make_run, write_runs
from tests.queries.reference import active, jackknife, ratio, type_ratio, types

SOME = ["en", "fr", "zh", "sw", "id"]
BOTH = [0, 1]


@pytest.fixture(scope="module")
def run() -> RawRun:
    return make_run(7, "many · fact", tuple(CODES), examples=16, sizes=(12, 9), conditions=())


@pytest.fixture(scope="module")
def many(run: RawRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(write_runs(tmp_path_factory.mktemp("many") / "many.duckdb", run)) as opened:
        yield opened


def point(values: tuple[float, ...]) -> dict[str, float]:
    """An estimate from the masks of neurons, which have no folds."""
    return interval((values[0], math.nan, math.nan))


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
def test_type_ratios(many: Results, run: RawRun, codes: list[str]) -> None:
    """Of all languages with intervals, of some without and with a note that says so."""
    whole = codes == CODES
    wanted = {(i, t): type_ratio(run, [i], codes, t) for i in BOTH for t in TYPES}
    neuron_types = interval if whole else point
    found = many.query("type-ratio-by-layer", languages=codes)
    check(found, ("layer", "type"), {key: neuron_types(values) for key, values in wanted.items()})
    assert (found["note"].null_count == found.num_rows) == whole
    assert whole or "without intervals" in found["note"][0].as_py()
    stacks = {"encoder": [0], "decoder": [1]}
    found = many.query("type-ratio", languages=codes)
    expected = {(s, t): type_ratio(run, i, codes, t) for s, i in stacks.items() for t in TYPES}
    check(found, ("stack", "type"), {key: neuron_types(values) for key, values in expected.items()})
    found = many.query("type-persistence", languages=codes)
    averages = {(None, t): type_ratio(run, BOTH, codes, t) for t in TYPES}
    kept = {t: sum(int(types(active(run, i, codes))[t].all(axis=0).sum()) for i in BOTH) for t in TYPES}
    check(found, ("layer", "type"), {
        key: {"average": neuron_types(v)["ratio"], "low": neuron_types(v)["low"], "n_overlap": kept[key[1]]}
        for key, v in averages.items()
    })  # fmt: skip


def test_every_threshold_of_all_languages(many: Results, run: RawRun) -> None:
    found = many.query("type-ratio-by-threshold", by_layer=True)
    check(found, ("threshold", "layer", "type"), {
        (t, i, name): interval(type_ratio(run, [i], CODES, name, t))
        for t in (0.0, 0.5) for i in BOTH for name in TYPES
    })  # fmt: skip
    found = many.query("type-ratio-by-layer", threshold=0.5)
    check(found, ("layer", "type"), {
        (i, name): interval(type_ratio(run, [i], CODES, name, 0.5)) for i in BOTH for name in TYPES
    })  # fmt: skip


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
def test_type_ratio_by_language_count(many: Results, run: RawRun, codes: list[str]) -> None:
    """The mean over all sets of a size, by listing what share of them gives a neuron each type."""
    found = many.query("type-ratio-by-language-count", languages=codes)
    P, size = len(codes), 21
    counts = np.concatenate([active(run, i, codes).sum(1) for i in BOTH], axis=1)
    rates = [active(run, i, codes).mean(axis=(0, 2)) for i in BOTH]
    expected = {}
    for k in (3, 4, P - 1, P) if P > 5 else (3, 4, 5):
        share = {a: _shares(P, a, k) for a in range(P + 1)}
        for name in TYPES:
            x = np.vectorize(lambda a, name=name, share=share: share[a][name])(counts).sum(1)
            chance = sum(
                len_ * sum(p * share[a][name] for a, p in enumerate(_poisson_binomial(r)))
                for r, len_ in zip(rates, (12, 9), strict=True)
            )
            values = jackknife(run.folds, lambda kept, x=x: float(100 * x[kept].mean() / size))
            neuron_types = interval(values) if P == 20 else point(values)
            expected[k, name] = neuron_types | {"independent": 100 * chance / size}
    rows = [r for r in found.to_pylist() if (r["n_languages"], r["type"]) in expected]
    assert {r["n_languages"] for r in found.to_pylist()} == set(range(3, P + 1))
    assert len(rows) == len(expected)
    for row in rows:
        for column, value in expected[row["n_languages"], row["type"]].items():
            assert close(row[column], value), (row, column, value)


def _shares(P: int, a: int, k: int) -> dict[str, float]:
    """In which share of all sets of k of P languages a neuron active in `a` of them has each type."""
    sets = math.comb(P, k)
    non, every = math.comb(P - a, k) / sets, math.comb(a, k) / sets
    one = a * math.comb(P - a, k - 1) / sets
    return {"non-activated": non, "specific": one, "all-shared": every, "partial-shared": 1 - non - one - every}


def _poisson_binomial(rates: Any) -> list[float]:
    chances = [1.0]
    for rate in rates:
        chances = [a * (1 - rate) + b * rate for a, b in zip([*chances, 0.0], [0.0, *chances], strict=True)]
    return chances


def on(run: RawRun, code: str, layers: list[int]) -> Any:
    """(E, neurons of the layers): active in a language."""
    p = run.languages.index(code)
    return np.concatenate([run.activations[i][:, p] > 0 for i in layers], axis=1)


def of_type(run: RawRun, codes: list[str], name: str, layers: list[int]) -> Any:
    return np.concatenate([types(active(run, i, codes))[name] for i in layers], axis=1)


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
@pytest.mark.parametrize("layer", [None, 1])
def test_sharing_matrix_of_any_languages_has_intervals(
    many: Results, run: RawRun, codes: list[str], layer: int | None
) -> None:
    which = BOTH if layer is None else [layer]
    expected = {}
    for a, b in itertools.product(codes, codes):
        x, y = on(run, a, which), on(run, b, which)
        expected[a, b] = interval(jackknife(run.folds, ratio((x & y).sum(1), x.sum(1))))
    check(many.query("sharing-matrix", languages=codes, layer=layer), ("language", "other"), expected)


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
def test_sharing_lift_of_any_languages_has_intervals(many: Results, run: RawRun, codes: list[str]) -> None:
    rows = many.query("sharing-lift", languages=codes, layer=1).to_pylist()
    assert len(rows) == math.comb(len(codes), 2)
    for row in rows[:: len(rows) // 5]:
        x, y = on(run, row["language"], [1]), on(run, row["other"], [1])

        def lift(kept: Any, x: Any = x, y: Any = y) -> float:
            a, b = x[kept].ravel(), y[kept].ravel()
            return float((a & b).sum() / (a.sum() * b.sum() / a.size))

        values = jackknife(run.folds, lift)
        assert close(row["lift"], values[0])
        assert close(row["lift_low"], values[1])
        phi = np.corrcoef(x.ravel(), y.ravel())[0, 1]
        assert close(row["phi"], float(phi))
        assert close(row["jaccard"], float(100 * (x & y).sum() / (x | y).sum()))
    related = many.query("sharing-by-family", languages=codes, layer=1)
    assert related["difference"].null_count < related.num_rows


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
@pytest.mark.parametrize("among", ["language", "type"])
@pytest.mark.parametrize("by_layer", [True, False])
def test_partial_sharing_with(many: Results, run: RawRun, codes: list[str], among: str, by_layer: bool) -> None:
    asked: dict[str, Any] = {"languages": codes, "language": "zh", "among": among}
    found = many.query("partial-sharing-with", by_layer=by_layer, **asked)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1]} if by_layer else {None: BOTH}
    expected = {}
    for (layer, which), other in itertools.product(layers.items(), codes):
        if other != "zh":
            partial = of_type(run, codes, "partial-shared", which)
            mine, theirs = on(run, "zh", which), on(run, other, which)
            under = partial & mine if among == "language" else partial
            both = (partial & mine & theirs).sum(1)
            values = jackknife(run.folds, ratio(both, under.sum(1)))
            expected[layer, other] = interval(values) if codes == CODES else point(values)
    check(found, ("layer", "other"), expected)


@pytest.mark.parametrize("codes", [CODES, SOME], ids=len)
@pytest.mark.parametrize("among", ["specific", "neurons"])
@pytest.mark.parametrize("by_layer", [True, False])
def test_specific_by_language(many: Results, run: RawRun, codes: list[str], among: str, by_layer: bool) -> None:
    found = many.query("specific-by-language", languages=codes, among=among, by_layer=by_layer)
    layers: dict[int | None, list[int]] = {0: [0], 1: [1]} if by_layer else {None: BOTH}
    expected = {}
    for (layer, which), code in itertools.product(layers.items(), codes):
        specific = of_type(run, codes, "specific", which)
        under = specific if among == "specific" else np.ones_like(specific)
        mine = (specific & on(run, code, which)).sum(1)
        values = jackknife(run.folds, ratio(mine, under.sum(1)))
        expected[layer, code] = interval(values) if codes == CODES else point(values)
    check(found, ("layer", "language"), expected)


def test_scores_by_type_over_all_languages(many: Results, run: RawRun) -> None:
    """From the scores of each example, for there are no sums by mask."""
    found = many.query("contribution-by-type", by_layer=True)
    expected = {}
    for i, name in itertools.product(BOTH, TYPES):
        neuron_types = types(active(run, i, CODES))[name][:, None, :]
        x = (100 * run.shares(i) * neuron_types).sum((1, 2))
        n = neuron_types.sum((1, 2)) * len(CODES)

        def mean(kept: Any, x: Any = x, n: Any = n) -> float:
            return float(x[kept].sum() / n[kept].sum()) if n[kept].sum() else math.nan

        total = jackknife(run.folds, lambda kept, x=x: float(x[kept].mean() / len(CODES)))
        if n.sum():
            expected[i, name] = {
                **interval(jackknife(run.folds, mean), "average", prefix="average_"),
                **interval(total, "total", prefix="total_"),
            }
        else:
            expected[i, name] = {"average": math.nan, "total": math.nan}
    check(found, ("layer", "type"), expected)
    rows = many.query("contribution-top-share", language="sw", by_layer=False).to_pylist()
    p = CODES.index("sw")
    for row in rows:
        tops = [(run.top(i)[:, p] & types(active(run, i, CODES))[row["type"]]) for i in BOTH]
        whole = sum(run.top(i)[:, p].sum() for i in BOTH)
        assert close(row["ratio"], float(100 * sum(t.sum() for t in tops) / whole))
    rows = many.query("effective-score-by-type").to_pylist()
    assert {row["language"] for row in rows} == set(CODES)
    for row in rows[::17]:
        p = CODES.index(row["language"])
        values = run.effects[1][:, p][types(active(run, 1, CODES))[row["type"]]]
        assert (row["n"], close(row["largest"], values.max())) == (len(values), True)
        assert close(row["mean"], float(values.mean()))
    for row in many.query("effective-score-max-by-layer").to_pylist():
        neuron_types = types(active(run, 1, CODES))[row["type"]][:, None, :]
        every = run.effects[1][np.broadcast_to(neuron_types, run.effects[1].shape)]
        assert close(row["smallest"], every.min())
        assert row["n"] == len(every)


def test_inactive_at_every_token_in_every_language(many: Results, run: RawRun) -> None:
    found = many.query("inactive-across-tokens", by_layer=True)
    expected = {}
    for i in BOTH:
        silent = (run.active_tokens[i] == 0).all(axis=1)
        non = types(active(run, i, CODES))["non-activated"]
        for name, under in (("all", np.ones_like(silent)), ("non-activated", non)):
            values = jackknife(run.folds, ratio(silent.sum(1), under.sum(1)))
            expected[i, None, name] = interval(values)
    check(found, ("layer", "language", "among"), expected)


@pytest.mark.parametrize("name", [
    "contribution-by-type", "contribution-top-share", "effective-score-by-type", "effective-score-max-by-layer",
    "inactive-across-tokens", "compare-runs", "claims",
])  # fmt: skip
def test_what_is_undefined_for_some_of_many_languages_has_a_note(many: Results, name: str) -> None:
    other = {"other": 1} if name == "compare-runs" else {}
    with pytest.raises(UsageError, match=r"has 20 languages; with more than 15, .* leave 'languages' out"):
        many.query(name, languages=SOME, **other)
    assert many.query(name, **other).num_rows > 0


def test_the_run_is_found_sound_and_measured(many: Results) -> None:
    passed = {r["check"]: r["passed"] for r in many.query("health").to_pylist()}
    assert [passed[name] for name in ("masks counted", "neurons counted", "mask bits")] == [True] * 3
    present = {r["measure"]: r["present"] for r in many.query("measures").to_pylist()}
    assert present["types"]
    assert present["attribution"]
    assert present["effects"]


def test_every_query_takes_a_run_of_64_languages(tmp_path: Path) -> None:
    """Also those that live in the highest bits alone."""
    codes = [f"l{i}" for i in range(64)]
    run = make_run(8, "most · fact", tuple(codes), examples=4, sizes=(6, 5), conditions=())
    known: dict[str, Any] = {"layer": 1, "neuron": 2, "example": 3, "other": 1, "text": "a"}
    with open_results(write_runs(tmp_path / "most.duckdb", run)) as most:
        for query in most.queries():
            given = {p.name: known[p.name] for p in query.parameters if p.required}
            table = most.query(query.name, **given)
            assert table.column_names == [c.name for c in query.columns]
            if not query.requires_all_languages and any(p.kind == "languages" for p in query.parameters):
                for some in (codes[-3:], codes[-1:]):
                    most.query(query.name, languages=some, **given)
        found = most.query("type-ratio-by-language-count", languages=codes[-4:])
        for row in found.to_pylist():
            if row["n_languages"] == 4:
                assert close(row["ratio"], type_ratio(run, BOTH, codes[-4:], row["type"])[0])
                assert close(row["smallest"], row["ratio"])
