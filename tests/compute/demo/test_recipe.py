"""The recipe from end to end, a few steps long, and the tokenizer's promises."""

import sys

import pytest
import torch

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.__main__ import main
from neurontui.compute.demo.recipe.evaluate import accuracies, load, normalized, put_table, row
from neurontui.compute.demo.recipe.facts import load_facts
from neurontui.compute.demo.recipe.losses import (
    Encoded,
    collate,
    decoder_loss,
    encode,
    in_parts,
)
from neurontui.compute.demo.recipe.model import ARCHITECTURES, new_model
from neurontui.compute.demo.recipe.prompts import phrasing
from neurontui.compute.demo.recipe.samples import Sample
from neurontui.compute.demo.recipe.tasks import demo_tasks
from neurontui.compute.demo.recipe.tokenizer import train_tokenizer

FACTS = load_facts()


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(FACTS)


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
def test_two_steps_write_a_model_that_loads_and_answers(tmp_path, arch, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["recipe", "--arch", arch, "--steps", "2", "--out", str(tmp_path)])
    main()
    assert (tmp_path / "model.safetensors").stat().st_size <= 8_000_000
    model, tokenizer = load(tmp_path)
    example = {"prompts": dict.fromkeys(LANGUAGES, "x"), "answers": dict.fromkeys(LANGUAGES, "y")}
    assert set(accuracies(model, tokenizer, [example])) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_token_spans_prompt_and_answer(tokenizer, language):
    """Else the answer's first token could not be found."""
    joiner = phrasing(language).joiner
    for example in demo_tasks(FACTS).files["fact"]:
        prompt, answer = example.prompts[language], joiner + example.answers[language]
        whole = tokenizer(prompt + answer)["input_ids"]
        assert whole == tokenizer(prompt)["input_ids"] + tokenizer(answer)["input_ids"]
        assert tokenizer.decode(whole) == prompt + answer


def test_the_tokenizer_is_the_same_every_time(tokenizer):
    assert train_tokenizer(FACTS).get_vocab() == tokenizer.get_vocab()


def test_a_batch_predicts_every_token_and_weighs_the_answers():
    batch = collate([Encoded([5, 6, 7], [8, 2]), Encoded([9], [4, 3, 2])], pad=0, prompt_weight=0.1)
    assert batch.ids.tolist() == [[5, 6, 7, 8], [9, 4, 3, 0]]
    assert batch.mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert batch.targets.tolist() == [[6, 7, 8, 2], [4, 3, 2, 0]]
    assert torch.allclose(batch.weights, torch.tensor([[0.1, 0.1, 1, 1], [1, 1, 1, 0]]))


def test_the_loss_does_not_depend_on_how_a_batch_is_cut(tokenizer):
    model = new_model("bloom", tokenizer, seed=1).eval()
    drawn = [Sample("The capital of France is", " Paris"), Sample("Capital:", " Rome")]
    encoded = encode(tokenizer, drawn)
    totals = [sum(decoder_loss(model, part, 3, 0.1).item() for part in in_parts(encoded, parts)) for parts in (1, 2)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-4)


def test_a_seed_gives_the_same_weights(tokenizer):
    first, second = (new_model("bloom", tokenizer, seed=4).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_answers_are_compared_without_case_space_and_punctuation():
    assert normalized(" PARIS.") == normalized("Paris")
    assert normalized("Paris") != normalized("Paría")


def test_a_row_ends_with_the_lowest_language():
    assert row("fact", {"en": 1.0, "zh": 0.875}) == "| fact | 100.0 | 87.5 | 87.5 |"


def test_a_card_gets_the_table_of_its_model_only():
    card = "a\n<!-- measured: x -->\nold\n<!-- end -->\n<!-- measured: y -->\n<!-- end -->\n"
    assert put_table(card, "x", "new") == card.replace("old", "new")
