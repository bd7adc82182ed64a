"""Task files: the user's own prompts, one example per line (JSON Lines), item (JSON) or row (CSV, TSV).

JSON Lines, CSV and TSV are read line by line, so that files of gigabytes can be checked. The content is not trusted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.languages import MAX_LANGUAGES, stored_as_note
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.task_file.formats.entry import Entry, Unit
from neurontui.compute.tasks.task_file.formats.reader import read_entries, unpacked_name
from neurontui.compute.tasks.task_file.record import (
    Asked,
    prompts_of,
    record_faults,
    record_id,
    to_example,
    unused_fields,
)
from neurontui.compute.tasks.text import counted, listed, printable, shown
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import short_code

MAX_PROBLEMS = 1000


@dataclass(frozen=True)
class Problem:
    """A fault at one place of a task file. `message` continues a sentence that begins with `field`."""

    line: int
    """From 1: the line of the file, or the item of a JSON list."""
    field: str
    """Path of the field, as prompts.de; `line` or `file` for a fault of the whole line or file."""
    message: str
    unit: Unit = "line"
    """The unit that `line` counts."""


def check_task_file(path: Path, languages: tuple[str, ...] | None = None) -> list[Problem]:
    """All problems of a task file, in order of lines; an empty list if there are none.

    With `languages`, in any form, only their problems. After 1,000 problems the rest is not checked, and the last entry
    states that. Raises InputError if the file cannot be read or has another format.
    """
    problems = (problem for line in _lines(path, _asked(languages)) for problem in line.problems)
    first = list(islice(problems, MAX_PROBLEMS))
    if (rest := next(problems, None)) is not None:
        message = "has more problems; the rest was not checked"
        first.append(Problem(rest.line, "file", message, rest.unit))
    return first


def sound_prompts(path: Path, languages: tuple[str, ...] | None = None) -> Iterator[dict[str, str]]:
    """Prompts by short language code of each example without problems, in the requested languages."""
    asked = _asked(languages)
    for line in _lines(path, asked):
        if not line.problems:
            prompts = prompts_of(line.record, asked)
            yield {short_code(code): text for code, text in prompts.items() if text is not None}


def load_task_file(path: Path, options: TaskOptions) -> TaskData:
    """The examples of a task file, in the requested languages or in all languages of its lines.

    If languages are requested, only these are checked, and lines may have different languages: lines that lack one, or
    have a null prompt in it, are left out and counted. Raises InputError with the first problem, its line and field.
    """
    asked = _asked(options.languages)
    records = [_usable(path, line) for line in _lines(path, asked)]
    spellings = dict.fromkeys(code for record in records for code in record["prompts"])
    available = dict.fromkeys(map(short_code, spellings))
    languages = choose_languages(available, options.languages, printable(path.name), default=available)
    whole = [record for record in records if _has_all(record, languages, asked)]
    chosen = [code for code in spellings if short_code(code) in languages]
    return TaskData(
        task=printable(unpacked_name(path).stem),
        setting=None,
        n_shots=0,
        languages=languages,
        examples=tuple(to_example(record, languages) for record in whole),
        notes=(*_notes(path, records, len(whole), languages), *stored_as_note(chosen)),
    )


def _asked(languages: tuple[str, ...] | None) -> Asked:
    return None if languages is None else frozenset(map(short_code, languages))


def _has_all(record: Any, languages: tuple[str, ...], asked: Asked) -> bool:
    codes = set(map(short_code, prompts_of(record, asked)))
    return all(code in codes for code in languages)


def _notes(path: Path, records: list[Any], n_whole: int, languages: tuple[str, ...]) -> Iterator[str]:
    yield f"Read {counted(len(records), 'example')} from {printable(path.name)}."
    if lacking := len(records) - n_whole:
        yield (f"Left out {counted(lacking, 'example')} that lack one of {listed(map(shown, languages))}.")
    if unused := set().union(*map(unused_fields, records)):
        yield f"Fields that were not used: {listed(map(shown, sorted(unused)))}."


@dataclass
class _Line:
    number: int
    unit: Unit
    record: Any = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        self.problems.append(Problem(self.number, place, message, self.unit))


@dataclass
class _Earlier:
    """Ids and languages of the lines so far: ids must be unique, and languages the same in all lines."""

    ids: dict[str, int] = field(default_factory=dict)
    languages: dict[str, str] | None = None
    """Short code to the file's own spelling."""
    first_line: int = 0


def _usable(path: Path, line: _Line) -> Any:
    if not line.problems:
        return line.record
    first = line.problems[0]
    name = printable(str(path))
    raise InputError(
        f"{name}, {first.unit} {first.line}: {first.field} {first.message}; `neurontui check {name}` lists everything"
    )


def _lines(path: Path, asked: Asked) -> Iterator[_Line]:
    earlier = _Earlier()
    number = 0
    for entry in read_entries(path):
        number = entry.number
        line = _Line(number, entry.unit)
        earlier.first_line = earlier.first_line or number
        _fill(line, entry, asked)
        _compare(line, earlier, asked)
        yield line
    if not earlier.first_line:
        line = _Line(1, "line")
        line.add("file", "contains no example")
        yield line


def _fill(line: _Line, entry: Entry, asked: Asked) -> None:
    if entry.fault is not None:
        line.add("line", entry.fault)
        return
    line.record = entry.value
    for place, message in record_faults(entry.value, asked):
        line.add(place, message)


def _compare(line: _Line, earlier: _Earlier, asked: Asked) -> None:
    if (name := record_id(line.record)) is not None:
        before = earlier.ids.setdefault(name, line.number)
        if before != line.number:
            line.add("id", f"is the same as in {line.unit} {before}")
    prompts = line.record.get("prompts") if isinstance(line.record, dict) else None
    if asked is None and isinstance(prompts, dict):
        _compare_languages(line, earlier, {short_code(code): code for code in prompts})


def _compare_languages(line: _Line, earlier: _Earlier, languages: dict[str, str]) -> None:
    if earlier.languages is None:
        earlier.languages, earlier.first_line = languages, line.number
        if len(languages) > MAX_LANGUAGES:
            line.add(
                "prompts",
                f"has {len(languages)} languages, more than the limit of {MAX_LANGUAGES}; choose some with --languages",
            )
    first = earlier.languages
    lacking = [shown(first[code]) for code in first if code not in languages][:8]
    added = [shown(languages[code]) for code in languages if code not in first][:8]
    if not lacking and not added:
        return
    words = [f"lack {listed(lacking)}"] * bool(lacking) + [f"add {listed(added)}"] * bool(added)
    line.add(
        "prompts",
        f"{' and '.join(words)}, unlike {line.unit} {earlier.first_line}; use the same languages in all {line.unit}s, "
        "or choose some with --languages",
    )
