"""Prompts that ask for a language: judged like all conditions, with nothing changed in the model."""

from dataclasses import replace

import pytest

from neurontui.compute.ablation.conditions import ablation_notes, plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.prompt_baseline import answers_asked_in, asked_in, instruction
from neurontui.compute.answers.predict import AnswerOptions, prepare
from neurontui.compute.answers.targets import find_targets
from neurontui.compute.models.prompts.tokenize import encode
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer
from tests.compute.ablation.test_tables import measure
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, book_of
from tests.compute.tiny import LANGUAGES, load_tiny

OPTIONS = AblationOptions(
    types=(), fractions=(), judge="generated", prompt_baseline=("de", "zh"), answers=AnswerOptions(max_new_tokens=3)
)


@pytest.mark.parametrize("architecture", ["bloom", "mt5"])
@pytest.mark.parametrize("judge", ["generated", "teacher-forced"])
def test_outcomes_are_those_of_prompts_with_the_sentence(architecture: str, judge: str) -> None:
    loaded, batch = load_tiny(architecture), asked()
    rows = measure(architecture, batch, replace(OPTIONS, judge=judge))
    assert len(rows) == 3 * 12
    targets = find_targets(loaded, batch, book_of(loaded, batch)).rows
    for condition, sentence in ((1, "Answer in German. "), (2, "Answer in Chinese. ")):
        own = [row for row in rows if row["condition"] == condition]
        for row, prompt, target in zip(own, batch.prompts, targets, strict=True):
            assert row["n_ablated"] == 0
            if target is None:
                assert row["answer_logprob"] is None
                continue
            expected = plain.log_probability(loaded, sentence + prompt, target.ids)
            assert row["answer_logprob"] == pytest.approx(expected, abs=1e-3)
    baseline, german = ([row["answer_logprob"] for row in rows if row["condition"] == c] for c in (0, 1))
    assert baseline != german


def test_languages_have_their_names() -> None:
    assert instruction("de") == "Answer in German."
    assert instruction("pt-BR") == "Answer in Portuguese (BR)."
    assert asked_in(asked(), "tr").examples[0].prompts["en"].startswith("Answer in Turkish. The capital")


def test_conditions_change_no_neuron_and_say_so() -> None:
    planned = plan_conditions(
        replace(OPTIONS, fractions=(0.5,), seeds=1, scope="last", layers=(0,)), (Layer(0, "decoder", 0, 48),), 4
    )
    own = [condition for condition in planned if condition.kind == "prompt"]
    assert [(c.condition, c.label, c.set_language, c.value, c.scope, c.layers) for c in own] == [
        (2, "prompt asks for de", "de", "0", "all", None),
        (3, "prompt asks for zh", "zh", "0", "all", None),
    ]
    assert "Prompt conditions change no neuron" in ablation_notes(planned, "generated")[0][1]


def test_a_prompt_that_is_too_long_with_the_sentence_is_refused() -> None:
    loaded, batch = load_tiny("llama"), asked()
    text = "Paris"
    while len(encode(loaded, [text])[0]) < 117:  # of 128, with room for a choice of a few tokens
        text += " is"
    long = replace(batch.examples[0], prompts=dict.fromkeys(LANGUAGES, text), choices={}, answers={"en": "is"})
    batch = replace(batch, examples=(long, *batch.examples[1:]))
    targets = find_targets(loaded, batch, book_of(loaded, batch))
    prepare(loaded, batch, targets, OPTIONS.answers)  # which is short enough without it
    with pytest.raises(
        InputError,
        match=r"With 'Answer in German.' before it \(--ablation-prompt-baseline\): The prompt of example .e0.",
    ):
        answers_asked_in(loaded, batch, "de", targets, OPTIONS)
