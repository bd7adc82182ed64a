"""Random training samples from the facts: capitals, edits, and inference.

Combinations that the task files test (the city of an edit, the pair of statements that is compared) are never drawn.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.facts import Fact
from neurontui.compute.demo.recipe.prompts import (
    LABELS,
    edit_context,
    edit_prompt,
    nli_prompt,
    phrasing,
)

FACTS_ONLY = {"fact": 1.0}
ALL_TASKS = {"fact": 0.30, "edit": 0.45, "nli": 0.25}


@dataclass(frozen=True)
class Sample:
    """A prompt and its answer; the answer begins with the joiner that separates them."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Claim:
    """An inference item: premise and hypothesis each assign a city to a country."""

    country: Fact
    city: Fact
    other_country: Fact
    other_city: Fact

    @property
    def key(self) -> tuple[str, ...]:
        """Identifies the item, independent of its language and wording."""
        return tuple(f.id for f in (self.country, self.city, self.other_country, self.other_city))


@dataclass(frozen=True)
class HeldOut:
    """Combinations kept for the task files: edits by (country, city), claims by key."""

    edits: Collection[tuple[str, str]] = field(default_factory=frozenset)
    claims: Collection[tuple[str, ...]] = field(default_factory=frozenset)


def another(rng: Random, facts: tuple[Fact, ...], *excluded: Fact) -> Fact:
    """A fact that is none of the excluded ones."""
    while (fact := rng.choice(facts)) in excluded:
        pass
    return fact


def draw_claim(rng: Random, facts: tuple[Fact, ...], label: str) -> Claim:
    """An item with that label. Half the premises are true of the world, half are not.

    Inconclusive items repeat the premise's city half the time, so the city alone decides nothing.
    """
    country = rng.choice(facts)
    city = country if rng.random() < 0.5 else another(rng, facts, country)
    if label == "true":
        return Claim(country, city, country, city)
    if label == "false":
        return Claim(country, city, country, another(rng, facts, city))
    other = another(rng, facts, country)
    return Claim(country, city, other, city if rng.random() < 0.5 else another(rng, facts, city))


def fact_sample(rng: Random, facts: tuple[Fact, ...]) -> Sample:
    """A true capital, with a prompt in one of the seen phrasings."""
    language, fact = rng.choice(LANGUAGES), rng.choice(facts)
    words = phrasing(language)
    prompt = rng.choice(words.seen).replace("{X}", fact.country[language])
    return Sample(prompt, words.joiner + fact.capital[language])


def edit_text(fact: Fact, city: Fact, edited: str, asked: str) -> Sample:
    """The edit `fact's capital is city` in one language, and the question in another."""
    context = edit_context(phrasing(edited).ask(fact.country[edited]), city.capital[edited])
    prompt = edit_prompt(context, phrasing(asked).ask(fact.country[asked]))
    return Sample(prompt, phrasing(asked).joiner + city.capital[asked])


def edit_sample(rng: Random, facts: tuple[Fact, ...], held_out: HeldOut) -> Sample:
    """An edit from English to some language or back; never one that the task files test."""
    fact = rng.choice(facts)
    city = another(rng, facts, fact)
    while (fact.id, city.id) in held_out.edits:
        city = another(rng, facts, fact)
    language = rng.choice(LANGUAGES)
    edited, asked = ("en", language) if rng.random() < 0.5 else (language, "en")
    return edit_text(fact, city, edited, asked)


def claim_text(claim: Claim, language: str, first: int, second: int) -> str:
    """The inference prompt, in the seen phrasings numbered `first` and `second`."""
    words = phrasing(language)
    country, city = claim.country.country[language], claim.city.capital[language]
    other_country = claim.other_country.country[language]
    other_city = claim.other_city.capital[language]
    return nli_prompt(
        words.statement(words.seen[first], country, city),
        words.statement(words.seen[second], other_country, other_city),
    )


def nli_sample(rng: Random, facts: tuple[Fact, ...], held_out: HeldOut) -> Sample:
    """An inference item whose two statements are worded differently; labels are equally likely."""
    label, language = rng.choice(LABELS), rng.choice(LANGUAGES)
    claim = draw_claim(rng, facts, label)
    while claim.key in held_out.claims:
        claim = draw_claim(rng, facts, label)
    first, second = rng.sample(range(len(phrasing(language).seen)), 2)
    return Sample(claim_text(claim, language, first, second), " " + label)


def samples(rng: Random, facts: tuple[Fact, ...], held_out: HeldOut, mix: dict[str, float]) -> Iterator[Sample]:
    """Samples without end, the three tasks mixed by share."""
    while True:
        (task,) = rng.choices(tuple(mix), tuple(mix.values()))
        if task == "fact":
            yield fact_sample(rng, facts)
        elif task == "edit":
            yield edit_sample(rng, facts, held_out)
        else:
            yield nli_sample(rng, facts, held_out)
