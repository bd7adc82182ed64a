"""The demo's task files: parallel examples in the project's JSON Lines format."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.facts import Fact
from neurontui.compute.demo.recipe.prompts import LABELS, phrasing
from neurontui.compute.demo.recipe.samples import (
    Claim,
    HeldOut,
    another,
    claim_text,
    draw_claim,
    edit_text,
)

TASK_SEED = 7
N_CHOICES = 4


@dataclass(frozen=True)
class TaskExample:
    """One line of a task file, with the same meaning in every language."""

    id: str
    cluster: str
    prompts: dict[str, str]
    answers: dict[str, str]
    choices: dict[str, list[str]]
    answer_language: str | None = None
    """Language of the answers if it is not that of the prompts."""


@dataclass(frozen=True)
class DemoTasks:
    """All task files, and their combinations, which are excluded from training."""

    files: dict[str, list[TaskExample]]
    held_out: HeldOut


def offered(rng: Random, facts: tuple[Fact, ...], right: Fact, *excluded: Fact) -> list[Fact]:
    """The right city and three others, in random order."""
    wrong = rng.sample([f for f in facts if f not in (right, *excluded)], N_CHOICES - 1)
    return rng.sample([right, *wrong], N_CHOICES)


def fact_example(rng: Random, facts: tuple[Fact, ...], fact: Fact, heldout: bool) -> TaskExample:
    """The capital of a country, by the first seen or the first held-out phrasing."""
    cities = offered(rng, facts, fact)
    prompts = {}
    for language in LANGUAGES:
        words = phrasing(language)
        template = (words.heldout if heldout else words.seen)[0]
        prompts[language] = template.replace("{X}", fact.country[language])
    choices = {language: [city.capital[language] for city in cities] for language in LANGUAGES}
    return TaskExample(f"{fact.id}-0", fact.id, prompts, fact.capital, choices)


def edit_example(rng: Random, facts: tuple[Fact, ...], fact: Fact, city: Fact, to_english: bool) -> TaskExample:
    """A counterfactual capital. The country's real capital is always one of the choices."""
    others = [f for f in offered(rng, facts, city, fact) if f is not city][:-1]
    cities = rng.sample([city, fact, *others], N_CHOICES)
    prompts, answers, choices = {}, {}, {}
    for language in LANGUAGES:
        edited, asked = (language, "en") if to_english else ("en", language)
        prompts[language] = edit_text(fact, city, edited, asked).prompt
        answers[language] = city.capital[asked]
        choices[language] = [f.capital[asked] for f in cities]
    spoken = "en" if to_english else None
    return TaskExample(f"{fact.id}-{city.id}", fact.id, prompts, answers, choices, spoken)


def claim_example(rng: Random, claim: Claim, label: str) -> TaskExample:
    """An inference item, in the same pair of phrasings in every language."""
    first, second = rng.sample(range(len(phrasing("en").seen)), 2)
    return TaskExample(
        id=f"{claim.country.id}-{label}",
        cluster=claim.country.id,
        prompts={language: claim_text(claim, language, first, second) for language in LANGUAGES},
        answers=dict.fromkeys(LANGUAGES, label),
        choices={language: list(LABELS) for language in LANGUAGES},
        answer_language="en",
    )


def distinct_claims(rng: Random, facts: tuple[Fact, ...]) -> list[tuple[Claim, str]]:
    """One claim per fact, with labels in turn; every country is a premise once."""
    order = rng.sample(facts, len(facts))
    claims = []
    for number, fact in enumerate(order):
        label = LABELS[number % len(LABELS)]
        while (claim := draw_claim(rng, facts, label)).country is not fact:
            pass
        claims.append((claim, label))
    return claims


def demo_tasks(facts: tuple[Fact, ...], seed: int = TASK_SEED) -> DemoTasks:
    """Every task, with one example per country."""
    rng = Random(seed)  # noqa: S311 (a repeatable draw, no secret)
    files = {
        "fact": [fact_example(rng, facts, fact, heldout=False) for fact in facts],
        "fact-heldout": [fact_example(rng, facts, fact, heldout=True) for fact in facts],
    }
    claims = distinct_claims(rng, facts)
    files["xnli"] = [claim_example(rng, claim, label) for claim, label in claims]
    edits = [(fact, another(rng, facts, fact)) for fact in facts]
    for name, to_english in (("ke-en-all", False), ("ke-all-en", True)):
        files[name] = [edit_example(rng, facts, fact, city, to_english) for fact, city in edits]
    held_out = HeldOut(
        edits=frozenset((fact.id, city.id) for fact, city in edits),
        claims=frozenset(claim.key for claim, _ in claims),
    )
    return DemoTasks(files, held_out)


def write_tasks(tasks: DemoTasks, folder: Path) -> None:
    """One JSON Lines file per task."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, examples in tasks.files.items():
        lines = (json.dumps(_record(example), ensure_ascii=False) for example in examples)
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _record(example: TaskExample) -> dict[str, object]:
    return {name: value for name, value in asdict(example).items() if value is not None}
