"""Every value of an intervention against plain hooks: one prompt at a time, no padding, no cache, no shortcut."""

from dataclasses import replace

import pytest

from neurontui.compute.ablation import interventions
from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sources import BatchSources
from neurontui.compute.ablation.values import parse_values
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.predict import AnswerOptions
from neurontui.compute.answers.targets import find_targets
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.store.errors import MeasureError
from tests.compute.ablation.expected_values import change_of, measure, sets_of
from tests.compute.ablation.plain_values import changed
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, book_of
from tests.compute.tiny import load_tiny

ARCHITECTURES = ["bloom", "gpt2", "opt", "llama", "gemma3_text", "mt5"]
"""Ungated, with Conv1D, with flattened tokens, gated, with a norm behind the FFN, and with two stacks."""
VALUES = parse_values(("zero", "mean", "resample", "scale:-1.5", "add:2", "mean-of:tr"))
OPTIONS = AblationOptions(
    types=(), matched=(), dosed=(), fractions=(0.4,), seeds=1, values=VALUES, answers=AnswerOptions(max_new_tokens=2)
)
LAST = replace(OPTIONS, scope="last", values=(*VALUES, *parse_values(("patch:de",))))


@pytest.mark.parametrize("options", [OPTIONS, LAST], ids=["all", "last"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_value_equals_plain_hooks(architecture: str, options: AblationOptions) -> None:
    loaded, batch = load_tiny(architecture), asked()
    conditions = plan_conditions(options, loaded.layers, 4)
    targets = find_targets(loaded, batch, book_of(loaded, batch)).rows
    sets = sets_of(architecture, options)
    rows = {
        (row["condition"], row["example"] * 4 + batch.languages.index(row["language"])): row
        for row in measure(architecture, batch, options)
    }
    differ = 0
    for condition in conditions[1:]:
        off = sets.off(condition)
        for row in (5, 10):  # de (patched from itself), tr
            with changed(loaded, architecture, change_of(architecture, condition, off, row)):
                hooked = plain.log_probability(loaded, batch.prompts[row], targets[row].ids)
            assert rows[condition.condition, row]["answer_logprob"] == pytest.approx(hooked, abs=2e-5)
            differ += abs(hooked - rows[0, row]["answer_logprob"]) > 1e-3
    assert differ > len(conditions)


@pytest.mark.parametrize("architecture", ["opt", "mt5"])
@pytest.mark.parametrize("options", [OPTIONS, LAST], ids=["all", "last"])
def test_an_outcome_depends_neither_on_the_batch_nor_on_the_activation(
    architecture: str, options: AblationOptions
) -> None:
    """--activation decides which neurons are active; the values replace weights in both cases."""
    together = measure(architecture, asked(), options)
    alone = [row for i in range(3) for row in measure(architecture, asked().only([i]), options, "product")]
    key = lambda row: (row["condition"], row["example"], row["language"])  # noqa: E731
    for a, b in zip(sorted(together, key=key), sorted(alone, key=key), strict=True):
        assert a.pop("answer_logprob") == pytest.approx(b.pop("answer_logprob"), abs=2e-5)
        assert a == b


@pytest.mark.parametrize("architecture", ["llama"])
@pytest.mark.parametrize("options", [OPTIONS, LAST], ids=["all", "last"])
def test_shortcuts_change_no_outcome(
    architecture: str, options: AblationOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resuming at a later layer, and reading only the last token again."""
    options = replace(options, layers=(1,), judge="generated")
    short = measure(architecture, asked(), options)
    monkeypatch.setattr(interventions, "find_shortcut", lambda _loaded, _layer: None)
    monkeypatch.setattr(Decoder, "reread_last", lambda self, _before, tokens: self.read(tokens, 9))
    for a, b in zip(short, measure(architecture, asked(), options), strict=True):
        assert a.pop("answer_logprob") == pytest.approx(b.pop("answer_logprob"), abs=2e-5)
        assert a == b


def test_a_patch_from_the_own_language_changes_nothing() -> None:
    rows = measure("llama", asked(), LAST)
    base = {(row["example"], row["language"]): row["answer_logprob"] for row in rows if row["condition"] == 0}
    patched = [row for row in rows if row["condition"] > len(VALUES)]
    assert {row["condition"] for row in patched} == {7, 8, 9}  # two layers, and both together
    for row in patched:
        before = base[row["example"], row["language"]]
        if row["language"] == "de":
            assert row["answer_logprob"] == pytest.approx(before, abs=2e-5)
        else:
            assert abs(row["answer_logprob"] - before) > 1e-4


def test_the_other_example_does_not_depend_on_the_batch() -> None:
    """It is drawn for each example, is the same in all languages, and depends on the seed."""
    loaded, whole = load_tiny("llama"), asked()
    value = parse_values(("resample",))[0]
    prompts = Donors(whole.examples).prompts(loaded, whole, value)
    encoded = encode_batch(loaded, whole)
    chosen = [encoded.index(prompt) for prompt in prompts]
    assert [row % 4 for row in chosen] == [0, 1, 2, 3] * 3
    assert all(len({row // 4 for row in chosen[i : i + 4]}) == 1 for i in (0, 4, 8))
    assert all(row // 4 != i // 4 for i, row in enumerate(chosen))
    assert Donors(whole.examples).prompts(loaded, whole.only([2]), value) == prompts[8:]
    others = [Donors(whole.examples, seed).prompts(loaded, whole, value) for seed in range(8)]
    assert any(other != prompts for other in others)


def test_an_example_is_never_resampled_from_its_own_cluster() -> None:
    loaded, whole = load_tiny("llama"), asked()
    value = parse_values(("resample",))[0]
    first, second, third = whole.examples
    paired = [first, replace(second, cluster=first.cluster), third]
    encoded = encode_batch(loaded, whole)
    for seed in range(6):
        prompts = Donors(paired, seed).prompts(loaded, whole.only([0]), value)
        assert prompts == encoded[8:]
    one_cluster = Donors([first, replace(second, cluster=first.cluster)])
    with pytest.raises(MeasureError, match="No other example"):
        one_cluster.prompts(loaded, whole.only([0]), value)


def test_values_need_what_they_are_computed_from() -> None:
    loaded, batch = load_tiny("llama"), asked()
    for value in ("mean", "resample"):
        options = replace(OPTIONS, values=parse_values((value,)))
        conditions = plan_conditions(options, loaded.layers, 4)
        with pytest.raises(MeasureError, match=r"pass its moments|without `donors`"):
            BatchSources.of(loaded, batch, conditions, options, None, None)
