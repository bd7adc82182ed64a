"""One example of a task file: its fields, and the checks of all of them.

{"id": "paris", "prompts": {"en": "…", "de": "…"}, "answers": {"en": "…"}, "choices": {"en": ["…", "…"]}}

`answers` and `choices` are optional. So are `spans` (the subject of each prompt as it is written there, for `--token
subject`), `cluster` (the source that the example shares with others; default: its id) and `answer_language` (if answers
are not in the prompt's language). Language codes may have any form that `short_code`
reads. An id or a cluster may be a whole number; an answer may be the index of a choice, from 0.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from neurontui.compute.tasks.example import Example
from neurontui.compute.tasks.languages import by_short_code, duplicate
from neurontui.compute.tasks.text import kind, shown, text_fault
from neurontui.store.languages.tags import short_code

FIELDS = ("id", "prompts", "answers", "choices", "spans", "cluster", "answer_language")

Asked = Collection[str] | None
"""Short codes of the requested languages; None: all languages of the file."""
Fault = tuple[str, str]
"""A field and the end of a sentence about it."""


def unused_fields(record: Mapping[str, object]) -> set[str]:
    """Fields with the user's own data; they are ignored."""
    return record.keys() - set(FIELDS)


def record_faults(record: object, asked: Asked = None) -> Iterator[Fault]:
    """All faults of one example on its own, in the requested languages.

    A null prompt counts as absent if languages are requested; otherwise it is a fault.
    """
    if not isinstance(record, dict):
        yield "line", f"must be an object with id and prompts, not {kind(record)}"
        return
    yield from _field_names(record)
    yield from _texts(record)
    if "prompts" not in record:
        yield "prompts", "is missing; give one prompt per language"
        return
    prompts = prompts_of(record, asked)
    yield from _prompts(prompts, record["prompts"])
    if isinstance(prompts, dict) and prompts:
        languages = set(map(short_code, prompts))
        answers = _of_languages(record.get("answers"), asked, languages)
        choices = _of_languages(record.get("choices"), asked, languages)
        yield from _answers(answers, choices, languages)
        yield from _choices(choices, answers, languages)
        yield from _spans(_of_languages(record.get("spans"), asked, languages), languages)


def record_id(record: object) -> str | None:
    """The id of an example as text; None without a valid id."""
    value = record.get("id") if isinstance(record, dict) else None
    return str(value) if type(value) in (str, int) else None


def prompts_of(record: Mapping[str, Any], asked: Asked) -> Any:
    """The prompts in the requested languages, by the codes of the file, without null prompts."""
    prompts = record["prompts"]
    if asked is None or not isinstance(prompts, dict):
        return prompts
    return {code: prompt for code, prompt in prompts.items() if prompt is not None and short_code(code) in asked}


def to_example(record: Mapping[str, Any], languages: tuple[str, ...]) -> Example:
    """The example of a record without faults, in `languages` (short codes)."""
    prompts = by_short_code(prompts_of(record, languages))
    answers = by_short_code(record.get("answers") or {})
    choices = by_short_code(record.get("choices") or {})
    spans = by_short_code(record.get("spans") or {})
    language = record.get("answer_language")
    return Example(
        id=str(record["id"]),
        cluster=str(record["id"] if record.get("cluster") is None else record["cluster"]),
        prompts={code: prompts[code] for code in languages},
        answers={code: _answer_text(answers[code], choices.get(code)) for code in languages if code in answers},
        choices={code: tuple(choices[code]) for code in languages if code in choices},
        answer_language=None if language is None else short_code(language),
        spans={code: spans[code] for code in languages if code in spans},
    )


def _answer_text(answer: Any, options: Any) -> str:
    return str(options[answer]) if isinstance(answer, int) else str(answer)


def _of_languages(values: Any, asked: Asked, languages: Collection[str]) -> Any:
    """Answers, choices or spans; if languages are requested, only those with a prompt."""
    if asked is None or not isinstance(values, dict):
        return values
    return {code: value for code, value in values.items() if short_code(code) in languages}


def _field_names(record: Mapping[str, object]) -> Iterator[Fault]:
    # A misspelled field must not lose the answers.
    for name in sorted(unused_fields(record)):
        close = get_close_matches(name[:40].lower(), FIELDS, n=1, cutoff=0.85)
        if close:
            yield shown(name), f"is not a field; did you mean '{close[0]}'?"


def _texts(record: Mapping[str, object]) -> Iterator[Fault]:
    if "id" not in record:
        yield "id", "is missing; every example needs a unique id"
    for name in ("id", "cluster", "answer_language"):
        optional = name != "id" and record.get(name) is None
        number = name != "answer_language" and type(record.get(name)) is int
        if name in record and not optional and not number and (fault := text_fault(record[name])):
            yield name, _or_number(fault, record[name]) if name != "answer_language" else fault


def _or_number(fault: str, value: object) -> str:
    return f"must be text or a whole number, not {value}" if isinstance(value, float) else fault


def _prompts(prompts: object, written: object) -> Iterator[Fault]:
    if not isinstance(prompts, dict):
        yield "prompts", f"must be an object of language and prompt, not {kind(prompts)}"
        return
    if not written:
        yield "prompts", "has no language"
    yield from _duplicates("prompts", prompts)
    for code, prompt in prompts.items():
        if fault := _code_fault(code):
            yield f"prompts.{shown(code)}", fault
        if prompt is None:
            yield (
                f"prompts.{shown(code)}",
                "must be text, not null or an empty cell; with --languages such examples are left out",
            )
        elif fault := text_fault(prompt):
            yield f"prompts.{shown(code)}", fault


def _duplicates(field: str, values: Mapping[str, object]) -> Iterator[Fault]:
    if twice := duplicate(values):
        first, second = map(shown, twice)
        code = shown(short_code(twice[0]))
        yield (
            f"{field}.{second}",
            f"is the same language as {field}.{first} (both are {code}); keep one",
        )


def _code_fault(code: str) -> str | None:
    if fault := text_fault(code):
        return f"has a language code that {fault}"
    if "," in code or code != code.strip() or not code.isprintable():
        return "has a language code that --languages cannot name: no commas, spaces around it or control characters"
    return None


def _answers(answers: object, choices: object, languages: Collection[str]) -> Iterator[Fault]:
    if answers is None:
        return
    if not isinstance(answers, dict):
        yield "answers", f"must be an object of language and answer, not {kind(answers)}"
        return
    yield from _duplicates("answers", answers)
    options = by_short_code(choices) if isinstance(choices, dict) else {}
    for code, answer in answers.items():
        if short_code(code) not in languages:
            yield f"answers.{shown(code)}", "is for a language without a prompt"
        fault = _index_fault(answer, options.get(short_code(code))) if type(answer) is int else text_fault(answer)
        if fault:
            yield f"answers.{shown(code)}", fault


def _index_fault(answer: int, options: object) -> str | None:
    """The fault of an answer that is the index of a choice."""
    if not isinstance(options, list) or not options:
        return (
            f"is the number {answer}, which counts choices from 0, but there are no choices; "
            "give choices, or write the answer as text"
        )
    if not 0 <= answer < len(options):
        return f"is the number {answer}, but the {len(options)} choices are numbered from 0 to {len(options) - 1}"
    return None


def _choices(choices: object, answers: object, languages: Collection[str]) -> Iterator[Fault]:
    if choices is None:
        return
    if not isinstance(choices, dict):
        yield "choices", f"must be an object of language and list, not {kind(choices)}"
        return
    yield from _duplicates("choices", choices)
    answer_of = by_short_code(answers) if isinstance(answers, dict) else {}
    for code, options in choices.items():
        field = f"choices.{shown(code)}"
        if short_code(code) not in languages:
            yield field, "are for a language without a prompt"
        answer = answer_of.get(short_code(code))
        yield from ((field, fault) for fault in _option_faults(options, answer))


def _spans(spans: object, languages: Collection[str]) -> Iterator[Fault]:
    """Whether a prompt contains its span is checked by a run that measures there."""
    if spans is None:
        return
    if not isinstance(spans, dict):
        yield "spans", f"must be an object of language and text, not {kind(spans)}"
        return
    yield from _duplicates("spans", spans)
    for code, span in spans.items():
        if short_code(code) not in languages:
            yield f"spans.{shown(code)}", "is for a language without a prompt"
        if fault := text_fault(span):
            yield f"spans.{shown(code)}", fault


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
        yield "contain the same text twice"
    if isinstance(answer, str) and answer not in options:
        yield f"do not contain the answer '{shown(answer)}'"
