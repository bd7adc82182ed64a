"""Select the languages and examples of a data set for a run."""

from collections.abc import Iterable
from dataclasses import replace

from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.languages import (
    MAX_LANGUAGES,
    PAPER_LANGUAGES,
    duplicate,
    in_paper_order,
)
from neurontui.compute.tasks.text import counted, listed, shown, text_fault
from neurontui.store.errors import InputError, UsageError
from neurontui.store.languages.tags import short_code


def choose_languages(
    available: Iterable[str],
    asked: tuple[str, ...] | None,
    where: str,
    default: Iterable[str] = PAPER_LANGUAGES,
) -> tuple[str, ...]:
    """Short codes of the requested languages, or those of `default` that the data has, or all languages of the data.

    available: the data's short codes; asked: codes in any form, such as tha_Thai or TH. The order determines the bits
    of every mask. Raises InputError for a language that the data does not have.
    """
    all_codes = in_paper_order(available)
    requested = tuple(map(short_code, asked or ()))
    missing = [code for code, short in zip(asked or (), requested, strict=True) if short not in all_codes]
    if missing:
        lacked = listed(shown(code) for code in missing)
        raise InputError(f"{where} has no {lacked}; its languages are {listed(map(shown, all_codes))}.")
    chosen = requested or tuple(code for code in default if code in all_codes) or all_codes
    if len(chosen) > MAX_LANGUAGES:
        raise InputError(
            f"{where} has {len(chosen)} languages, more than the limit of {MAX_LANGUAGES}; "
            "choose some with --languages."
        )
    return chosen


def check_asked(languages: tuple[str, ...] | None) -> None:
    """Raise UsageError if a list of languages is empty or has duplicates."""
    if languages is None:
        return
    if twice := duplicate(languages):
        one, other = map(shown, twice)
        spelt = f" ({one} and {other})" if one != other else ""
        code = shown(short_code(one)) if spelt else one
        raise UsageError(f"--languages names {code} twice{spelt}; use it once.")
    if not languages or not all(languages):
        raise UsageError("--languages is empty; use codes separated by commas, such as en,de,zh.")


def first_examples(data: TaskData, limit: int | None) -> TaskData:
    """The first `limit` examples, with a note; raises InputError if there is no example."""
    if not data.examples:
        raise InputError(
            f"No example of {shown(data.task)} has all of {listed(map(shown, data.languages))}; "
            "choose fewer with --languages."
        )
    if limit is None or limit >= len(data.examples):
        return data
    kept = f"Used the first {limit:,} of {counted(len(data.examples), 'example')}, as requested."
    return replace(data, examples=data.examples[:limit], notes=(*data.notes, kept))


def require_sound_texts(data: TaskData) -> None:
    """Raise InputError for the first prompt, answer or choice that cannot be tokenized or stored."""
    for example in data.examples:
        for code in data.languages:
            texts = [example.prompts[code], *example.choices.get(code, ())]
            texts += [example.answers[code]] if code in example.answers else []
            for fault in filter(None, map(text_fault, texts)):
                raise InputError(f"Example {shown(example.id)} in {code} has a text that {fault}.")
