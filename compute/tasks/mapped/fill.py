"""One row of a data set in one language: its key, and the texts of the example."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neurontui.compute.tasks.mapped.faults import Fault
from neurontui.compute.tasks.mapped.mapping import Answer, Choices, TaskMapping
from neurontui.compute.tasks.mapped.tables import Row
from neurontui.compute.tasks.text import kind, listed, shown, text_fault

_WORD = re.compile(r"\w")
_LAST_WORDS = re.compile(r"\S*$")


@dataclass(frozen=True)
class Record:
    """A row that has all its texts."""

    row: Row
    key: tuple[str, ...]
    """Empty if rows are joined by their position."""
    cluster: tuple[str, ...]
    same: tuple[str, ...]
    prompt: str
    choices: tuple[str, ...] = ()
    answer: str | None = None
    span: str | None = None


@dataclass(frozen=True)
class Lacking:
    """A row without one of its texts, which is left out."""

    row: Row
    key: tuple[str, ...]
    reason: str
    """Why, for a note: 'no label'."""


class _FaultError(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class _LackError(Exception):
    """The row lacks a text."""


@dataclass(frozen=True)
class Filler:
    """Makes records of the rows of one language."""

    mapping: TaskMapping
    code: str
    """The language's short code."""
    data_code: str
    """The language's code in the data."""

    def names(self) -> Iterator[tuple[str, str]]:
        """Each key of the mapping that names a column, with the column's name in templates."""
        rows, texts = self.mapping.rows, self.mapping.texts
        for field, columns in (("key", rows.key), ("cluster", rows.cluster), ("same", rows.same)):
            yield from ((f"rows.{field}", name) for name in columns)
        for field in ("prompt", "choices", "answer", "span"):
            value = getattr(texts, field)
            own = self.code in value.own
            of = value.of(self.code)
            key = f"example.{field}" + (f".{self.code}" if own else "")
            yield from ((key, name) for name in (of.columns if of is not None else ()))

    def fill(self, row: Row) -> Record | Lacking | Fault:
        """The record of a row, or what it lacks, or its fault."""
        key: tuple[str, ...] = ()
        try:
            key = tuple(self._key(row, name) for name in self.mapping.rows.key)
            return self._record(row, key)
        except _LackError as error:
            return Lacking(row, key, str(error))
        except _FaultError as error:
            return row.fault(error.field, error.message)

    def _record(self, row: Row, key: tuple[str, ...]) -> Record:
        rows, texts = self.mapping.rows, self.mapping.texts
        choices, answer = self._choices(row), self._answer(row)
        prompt = texts.prompt.of(self.code)
        text = "" if prompt is None else self._until(prompt.render(self._values(row, prompt.columns)))
        if texts.split_choices:
            text, choices, answer = _split(text, choices, answer)
        span = texts.span.of(self.code)
        return Record(
            row,
            key,
            tuple(self._value(row, name) for name in rows.cluster),
            tuple(self._value(row, name) for name in rows.same),
            _checked(text, "example.prompt"),
            _checked_choices(choices, answer),
            None if answer is None else _checked(answer, "example.answer"),
            None if span is None else self._span(row, span.columns, span),
        )

    def _key(self, row: Row, name: str) -> str:
        try:
            return self._value(row, name)
        except _LackError:
            raise _FaultError(self._column(name), "is empty, but it is part of the key") from None

    def _until(self, text: str) -> str:
        until = self.mapping.texts.until
        if until is None:
            return text
        before, found, after = text.partition(until)
        if not found:
            raise _FaultError("example.prompt", f"does not contain '{shown(until)}'")
        if _WORD.search(after):
            raise _LackError(f"text after '{shown(until)}'")
        if not before.strip():
            raise _LackError(f"no text before '{shown(until)}'")
        return before.rstrip()

    def _choices(self, row: Row) -> tuple[str, ...]:
        choices = self.mapping.texts.choices.of(self.code)
        if choices is None:
            return ()
        if choices.column is None:
            return tuple(one.render(self._values(row, one.columns)) for one in choices.templates)
        return self._listed(row, choices)

    def _listed(self, row: Row, choices: Choices) -> tuple[str, ...]:
        name = str(choices.column)
        if choices.separator is not None:
            return tuple(item.strip() for item in self._value(row, name).split(choices.separator))
        value = row.values.get(self._column(name))
        if value is None:
            raise _LackError(f"no {self._column(name)}")
        if not isinstance(value, list):
            raise _FaultError(self._column(name), f"must be a list of choices, not {kind(value)}; give a separator")
        return tuple(text for item in value if (text := self._plain(name, item)) is not None)

    def _answer(self, row: Row) -> str | None:
        answer = self.mapping.texts.answer.of(self.code)
        if answer is None:
            return None
        if answer.template is not None:
            return answer.template.render(self._values(row, answer.template.columns))
        return self._choice(row, answer)

    def _choice(self, row: Row, answer: Answer) -> str:
        name = str(answer.column)
        value, choices = self._value(row, name), self._choices(row)
        if value not in answer.values:
            raise _FaultError(
                self._column(name), f"is '{shown(value)}', but example.answer has the values {listed(answer.values)}"
            )
        place = answer.values.index(value)
        if len(choices) != len(answer.values):
            raise _FaultError(
                self._column(name),
                f"stands for one of {len(answer.values)} choices, but there are {len(choices)}",
            )
        return choices[place]

    def _span(self, row: Row, columns: tuple[str, ...], span: Any) -> str | None:
        try:
            return str(span.render(self._values(row, columns)))
        except _LackError:
            return None

    def _values(self, row: Row, names: tuple[str, ...]) -> Mapping[str, str]:
        return {name: self._value(row, name) for name in names}

    def _value(self, row: Row, name: str) -> str:
        text = self._plain(name, row.values.get(self._column(name)))
        if text is None:
            raise _LackError(f"no {self._column(name)}")
        return text

    def _plain(self, name: str, value: Any) -> str | None:
        """The value as text without surrounding white space; None if there is none."""
        if isinstance(value, (list, dict, bytes)):
            raise _FaultError(self._column(name), f"must be text or a number, not {kind(value)}")
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # columns of whole numbers with gaps are stored as 3.0
        text = str(value).strip()
        return None if not text or text in self.mapping.rows.missing else text

    def _column(self, name: str) -> str:
        return self.mapping.data.column(name, self.data_code)


def _checked(text: str, field: str) -> str:
    if fault := text_fault(text):
        raise _FaultError(field, fault)
    return text


def _checked_choices(choices: tuple[str, ...], answer: str | None) -> tuple[str, ...]:
    for number, choice in enumerate(choices, 1):
        if fault := text_fault(choice):
            raise _FaultError("example.choices", f"number {number} {fault}")
    if len(set(choices)) < len(choices):
        twice = next(choice for choice in choices if choices.count(choice) > 1)
        raise _FaultError("example.choices", f"contain '{shown(twice)}' twice")
    if len(choices) == 1:
        raise _FaultError("example.choices", "has only one choice")
    if choices and answer is not None and answer not in choices:
        raise _FaultError("example.answer", f"'{shown(answer)}' is not among the choices {shown(listed(choices))}")
    return choices


def _split(prompt: str, choices: tuple[str, ...], answer: str | None) -> tuple[str, tuple[str, ...], str | None]:
    """Move the words that all choices begin with to the end of the prompt."""
    shared = 0
    while len({choice[: shared + 1] for choice in choices}) == 1 and shared < min(map(len, choices)):
        shared += 1
    beginning = _LAST_WORDS.sub("", choices[0][:shared]).rstrip()
    if not beginning:
        raise _LackError("choices that begin with different words")
    rest = tuple(choice[len(beginning) :].strip() for choice in choices)
    if not all(rest):
        raise _LackError("a choice that the others begin with")
    if answer is not None and answer not in choices:
        raise _FaultError("example.answer", f"'{shown(answer)}' is not among the choices")
    return f"{prompt}{beginning}", rest, None if answer is None else rest[choices.index(answer)]
