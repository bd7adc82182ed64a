"""One line of a task file: what may stand in it, and everything that is wrong with it.

{"id": "paris", "prompts": {"en": "…", "de": "…"}, "answers": {"en": "…"}, "choices": {"en": ["…", "…"]}}

`answers` and `choices` are optional; so are `cluster` (what the example shares with others; its own id
where absent) and `answer_language` (where answers are not in the prompt's language).
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from neurontui.compute.tasks.example import Example
from neurontui.compute.tasks.language import MAX_LANGUAGES
from neurontui.compute.tasks.text import kind, shown, text_fault

FIELDS = ("id", "prompts", "answers", "choices", "cluster", "answer_language")

Fault = tuple[str, str]
"""A field and the end of a sentence about it."""


def unused_fields(record: Mapping[str, object]) -> set[str]:
    """Fields that carry the user's own data; they are left alone."""
    return record.keys() - set(FIELDS)


def record_faults(record: object) -> Iterator[Fault]:
    """Everything wrong with one parsed line, taken by itself."""
    if not isinstance(record, dict):
        yield "line", f"must be an object with id and prompts, not {kind(record)}"
        return
    yield from _field_names(record)
    yield from _texts(record)
    if "prompts" not in record:
        yield "prompts", "is missing; give one prompt a language"
        return
    prompts = record["prompts"]
    yield from _prompts(prompts)
    if isinstance(prompts, dict) and prompts:
        yield from _answers(record.get("answers"), prompts)
        yield from _choices(record.get("choices"), prompts, record.get("answers"))


def to_example(record: Mapping[str, Any], languages: tuple[str, ...]) -> Example:
    """The example of a line without faults, in these languages."""
    answers = record.get("answers") or {}
    choices = record.get("choices") or {}
    return Example(
        id=record["id"],
        cluster=record.get("cluster") or record["id"],
        prompts={code: record["prompts"][code] for code in languages},
        answers={code: answers[code] for code in languages if code in answers},
        choices={code: tuple(choices[code]) for code in languages if code in choices},
        answer_language=record.get("answer_language"),
    )


def _field_names(record: Mapping[str, object]) -> Iterator[Fault]:
    # A slip of the pen must not lose the answers.
    for name in sorted(unused_fields(record)):
        close = get_close_matches(name[:40].lower(), FIELDS, n=1, cutoff=0.85)
        if close:
            yield shown(name), f"is not a field; is '{close[0]}' meant?"


def _texts(record: Mapping[str, object]) -> Iterator[Fault]:
    if "id" not in record:
        yield "id", "is missing; every example needs one of its own"
    for name in ("id", "cluster", "answer_language"):
        optional = name != "id" and record.get(name) is None
        if name in record and not optional and (fault := text_fault(record[name])):
            yield name, fault


def _prompts(prompts: object) -> Iterator[Fault]:
    if not isinstance(prompts, dict):
        yield "prompts", f"must be an object of language and prompt, not {kind(prompts)}"
        return
    if not prompts:
        yield "prompts", "has no language"
    if len(prompts) > MAX_LANGUAGES:
        yield "prompts", f"has {len(prompts)} languages; a mask holds {MAX_LANGUAGES}"
        return
    for code, prompt in prompts.items():
        if fault := _code_fault(code):
            yield f"prompts.{shown(code)}", fault
        if fault := text_fault(prompt):
            yield f"prompts.{shown(code)}", fault


def _code_fault(code: str) -> str | None:
    if fault := text_fault(code):
        return f"has a language code that {fault}"
    if "," in code or code != code.strip() or not code.isprintable():
        return "has a language code that --languages cannot name: no commas, spaces around it or control characters"
    return None


def _answers(answers: object, languages: Mapping[str, object]) -> Iterator[Fault]:
    if answers is None:
        return
    if not isinstance(answers, dict):
        yield "answers", f"must be an object of language and answer, not {kind(answers)}"
        return
    for code, answer in answers.items():
        if code not in languages:
            yield f"answers.{shown(code)}", "is for a language without a prompt"
        if fault := text_fault(answer):
            yield f"answers.{shown(code)}", fault


def _choices(choices: object, languages: Mapping[str, object], answers: object) -> Iterator[Fault]:
    if choices is None:
        return
    if not isinstance(choices, dict):
        yield "choices", f"must be an object of language and list, not {kind(choices)}"
        return
    for code, options in choices.items():
        field = f"choices.{shown(code)}"
        if code not in languages:
            yield field, "are for a language without a prompt"
        answer = answers.get(code) if isinstance(answers, dict) else None
        yield from ((field, fault) for fault in _option_faults(options, answer))


def _option_faults(options: object, answer: object) -> Iterator[str]:
    if not isinstance(options, list):
        yield f"must be a list of texts, not {kind(options)}"
        return
    if not options:
        yield "are empty"
        return
    faults = [(number, text_fault(option)) for number, option in enumerate(options, 1)]
    yield from (f"number {number} {fault}" for number, fault in faults if fault)
    if any(fault for _, fault in faults):
        return
    if len(set(options)) < len(options):
        yield "hold the same text twice"
    if isinstance(answer, str) and answer not in options:
        yield f"do not contain the answer '{shown(answer)}'"
