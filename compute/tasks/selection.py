"""Which languages and examples of a data set a run takes."""

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
    """The short codes of the languages asked for, else those of `default` that the data has, else all that it has.

    available: the data's short codes; asked: codes in any form, as tha_Thai or TH. The order decides the bits
    of every mask. Raises InputError for a language the data lacks.
    """
    there = in_paper_order(available)
    wanted = tuple(map(short_code, asked or ()))
    missing = [code for code, short in zip(asked or (), wanted, strict=True) if short not in there]
    if missing:
        lacked = listed(shown(code) for code in missing)
        raise InputError(f"{where} has no {lacked}; its languages are {listed(map(shown, there))}.")
    chosen = wanted or tuple(code for code in default if code in there) or there
    if len(chosen) > MAX_LANGUAGES:
        raise InputError(
            f"{where} has {len(chosen)} languages, but a mask holds {MAX_LANGUAGES}; choose some with --languages."
        )
    return chosen


def check_asked(languages: tuple[str, ...] | None) -> None:
    """Raise UsageError where a list of languages cannot be one."""
    if languages is None:
        return
    if twice := duplicate(languages):
        one, other = map(shown, twice)
        spelt = f" ({one} and {other})" if one != other else ""
        code = shown(short_code(one)) if spelt else one
        raise UsageError(f"--languages names {code} twice{spelt}; name it once.")
    if not languages or not all(languages):
        raise UsageError("--languages is empty; name codes with commas between them, as en,de,zh.")


def first_examples(data: TaskData, limit: int | None) -> TaskData:
    """The first `limit` examples, and a note that says so; raises InputError where there is none."""
    if not data.examples:
        raise InputError(
            f"No example of {shown(data.task)} has all of {listed(map(shown, data.languages))}; choose fewer with --languages."
        )
    if limit is None or limit >= len(data.examples):
        return data
    kept = f"Kept the first {limit:,} of {counted(len(data.examples), 'example')}, as asked for."
    return replace(data, examples=data.examples[:limit], notes=(*data.notes, kept))


def require_sound_texts(data: TaskData) -> None:
    """Raise InputError for the first prompt, answer or choice that no tokenizer or table could take."""
    for each in data.examples:
        for code in data.languages:
            texts = [each.prompts[code], *each.choices.get(code, ())]
            texts += [each.answers[code]] if code in each.answers else []
            for fault in filter(None, map(text_fault, texts)):
                raise InputError(f"Example {shown(each.id)} in {code} has a text that {fault}.")
