"""Ablation judged by teacher forcing: like generated answers in all but the verdict, at every token of the answer."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import Sets
from neurontui.compute.ablation.values import Value
from neurontui.compute.answers.predict import predict
from neurontui.compute.answers.targets import Target, find_targets
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.weight_sums import Moments
from neurontui.compute.models.prompts.tokenize import encode
from tests.compute.ablation.test_tables import ANSWERS, ablation_inputs, measure, split
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, book_of
from tests.compute.tiny import load_tiny

ARCHITECTURES = ["bloom", "llama", "mt5"]
FEW = AblationOptions(fractions=(0.75,), seeds=1, dosed=("specific",), doses=(0.1,), answers=ANSWERS)


@contextmanager
def ablated(loaded: LoadedModel, off: dict[int, torch.Tensor], prompt: str, scope: str, value: float):
    """One row of sets, by assignment: at all positions, or from the last token of the prompt on."""
    last = len(encode(loaded, [prompt])[0].ids) - 1
    start = {"all": 0, "last": 0 if loaded.encoder_decoder else last}[scope]

    def assign(layer: int, _module, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        encoder = scope == "last" and loaded.ffns[layer].layer.stack == "encoder"
        changed = args[0].clone().view(1, -1, args[0].shape[-1])
        here = slice(last, last + 1) if encoder else slice(start, None)
        changed[:, here] = torch.where(off[layer], torch.tensor(value), changed[:, here])
        return (changed.view_as(args[0]),)

    handles = [loaded.ffns[layer].value.register_forward_pre_hook(partial(assign, layer)) for layer in off]
    yield
    for handle in handles:
        handle.remove()


def first_rank(target: Target, following: torch.Tensor) -> int | None:
    """Place of the answer's first token among all first tokens, by sorting them."""
    tokens = sorted(target.first_tokens, key=lambda token: -float(following[token]))
    return None if target.first else 1 + tokens.index(target.word)


@pytest.mark.parametrize("value", ["0", "mean"])
@pytest.mark.parametrize("scope", ["all", "last"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_answer_tokens_are_ablated_as_in_single_prompts(architecture: str, scope: str, value: str) -> None:
    loaded, batch = load_tiny(architecture), asked()
    options = replace(FEW, scope=scope, values=(Value(value),))
    means = {ffn.layer.layer: torch.full((4, 3, ffn.layer.n_neurons), 0.25) for ffn in loaded.ffns}
    found = {
        (row["condition"], row["example"] * 4 + batch.languages.index(row["language"])): row
        for row in measure(architecture, batch, options, moments=Moments(means, {}))
    }
    sets = Sets(ablation_inputs(architecture, batch, options), range(12))
    targets = find_targets(loaded, batch, book_of(loaded, batch)).rows
    conditions = [c for c in plan_conditions(options, loaded.layers, 4) if c.kind in ("type", "random")]
    for condition in conditions[1::2]:
        off = sets.off(condition)
        for row in (0, 5, 11):
            target, prompt = targets[row], batch.prompts[row]
            assert target is not None
            own = {layer: switched[row] for layer, switched in off.items()}
            with ablated(loaded, own, prompt, scope, 0.25 if value == "mean" else 0):
                logprob = plain.log_probability(loaded, prompt, target.ids)
                following = plain.next_logits(loaded, prompt, ())[-1]
            assert found[condition.condition, row]["answer_logprob"] == pytest.approx(logprob, abs=2e-4)
            assert found[condition.condition, row]["first_rank"] == first_rank(target, following)
            assert found[condition.condition, row]["n_ablated"] == sum(int(layer.sum()) for layer in own.values())


@pytest.mark.parametrize("layers", [None, (1,)])
@pytest.mark.parametrize("scope", ["all", "last"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_only_the_verdict_differs_from_generated_answers(
    architecture: str, scope: str, layers: tuple[int, ...] | None
) -> None:
    options = replace(FEW, scope=scope, layers=layers)
    generated = measure(architecture, asked(), replace(options, judge="generated"))
    forced = measure(architecture, asked(), options)
    for a, b in zip(generated, forced, strict=True):
        assert (a["answer_logprob"] is None) == (b["answer_logprob"] is None)
        assert b["answer_logprob"] == pytest.approx(a["answer_logprob"], abs=1e-5)
        assert a["prediction"].startswith(b["prediction"].rstrip("\ufffd"))
        same = ("condition", "example", "language", "rank_correct", "n_ablated", "first_rank", "n_first")
        assert [a[name] for name in same] == [b[name] for name in same]


def test_the_baseline_is_judged_by_teacher_forcing_too() -> None:
    """Even if generated answers exist: otherwise a change would compare two verdicts."""
    loaded, batch = load_tiny("bloom"), asked()
    generated = predict(loaded, batch, find_targets(loaded, batch, book_of(loaded, batch)), ANSWERS)
    options = replace(FEW, fractions=(0.001,), types=(), dosed=())  # rounds to no neuron
    with_predictions = measure("bloom", batch, options, baseline=generated)
    assert with_predictions == measure("bloom", batch, options)
    nothing = [row | {"condition": 0} for row in with_predictions[12:]]
    assert nothing == with_predictions[:12]


@pytest.mark.parametrize("scope", ["all", "last"])
def test_an_example_s_outcome_does_not_depend_on_its_batch(scope: str) -> None:
    options = replace(FEW, scope=scope)
    together = measure("llama", asked(), options)
    alone = [row for part in split(asked()) for row in measure("llama", part, options)]
    key = lambda row: (row["condition"], row["example"], row["language"])  # noqa: E731
    for a, b in zip(sorted(together, key=key), sorted(alone, key=key), strict=True):
        assert a.pop("answer_logprob") == pytest.approx(b.pop("answer_logprob"), abs=1e-3)
        assert a == b
