"""The demo's task files: the project's format, parallel in ten languages, and what the recipe makes."""

import json
from collections import Counter
from random import Random

import pytest

from neurontui.compute.demo import LANGUAGES, TASKS, demo_task
from neurontui.compute.demo.recipe.facts import load_facts
from neurontui.compute.demo.recipe.samples import ALL_TASKS, Claim, draw_claim, edit_sample, samples
from neurontui.compute.demo.recipe.tasks import demo_tasks, write_tasks

FACTS = load_facts()
FIELDS = {"id", "cluster", "prompts", "answers", "choices"}


def read(name):
    return [json.loads(line) for line in demo_task(name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", TASKS)
def test_examples_are_parallel_and_answerable(name):
    examples = read(name)
    assert len(examples) >= 100
    assert len({example["id"] for example in examples}) == len(examples)
    for example in examples:
        assert set(example) - {"answer_language"} == FIELDS
        for language in LANGUAGES:
            prompt, choices = example["prompts"][language], example["choices"][language]
            assert prompt
            assert prompt == prompt.strip()
            assert example["answers"][language] in choices
            assert len(set(choices)) == len(choices)


def test_committed_files_are_what_the_recipe_writes(tmp_path):
    write_tasks(demo_tasks(FACTS), tmp_path)
    for name in TASKS:
        assert (tmp_path / f"{name}.jsonl").read_bytes() == demo_task(name).read_bytes()


def test_heldout_prompts_differ_from_seen_ones_in_every_language():
    for seen, heldout in zip(read("fact"), read("fact-heldout"), strict=True):
        assert seen["answers"] == heldout["answers"]
        assert all(seen["prompts"][lang] != heldout["prompts"][lang] for lang in LANGUAGES)


def test_inference_labels_are_balanced_and_english():
    counts = Counter(example["answers"]["zh"] for example in read("xnli"))
    assert counts == {"true": 40, "false": 40, "inconclusive": 40}


def test_edits_claim_what_is_not_so():
    capitals = {fact.id: fact.capital for fact in FACTS}
    for example in read("ke-en-all"):
        assert example["answers"] != capitals[example["cluster"]]
        assert capitals[example["cluster"]]["fr"] in example["choices"]["fr"]


@pytest.mark.parametrize("name", ["xnli", "ke-all-en"])
def test_answers_in_english_say_so(name):
    """Else a Chinese prompt and its English answer would be joined as Chinese is."""
    for example in read(name):
        assert example["answer_language"] == "en"
        assert len(set(example["answers"].values())) == 1


def test_training_never_sees_what_the_task_files_test():
    tasks = demo_tasks(FACTS)
    tested = {
        example.prompts[language]
        for name in ("fact-heldout", "xnli", "ke-en-all", "ke-all-en")
        for example in tasks.files[name]
        for language in LANGUAGES
    }
    stream = samples(Random(3), FACTS, tasks.held_out, ALL_TASKS)
    assert not any(next(stream).prompt in tested for _ in range(20_000))


def test_a_held_out_edit_is_drawn_again():
    few = FACTS[:3]
    tasks = demo_tasks(few + FACTS[3:8])
    allowed = {edit_sample(Random(seed), few, tasks.held_out).prompt for seed in range(200)}
    tested = {p for e in tasks.files["ke-en-all"] for p in e.prompts.values()}
    assert allowed
    assert not allowed & tested


@pytest.mark.parametrize("label", ["true", "false", "inconclusive"])
def test_a_claim_is_what_its_label_says(label):
    for seed in range(50):
        claim: Claim = draw_claim(Random(seed), FACTS, label)
        assert (claim.country is claim.other_country) == (label != "inconclusive")
        if label != "inconclusive":
            assert (claim.city is claim.other_city) == (label == "true")


def test_the_same_seed_draws_the_same_samples():
    held_out = demo_tasks(FACTS).held_out
    first, second = (samples(Random(5), FACTS, held_out, ALL_TASKS) for _ in range(2))
    assert [next(first) for _ in range(200)] == [next(second) for _ in range(200)]


def test_an_unknown_task_is_named_in_the_error():
    with pytest.raises(KeyError, match="nonsense"):
        demo_task("nonsense")
