"""The committed facts are complete, and every name is one a prompt in its language can carry."""

import pytest
from babel import Locale

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.demo.recipe.build_facts import complaints, is_odd, tidy
from neurontui.compute.demo.recipe.facts import load_facts
from neurontui.compute.demo.recipe.prompts import phrasing

FACTS = load_facts()


def test_there_are_over_a_hundred_facts_named_in_every_language():
    assert len(FACTS) >= 100
    assert len({fact.id for fact in FACTS}) == len(FACTS)
    for fact in FACTS:
        assert set(fact.country) == set(fact.capital) == set(LANGUAGES)


def test_every_name_is_in_its_script_and_names_one_thing_only():
    assert complaints([{"country": f.country, "capital": f.capital} for f in FACTS]) == []


def test_country_names_are_those_of_cldr():
    names = {tidy(name) for name in Locale.parse("de").territories.values()}
    assert {fact.country["de"] for fact in FACTS} <= names


@pytest.mark.parametrize(("name", "language"), [("", "en"), ("Paris", "ru"), ("Париж", "en"), ("x" * 31, "en")])
def test_a_name_that_no_prompt_can_carry_is_odd(name, language):
    assert is_odd(name, language)


def test_tidy_removes_soft_hyphens_and_second_names():
    assert tidy("Reyk\u00adja\u00advík") == "Reykjavík"
    assert tidy("Myanmar (Birmanie)") == "Myanmar"


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrasings_name_the_country_once_and_end_before_the_capital(language):
    words = phrasing(language)
    assert len(words.seen) >= 3
    assert len(words.heldout) >= 1
    assert not set(words.seen) & set(words.heldout)
    for template in (*words.seen, *words.heldout):
        assert template.count("{X}") == 1
        assert template == template.strip()
        assert "|" not in template
    assert words.joiner == ("" if language in ("th", "zh") else " ")
