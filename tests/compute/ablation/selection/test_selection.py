"""Sets selected from the examples of a run: the right sums, never from the tested examples, and the right controls."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.selection.conditions import selection_notes
from neurontui.compute.ablation.selection.options import SelectionOptions, group_of
from neurontui.compute.ablation.selection.rules import RULES
from neurontui.compute.ablation.selection.sets import SelectedSets, select_sets
from neurontui.compute.ablation.sets import AblationInputs, Sets
from neurontui.compute.ablation.survey import Surveyed, conclude, survey
from neurontui.compute.answers.targets import answer_book, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.tasks.example import Example
from neurontui.store.errors import MeasureError, UsageError
from neurontui.store.journal.manifest import Layer
from tests.compute.measures import singly
from tests.compute.tiny import LANGUAGES, PROMPTS, load_tiny

RULE_NAMES = tuple(RULES)
FOLDS = (0, 1, 6, 9, 13, 19)  # groups 0, 0, 1, 2, 3, 4


def examples(changed: int | None = None) -> Batch:
    """Six examples, one in each of these folds, two of them in group 0; one can have other prompts."""
    made = []
    for i in range(6):
        prompts = {code: f"{PROMPTS[code][i % 3]} {i}" for code in LANGUAGES}
        if i == changed:
            prompts = {code: f"{text} ?!" for code, text in prompts.items()}
        made.append(Example(f"e{i}", f"c{i}", prompts, {code: f"{code} {i}" for code in LANGUAGES}))
    return Batch(0, tuple(range(6)), FOLDS, tuple(made), LANGUAGES)


def config(**changes: object) -> RunConfig:
    return RunConfig(
        model="m", task="t", out=Path("r"), languages=LANGUAGES, measures=("ablation",), ablation_sets=RULE_NAMES,
        ablation_set_share=0.1, examples_at_once=4, **changes,
    )  # fmt: skip


def surveyed(architecture: str, changed: int | None = None) -> Surveyed:
    batch, loaded = examples(changed), load_tiny(architecture)
    return survey(config(), loaded, batch, answer_book(loaded, batch.examples, LANGUAGES))


@cache
def sets_of(architecture: str, changed: int | None = None, *, in_sample: bool = False) -> SelectedSets:
    chosen = config(ablation_sets_in_sample=in_sample)
    selected = conclude(chosen, load_tiny(architecture).layers, LANGUAGES, [surveyed(architecture, changed)]).selected
    assert selected is not None
    return selected


@pytest.mark.parametrize("architecture", ["bloom", "llama", "mt5"])
def test_sums_are_those_of_single_prompts(architecture: str) -> None:
    """Activity and activations by group against prompts that are run one by one."""
    loaded, batch = load_tiny(architecture), examples()
    statistics = surveyed(architecture).statistics
    for group in range(5):
        own = [i for i in range(6) if group_of(FOLDS[i]) == group]
        sums = statistics[group, "activity"]
        assert sums.n[0].tolist() == [len(own)] * 4
        for bit in range(4):
            read = [singly.read(loaded, batch.prompts[4 * i + bit]) for i in own]
            for layer in range(len(loaded.ffns)):
                active = sum((one.activations[layer] > 0).astype(int) for one in read)
                np.testing.assert_array_equal(sums.totals[layer][bit].numpy(), active)
                activations = np.stack([one.activations[layer] for one in read])
                kept = statistics[group, "activations"].values[layer][:, bit]
                np.testing.assert_allclose(kept.numpy(), activations, rtol=1e-3, atol=1e-5)


def test_scores_are_those_of_the_equations() -> None:
    """Mean contribution (Eq. 9) and effective scores (Eq. 10) of each group, from the weights of single prompts."""
    loaded, batch = load_tiny("bloom"), examples()
    statistics, book = surveyed("bloom").statistics, answer_book(loaded, batch.examples, LANGUAGES)
    targets = find_targets(loaded, batch, book).rows
    embeddings = loaded.model.get_output_embeddings().weight.detach().double().numpy()
    for group in range(5):
        rows = [i for i in range(6) if group_of(FOLDS[i]) == group]
        for layer in (0, 1):
            values = loaded.model.transformer.h[layer].mlp.dense_4h_to_h.weight.detach().double().numpy()
            for bit in range(4):
                inputs = [4 * i + bit for i in rows]
                weights = [singly.read(loaded, batch.prompts[row]).weights[layer] for row in inputs]
                raw = [np.abs(w) * np.linalg.norm(values, axis=0) for w in weights]
                effects = [w * (embeddings[targets[row].word] @ values) for w, row in zip(weights, inputs, strict=True)]
                for name, expected in (("contribution", sum(r / r.sum() for r in raw)), ("effect", sum(effects))):
                    sums = statistics[group, name]
                    assert sums.n[layer][bit] == len(rows)
                    np.testing.assert_allclose(sums.totals[layer][bit].numpy(), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("rule", RULE_NAMES)
@pytest.mark.parametrize("changed", [2, 5])
def test_a_set_does_not_depend_on_the_examples_it_is_tested_on(rule: str, changed: int) -> None:
    """One example is replaced: the set of its own group stays, those of other groups change."""
    before, after, own = sets_of("llama"), sets_of("llama", changed), group_of(FOLDS[changed])

    def differ(group: int) -> bool:
        return any(
            not torch.equal(before.of(rule, code, layer, [group]), after.of(rule, code, layer, [group]))
            for code in LANGUAGES
            for layer in (0, 1)
        )

    assert not differ(own)
    assert any(differ(group) for group in range(5) if group != own)


def test_in_sample_sets_are_the_same_for_all_examples() -> None:
    sets = sets_of("llama", in_sample=True)
    for rule in RULE_NAMES:
        rows = sets.of(rule, "de", 0, range(5))
        assert (rows == rows[0]).all()


def test_one_group_has_no_others_to_select_on() -> None:
    statistics = {(2, "activity"): surveyed("llama").statistics[2, "activity"]}
    options = SelectionOptions(("lape",), LANGUAGES, 0.1)
    with pytest.raises(MeasureError, match="--ablation-sets-in-sample"):
        select_sets(options, statistics, load_tiny("llama").layers, None)
    assert select_sets(replace(options, in_sample=True), statistics, load_tiny("llama").layers, None).members


@pytest.mark.parametrize("architecture", ["llama", "mt5"])
def test_an_input_s_set_is_that_of_its_group_and_the_control_is_its_size(architecture: str) -> None:
    loaded, batch, selected = load_tiny(architecture), examples(), sets_of(architecture)
    options = AblationOptions(selection=SelectionOptions(RULE_NAMES, LANGUAGES, 0.1), selected=selected)
    read = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(activations > 0) for activations in read.activations]
    sets = Sets(AblationInputs(batch, loaded.ffns, read, masks, options, {}), range(24))
    planned = plan_conditions(options, loaded.layers, 4)
    controls = [condition for condition in planned if condition.kind == "matched" and condition.rule]
    assert len(controls) == len(RULE_NAMES) * 4
    for condition in controls:
        own = planned[condition.matched_to]
        assert (own.kind, own.rule, own.set_language) == ("selected", condition.rule, condition.set_language)
        off, control = sets.off(own), sets.off(condition)
        for layer in off:
            for row in range(24):
                group = group_of(FOLDS[row // 4])
                assert torch.equal(off[layer][row], selected.of(own.rule, own.set_language, layer, [group])[0])
            assert not (off[layer] & control[layer]).any()
            assert torch.equal(off[layer].sum(1), control[layer].sum(1))


LAYERS = (Layer(0, "decoder", 0, 48), Layer(1, "decoder", 1, 48))


def test_conditions_of_selected_sets() -> None:
    options = AblationOptions(fractions=(0.25,), selection=SelectionOptions(("lape",), ("en", "de"), 0.02))
    planned = plan_conditions(options, LAYERS, 2)
    assert [condition.condition for condition in planned] == list(range(len(planned)))
    named = [(c.kind, c.label, c.set_language, c.fraction) for c in planned if c.rule == "lape"]
    assert named == [
        ("selected", "w/o en by lape", "en", 0.02),
        ("matched", "w/o control of en by lape", "en", 0.02),
        ("selected", "w/o de by lape", "de", 0.02),
        ("matched", "w/o control of de by lape", "de", 0.02),
    ]
    assert {c.fraction for c in planned if c.kind == "random"} == {0.25, 0.02}  # random sets of their size
    assert len({c.label for c in planned}) == len(planned)


def test_lape_needs_two_languages() -> None:
    options = AblationOptions(selection=SelectionOptions(("lape",), ("en",), 0.02))
    with pytest.raises(UsageError, match="--ablation-sets lape compares languages, so the run needs at least two"):
        plan_conditions(options, LAYERS, 1)


def test_notes_say_which_examples_sets_come_from() -> None:
    def texts(**changes: object) -> str:
        options = SelectionOptions(("lape", "contribution"), LANGUAGES, **changes)
        return " ".join(text for _, text in selection_notes(options))

    assert "the set for the examples of one group is selected on the other four" in texts()
    assert "lape (lowest language activation probability entropy)" in texts()
    assert "1 % of the neurons" in texts()
    assert "selected and tested on the same examples, which makes their effects look larger" in texts(in_sample=True)
    assert list(selection_notes(SelectionOptions())) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measures": ("types",)}, "add ablation to --measures"),
        ({"ablation_sets": ("lape", "lape")}, "repeats a rule"),
        ({"ablation_set_share": 0.0}, "above 0 and at most 1"),
        ({"ablation_sets": ("effective-score",), "token": "first-generated"}, "already written"),
    ],
)
def test_options_that_do_not_fit_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        replace(config(), **changes)
