"""Ablations as a whole: the right neurons, the right outcomes, whatever is in the batch."""

from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
import torch

from neurontui.compute.ablation import interventions as trial
from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions, UserNeuron, UserSet
from neurontui.compute.ablation.sets import AblationInputs, Sets
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.predict import AnswerOptions, predict
from neurontui.compute.answers.targets import find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.store.schema import shard_schema
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, book_of
from tests.compute.measures import singly
from tests.compute.tiny import load_tiny

ARCHITECTURES = ["bloom", "llama", "xglm", "mt5"]
ANSWERS = AnswerOptions(max_new_tokens=3)
SMALL = AblationOptions(
    fractions=(0.25, 0.75), seeds=2, dosed=TYPES, doses=(0.1, 0.2), judge="generated", answers=ANSWERS
)


def split(batch: Batch) -> list[Batch]:
    """Every example as a batch of its own."""
    return [
        Batch(
            i,
            batch.indices[i : i + 1],
            batch.folds[i : i + 1],
            batch.examples[i : i + 1],
            batch.languages,
        )
        for i in range(len(batch.examples))
    ]


def ablation_inputs(architecture: str, batch: Batch, options: AblationOptions = SMALL) -> AblationInputs:
    loaded = load_tiny(architecture)
    found = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(each > 0) for each in found.activations]
    users = dict(enumerate(options.user_sets))
    return AblationInputs(batch, loaded.ffns, found, masks, options, users)


def measure(architecture: str, batch: Batch, options: AblationOptions = SMALL, **more) -> list[dict]:
    loaded, made = load_tiny(architecture), ablation_inputs(architecture, batch, options)
    conditions = plan_conditions(options, loaded.layers, len(batch.languages))
    targets = find_targets(loaded, batch, book_of(loaded, asked()))
    tables = ablation_tables(loaded, batch, made.capture, made.masks, conditions, targets, options, **more)
    schema = shard_schema("ablation_examples")
    return tables["ablation_examples"].select(schema.names).cast(schema).to_pylist()


@cache
def measured(architecture: str) -> list[dict]:
    return measure(architecture, asked())


@cache
def activity(architecture: str) -> list[np.ndarray]:
    """Per layer (E, P, d_m) bool, from prompts run one by one."""
    loaded, batch = load_tiny(architecture), asked()
    singles = [singly.read(loaded, prompt) for prompt in batch.prompts]
    return [
        np.stack([each.activations[layer] > 0 for each in singles]).reshape(3, 4, -1)
        for layer in range(len(loaded.ffns))
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_types_are_the_example_s_own(architecture: str) -> None:
    sets = Sets(ablation_inputs(architecture, asked()), range(12))
    conditions = plan_conditions(SMALL, load_tiny(architecture).layers, 4)
    in_words = ["non-activated", "specific", "partial-shared", "partial-shared", "all-shared"]
    for condition in conditions:
        if condition.kind != "type":
            continue
        off = sets.off(condition)
        for layer, active in enumerate(activity(architecture)):
            wanted = np.array(in_words)[active.sum(1)] == condition.type
            np.testing.assert_array_equal(off[layer].numpy(), np.repeat(wanted, 4, axis=0))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_controls_are_active_in_the_language_and_not_of_the_type(architecture: str) -> None:
    sets = Sets(ablation_inputs(architecture, asked()), range(12))
    conditions = plan_conditions(SMALL, load_tiny(architecture).layers, 4)
    for condition in conditions:
        if condition.matched_to is None:
            continue
        off, own = sets.off(condition), sets.off(conditions[condition.matched_to])
        kind = sets.off(replace(conditions[1], type=condition.type))
        for layer, active in enumerate(activity(architecture)):
            control = off[layer].numpy()
            assert not (control & kind[layer].numpy()).any()
            assert not (control & ~active.reshape(12, -1)).any()
            pool = (active.reshape(12, -1) & ~kind[layer].numpy()).sum(-1)
            if condition.kind == "matched":
                n = np.minimum(kind[layer].numpy().sum(-1), pool)
                np.testing.assert_array_equal(control.sum(-1), n)
            else:
                np.testing.assert_array_equal(control.sum(-1), own[layer].numpy().sum(-1))
                assert not (own[layer] & ~kind[layer]).any()


def _zero(neurons: torch.Tensor, _module, _args, output: torch.Tensor) -> torch.Tensor:
    return torch.where(neurons, torch.zeros_like(output), output)


@contextmanager
def zeroed(architecture: str, off: dict[int, torch.Tensor]):
    """An ablation in other words: a row set to zero, by assignment."""
    handles = [
        load_tiny(architecture).ffns[layer].act.register_forward_hook(partial(_zero, each))
        for layer, each in off.items()
    ]
    yield
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_outcomes_equal_single_inputs_with_rows_set_to_zero(architecture: str) -> None:
    loaded, batch = load_tiny(architecture), asked()
    conditions = plan_conditions(SMALL, loaded.layers, 4)
    sets = Sets(ablation_inputs(architecture, batch), range(12))
    targets = find_targets(loaded, batch, book_of(loaded, batch)).rows
    rows = {
        (r["condition"], r["example"] * 4 + batch.languages.index(r["language"])): r for r in measured(architecture)
    }
    assert len(rows) == len(conditions) * 12
    for condition in conditions[1::3]:
        off = sets.off(condition)
        for row in (0, 5, 11):
            own = {layer: each[row] for layer, each in off.items()}
            target = targets[row]
            with zeroed(architecture, own):
                wanted = plain.log_probability(loaded, batch.prompts[row], target.ids)
                said = plain.greedy(loaded, batch.prompts[row], 3, eos=3)
            found = rows[condition.condition, row]
            assert found["answer_logprob"] == pytest.approx(wanted, abs=1e-3)
            assert found["n_ablated"] == sum(int(each.sum()) for each in own.values())
            assert found["prediction"] == _first_line(loaded.tokenizer.decode(said, skip_special_tokens=True))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].strip() if text.strip() else ""


@pytest.mark.parametrize(
    ("scope", "architecture"),
    [
        ("last", "bloom"),
        *(
            pytest.param(*pair, marks=pytest.mark.faults)
            for pair in (("all", "bloom"), ("all", "mt5"), ("last", "mt5"))
        ),
    ],
)
def test_an_example_s_outcome_does_not_depend_on_its_batch(architecture: str, scope: str) -> None:
    options = replace(SMALL, scope=scope, seeds=1, fractions=(0.75,), doses=(0.1,))
    together = measure(architecture, asked(), options)
    alone = [row for each in split(asked()) for row in measure(architecture, each, options)]
    key = lambda row: (row["condition"], row["example"], row["language"])  # noqa: E731
    for a, b in zip(sorted(together, key=key), sorted(alone, key=key), strict=True):
        assert (a["answer_logprob"] is None) == (b["answer_logprob"] is None)
        assert a["answer_logprob"] == pytest.approx(b["answer_logprob"], abs=1e-3)
        a.pop("answer_logprob"), b.pop("answer_logprob")
        assert a == b


def test_switching_nothing_off_is_the_baseline_to_the_bit() -> None:
    options = replace(SMALL, fractions=(0.001,), types=())  # rounds to no neuron
    for architecture in ARCHITECTURES:
        found = measure(architecture, asked(), options)
        baseline = [row | {"condition": 0} for row in found if row["condition"] == 0]
        nothing = [row | {"condition": 0} for row in found if row["condition"] == 1]
        assert {row["n_ablated"] for row in nothing} == {0}
        assert nothing == baseline


def test_the_baseline_is_what_the_model_predicts() -> None:
    loaded, batch = load_tiny("xglm"), asked()
    outcomes = predict(loaded, batch, find_targets(loaded, batch, book_of(loaded, batch)), ANSWERS)
    rows = [row for row in measured("xglm") if row["condition"] == 0]
    for row, outcome in zip(rows, outcomes.rows, strict=True):
        for name in ("prediction", "correct", "rank_correct", "valid", "answer_logprob"):
            assert row[name] == getattr(outcome, name)
    again = measure("xglm", batch, baseline=outcomes)
    assert again == measured("xglm")


def test_seeds_repeat_and_differ() -> None:
    sets = Sets(ablation_inputs("bloom", asked()), range(12))
    conditions = plan_conditions(SMALL, load_tiny("bloom").layers, 4)
    first, second = (c for c in conditions if c.kind == "random" and c.fraction == 0.25)
    again = Sets(ablation_inputs("bloom", asked()), range(12))
    for layer, off in sets.off(first).items():
        assert torch.equal(off, again.off(first)[layer])
        assert not torch.equal(off, sets.off(second)[layer])
        assert set(off.sum(-1).tolist()) == {32}  # a quarter of 128
        assert torch.equal(off[0], off[3])  # the languages of an example share it
        assert not torch.equal(off[0], off[4])
    assert not torch.equal(sets.off(first)[0], sets.off(first)[1])


def test_layers_and_user_sets_restrict_what_is_switched_off() -> None:
    options = AblationOptions(
        types=(),
        fractions=(0.5,),
        seeds=1,
        layers=(1,),
        user_sets=(UserSet("mine", tuple(UserNeuron(*n) for n in ((0, 3), (1, 4), (1, 9)))),),
        answers=ANSWERS,
    )
    rows = measure("bloom", asked(), options)
    assert {row["n_ablated"] for row in rows if row["condition"] == 1} == {64}
    assert {row["n_ablated"] for row in rows if row["condition"] == 2} == {2}
    everywhere = measure("bloom", asked(), replace(options, layers=None))
    assert {row["n_ablated"] for row in everywhere if row["condition"] == 2} == {3}


@pytest.mark.parametrize("architecture", ["bloom", "mt5"])
def test_a_set_by_language_is_switched_off_in_its_language_only(architecture: str) -> None:
    """Each language as if its neurons were the whole set; a language without any as the baseline."""
    everywhere, english = [(0, 3), (1, 4)], [(0, n) for n in range(20, 40)]
    german = [(1, n) for n in range(5, 45)]

    def rows(named: UserSet) -> list[dict]:
        options = AblationOptions(types=(), fractions=(), user_sets=(named,), answers=ANSWERS)
        return measure(architecture, asked(), options)

    def plain_set(*groups: list[tuple[int, int]]) -> UserSet:
        return UserSet("plain", tuple(UserNeuron(*n) for group in groups for n in group))

    def by_language(**groups: list[tuple[int, int]]) -> UserSet:
        neurons = [UserNeuron(*n, code) for code, group in groups.items() for n in group]
        return UserSet("mine", tuple(neurons))

    both = by_language(en=english, de=german)
    with_all = UserSet("mine", (*both.neurons, *plain_set(everywhere).neurons))
    alone = {"en": english, "de": german, "tr": [], "zh": []}
    found, shared = rows(both), rows(with_all)
    assert any(
        row["answer_logprob"] != base["answer_logprob"] for row, base in zip(found[12:], found[:12], strict=True)
    )
    for code, group in alone.items():
        expected = rows(plain_set(group)) if group else found
        together = rows(plain_set(everywhere, group))
        for row in range(12):
            if found[row]["language"] != code:
                continue
            wanted = expected[12 + row] if group else found[row] | {"condition": 1}
            assert {**found[12 + row], "answer_logprob": 0} == {**wanted, "answer_logprob": 0}
            assert found[12 + row]["n_ablated"] == len(group)
            assert found[12 + row]["answer_logprob"] == pytest.approx(wanted["answer_logprob"])
            assert shared[12 + row]["n_ablated"] == len(group) + 2
            assert shared[12 + row]["prediction"] == together[12 + row]["prediction"]


@pytest.mark.parametrize("architecture", ["bloom", "llama", "xglm"])
def test_later_layers_alone_are_ablated_without_running_the_earlier_ones(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(SMALL, layers=(1,), fractions=(0.5,), seeds=1, dosed=())
    resumed = measure(architecture, asked(), options)
    monkeypatch.setattr(trial, "find_shortcut", lambda _loaded, _layer: None)
    assert resumed == measure(architecture, asked(), options)  # to the bit


@pytest.mark.parametrize(
    "architecture", ["llama", *(pytest.param(name, marks=pytest.mark.faults) for name in ("bloom", "xglm"))]
)
def test_the_last_token_is_ablated_behind_the_baseline_s_prompt(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(SMALL, scope="last", fractions=(0.5,), seeds=1, dosed=())
    reused = measure(architecture, asked(), options)
    monkeypatch.setattr(Decoder, "reread_last", lambda self, _before, tokens: self.read(tokens, 9))
    whole = measure(architecture, asked(), options)
    everywhere = measure(architecture, asked(), replace(options, scope="all"))
    assert reused != everywhere
    for a, b in zip(reused, whole, strict=True):
        assert a.pop("answer_logprob") == pytest.approx(b.pop("answer_logprob"), abs=1e-3)
        assert a == b


def test_one_global_set_a_type() -> None:
    types = tuple(torch.arange(128) % 4 for _ in range(2))
    options = AblationOptions(fractions=(), global_types=types, doses=(0.05,), answers=ANSWERS)
    sets = Sets(ablation_inputs("bloom", asked(), options), range(12))
    for condition in plan_conditions(options, load_tiny("bloom").layers, 4):
        if condition.kind == "type":
            off = sets.off(condition)[1]
            assert torch.equal(off, (types[1] == TYPES.index(condition.type)).expand(12, -1))
        elif condition.kind == "matched":
            kind = types[1] == TYPES.index(condition.type)
            assert not (sets.off(condition)[1] & kind).any()
