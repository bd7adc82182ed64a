"""CS, ES and every sum of them equal Eq. 9 and 10 in NumPy, on activations captured independently at batch 1."""

import math
from collections import defaultdict
from functools import cache

import numpy as np
import pyarrow.compute as pc
import pytest

from neurontui.compute.batch import Batch
from neurontui.compute.measures.attribution import AttributionOptions
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.tasks.example import Example
from neurontui.store.journal.shards import fit
from neurontui.store.schema import shard_schema
from tests.compute.answers.asked import asked, targets_of
from tests.compute.measures import singly
from tests.compute.measures.whole import attribution_tables
from tests.compute.tiny import load_tiny
from tests.store.content import alike, ordered

ARCHITECTURES = ["bloom", "llama", "xglm", "mt5"]
ES = ("es_sum", "es_sumsq", "es_min", "es_max")


def equations(loaded, prompt: str, word: int | None):
    """Eq. 9 and 10 of one input: per layer raw, CS and ES (d_m,) each; ES is None without an answer."""
    single = singly.read(loaded, prompt)
    embedding = loaded.model.get_output_embeddings().weight.double().numpy()
    for ffn, A in zip(loaded.ffns, single.weights, strict=True):
        v = ffn.value.weight.double().numpy().T
        raw = np.abs(A) * np.linalg.norm(v, axis=1)
        es = A * (v @ embedding[word]) if word is not None and ffn.layer.stack == "decoder" else None
        yield raw, raw / raw.sum(), es


@cache
def measured(architecture: str, part: int = 100, **options):
    """(loaded, batch, targets, masks (L, E, d_m) as numbers, tables)."""
    loaded, batch = load_tiny(architecture), asked()
    targets = targets_of(loaded, batch)
    found = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(each > 0) for each in found.activations]
    tables = attribution_tables(batch, found, loaded, masks, targets, AttributionOptions(top=4, **options), part)
    return loaded, batch, targets, masks, tables


@cache
def expected(architecture: str):
    """Every score by hand: {(example, bit, layer): (types, masks, top set, raw, cs, es)}."""
    loaded, batch, targets, _, _ = measured(architecture)
    n = len(batch.languages)
    singles = [singly.read(loaded, prompt) for prompt in batch.prompts]
    found = {}
    for row, prompt in enumerate(batch.prompts):
        target = targets.rows[row]
        word = None if target is None else target.word
        for layer, (raw, cs, es) in enumerate(equations(loaded, prompt, word)):
            group = singles[row // n * n : row // n * n + n]
            active = np.stack([each.activations[layer] > 0 for each in group])
            counts, masks = active.sum(0), (active * (1 << np.arange(n))[:, None]).sum(0)
            names = ["non-activated", "specific"] + ["partial-shared"] * (n - 2) + ["all-shared"]
            types = np.array(names)[counts]
            size = math.ceil(0.05 * len(cs))
            top = np.zeros(len(cs), bool)
            top[np.argsort(-cs)[:size]] = True
            found[row // n, row % n, layer] = (types, masks, top & (cs > 0), raw, cs, es)
    return found


def assert_row(row: dict, chosen: np.ndarray | slice, scores, columns: tuple[str, ...]) -> None:
    """A row's sums are those of the chosen neurons; scores: lists of (top, raw, cs, es) over inputs."""
    top, raw, cs = (np.concatenate([each[i][c] for each, c in zip(scores, chosen, strict=True)]) for i in range(3))
    with_es = [each[3][c] for each, c in zip(scores, chosen, strict=True) if each[3] is not None]
    wanted = {
        "n": len(cs),
        "n_top": top.sum(),
        "cs_sum": cs.sum(),
        "raw_sum": raw.sum(),
        "cs_max": cs.max(),
    }
    es = np.concatenate([*with_es, np.empty(0)])
    if len(es):
        wanted |= {
            "es_sum": es.sum(),
            "es_sumsq": (es**2).sum(),
            "es_min": es.min(),
            "es_max": es.max(),
        }
        scale = np.abs(es).sum()
    for name in columns:
        if name in ES and not len(es):
            assert row[name] is None
        else:
            near = scale * 1e-5 + 1e-6 if name in ES else 1e-7
            assert row[name] == pytest.approx(wanted[name], rel=1e-4, abs=near), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sums_by_type(architecture: str) -> None:
    _, batch, _, _, tables = measured(architecture)
    rows = tables["attribution"].to_pylist()
    by_hand = expected(architecture)
    assert sum(row["n"] for row in rows) == sum(len(each[0]) for each in by_hand.values())
    for row in rows:
        key = (row["example"], batch.languages.index(row["language"]), row["layer"])
        types, _, top, raw, cs, es = by_hand[key]
        columns = ("n", "n_top", "cs_sum", "cs_max", "raw_sum", *ES)
        assert_row(row, [types == row["type"]], [(top, raw, cs, es)], columns)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sums_by_mask_and_fold(architecture: str) -> None:
    _, batch, _, _, tables = measured(architecture)
    by_hand = expected(architecture)
    rows = tables["attribution_masks"].to_pylist()
    assert sum(row["n"] for row in rows) == sum(len(each[0]) for each in by_hand.values())
    assert len({(r["fold"], r["language"], r["layer"], r["mask"]) for r in rows}) == len(rows)
    for row in rows:
        bit = batch.languages.index(row["language"])
        inputs = [by_hand[e, bit, row["layer"]] for e in range(3) if batch.folds[e] == row["fold"]]
        chosen = [each[1] == row["mask"] for each in inputs]
        assert_row(row, chosen, [each[2:] for each in inputs], ("n", "n_top", "cs_sum", "raw_sum", *ES))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sums_by_neuron(architecture: str) -> None:
    _, batch, _, _, tables = measured(architecture)
    by_hand = expected(architecture)
    for row in tables["neuron_attribution"].to_pylist():
        bit = batch.languages.index(row["language"])
        inputs = [by_hand[e, bit, row["layer"]] for e in range(3)]
        one = [np.array([row["neuron"]])] * 3
        assert_row(row, one, [each[2:] for each in inputs], ("n", "n_top", "cs_sum", *ES))


@pytest.mark.parametrize("architecture", ["bloom", "mt5"])
@pytest.mark.parametrize("part", [1, 2])
def test_parts_of_a_batch_add_up_to_it(architecture: str, part: int) -> None:
    whole, summed = measured(architecture)[-1], measured(architecture, part)[-1]
    assert whole.keys() == summed.keys()
    for name in whole.keys() - {"notes"}:
        assert alike(stored(whole, name), stored(summed, name)), name


def stored(tables, name: str) -> list:
    return ordered(tuple(row.values()) for row in fit(name, tables[name]).to_pylist())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_top_neurons(architecture: str) -> None:
    _, batch, _, _, tables = measured(architecture)
    by_hand = expected(architecture)
    lists = defaultdict(list)
    for row in tables["top_neurons"].to_pylist():
        lists[row["example"], batch.languages.index(row["language"]), row["layer"]].append(row)
    assert lists.keys() == by_hand.keys()
    for key, rows in lists.items():
        _, masks, _, _, cs, es = by_hand[key]
        assert [row["rank"] for row in rows] == [1, 2, 3, 4]
        assert [row["cs"] for row in rows] == pytest.approx(sorted(cs)[::-1][:4], rel=1e-4)
        for row in rows:
            assert row["cs"] == pytest.approx(cs[row["neuron"]], rel=1e-4)
            assert row["mask"] == masks[row["neuron"]]
            wanted = None if es is None else pytest.approx(es[row["neuron"]], rel=1e-3, abs=1e-5)
            assert row["es"] == wanted


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_contributions_sum_to_one_and_weighted_values_to_the_output(architecture: str) -> None:
    loaded, batch, _, _, tables = measured(architecture)
    sums: dict[tuple, float] = defaultdict(float)
    for row in tables["attribution"].to_pylist():
        sums[row["example"], row["language"], row["layer"]] += row["cs_sum"]
    assert len(sums) == 3 * 4 * len(loaded.ffns)
    assert list(sums.values()) == pytest.approx([1.0] * len(sums), abs=1e-6)
    single = singly.read(loaded, batch.prompts[0])
    for ffn, A, output in zip(loaded.ffns, single.weights, single.outputs, strict=True):
        summed = A @ ffn.value_vectors().double().numpy()
        if ffn.value_bias() is not None:
            summed = summed + ffn.value_bias().double().numpy()
        np.testing.assert_allclose(summed, output, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tables_fit_the_schema(architecture: str) -> None:
    tables = measured(architecture)[-1]
    for name, table in tables.items():
        schema = shard_schema(name)
        assert set(table.column_names) == set(schema.names), name
        fitted = table.select(schema.names).cast(schema)
        for each in schema:
            if not each.name.startswith("es") and each.name != "cs_max":
                assert fitted[each.name].null_count == 0


def test_the_encoder_has_contributions_but_no_effect_and_says_so() -> None:
    loaded, _, _, _, tables = measured("mt5")
    encoder = {ffn.layer.layer for ffn in loaded.ffns if ffn.layer.stack == "encoder"}
    for row in tables["attribution"].to_pylist():
        assert row["cs_sum"] is not None
        if row["layer"] in encoder:
            assert row["es_sum"] is None
    assert {row["topic"] for row in tables["notes"].to_pylist()} == {"attribution"}
    texts = " ".join(tables["notes"]["text"].to_pylist())
    assert "encoder" in texts
    assert "without an answer" in texts


def test_relu_ties_at_zero_are_never_at_the_top() -> None:
    loaded, batch = load_tiny("opt"), asked()
    found = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(each > 0) for each in found.activations]
    options = AttributionOptions(top_share=0.9, top=48)
    tables = attribution_tables(batch, found, loaded, masks, targets_of(loaded, batch), options)
    n_top = sum(tables["attribution"]["n_top"].to_pylist())
    assert n_top == sum(int((each > 0).sum()) for each in found.activations) < 0.9 * 24 * 48
    assert min(tables["top_neurons"]["cs"].to_pylist()) > 0


def test_gate_weights_leave_the_up_projection_out() -> None:
    loaded, batch, _, _, tables = measured("llama", weight="gate")
    single = singly.read(loaded, batch.prompts[0])
    norms = loaded.ffns[0].value_vectors().norm(dim=1).double().numpy()
    raw = (np.abs(single.activations[0]) * norms).sum()
    rows = tables["attribution"].to_pylist()
    first = [r for r in rows if (r["example"], r["language"], r["layer"]) == (0, "en", 0)]
    assert sum(row["raw_sum"] for row in first) == pytest.approx(raw, rel=1e-5)
    assert {row["type"] for row in rows} <= set(TYPES)


def test_many_languages_have_no_sums_by_mask() -> None:
    loaded = load_tiny("bloom")
    languages = tuple(f"l{i:02}" for i in range(17))
    prompts = {code: f"Prompt {code} is" for code in languages}
    batch = Batch(0, (5,), (3,), (Example("e", "c", prompts),), languages)
    found = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(each > 0) for each in found.activations]
    tables = attribution_tables(batch, found, loaded, masks, targets_of(loaded, batch), AttributionOptions())
    assert "attribution_masks" not in tables
    assert pc.sum(tables["attribution"]["n"]).as_py() == 17 * 2 * 128
    assert tables["attribution"]["es_sum"].null_count == len(tables["attribution"])
