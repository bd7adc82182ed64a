"""Task files: JSON Lines, one example a line, the user's own prompts.

Read line by line, so that a file of gigabytes can be checked; anything may stand in it.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.jsonline import BOM, parse_json
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.taskrecord import record_faults, to_example, unused_fields
from neurontui.compute.tasks.text import counted, listed, printable, shown
from neurontui.store.errors import InputError

MAX_LINE = 1 << 26
MAX_PROBLEMS = 1000


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a task file. `message` continues a sentence that begins with `field`."""

    line: int
    """From 1."""
    field: str
    """Path of the field, as prompts.de; `line` or `file` where the whole of it is meant."""
    message: str


def check_task_file(path: Path) -> list[Problem]:
    """Everything wrong with a task file, in order of lines; an empty list where nothing is.

    After 1,000 problems the rest is not looked at, and the last entry says so.
    Raises InputError where there is no file that can be read.
    """
    found = (problem for line in _lines(path) for problem in line.problems)
    problems = list(islice(found, MAX_PROBLEMS))
    if (rest := next(found, None)) is not None:
        problems.append(Problem(rest.line, "file", "has more problems; the rest was not checked"))
    return problems


def load_task_file(path: Path, options: TaskOptions) -> TaskData:
    """The examples of a task file, in the languages asked for or else those of its lines.

    With languages asked for, lines may differ in theirs: those that lack one are left out and counted.
    Raises InputError that names the first problem, line and field.
    """
    records = [_usable(path, line) for line in _lines(path, alike=options.languages is None)]
    available = dict.fromkeys(code for record in records for code in record["prompts"])
    languages = choose_languages(
        available, options.languages, printable(path.name), default=available
    )
    whole = [record for record in records if all(code in record["prompts"] for code in languages)]
    notes = [f"Read {counted(len(records), 'example')} from {printable(path.name)}."]
    if lacking := len(records) - len(whole):
        notes.append(
            f"Left out {counted(lacking, 'example')} that lack one of {listed(map(shown, languages))}."
        )
    if unused := set().union(*map(unused_fields, records)):
        notes.append(f"Fields that were not used: {listed(map(shown, sorted(unused)))}.")
    return TaskData(
        task=printable(path.stem),
        setting=None,
        n_shots=0,
        languages=languages,
        examples=tuple(to_example(record, languages) for record in whole),
        notes=tuple(notes),
    )


@dataclass
class _Line:
    number: int
    record: Any = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        self.problems.append(Problem(self.number, place, message))


@dataclass
class _Earlier:
    """What the lines so far have shown, for what must not or must be the same in all of them."""

    ids: dict[str, int] = field(default_factory=dict)
    languages: list[str] | None = None
    first_line: int = 0


def _usable(path: Path, line: _Line) -> Any:
    if not line.problems:
        return line.record
    first = line.problems[0]
    name = printable(str(path))
    raise InputError(
        f"{name}, line {first.line}: {first.field} {first.message}; `neurontui check {name}` lists everything"
    )


def _lines(path: Path, alike: bool = True) -> Iterator[_Line]:
    earlier = _Earlier()
    number = 0
    for number, raw in _raw_lines(path):
        line = _Line(number)
        if raw is not None and not raw.strip():
            continue
        earlier.first_line = earlier.first_line or number
        if raw is None:
            line.add("line", f"is longer than {MAX_LINE >> 20} MiB; is it one example?")
        else:
            _fill(line, raw)
            _compare(line, earlier, alike)
        yield line
    if not earlier.first_line:
        yield _Line(number, problems=[Problem(max(number, 1), "file", "holds no example")])


def _fill(line: _Line, raw: bytes) -> None:
    if line.number == 1 and raw.startswith(BOM):
        line.add("line", "begins with a byte order mark; save the file as UTF-8 without one")
        raw = raw.removeprefix(BOM)
    try:
        line.record = parse_json(raw.rstrip(b"\r\n"))
    except ValueError as error:
        line.add("line", str(error))
    else:
        line.problems += [Problem(line.number, *fault) for fault in record_faults(line.record)]


def _compare(line: _Line, earlier: _Earlier, alike: bool) -> None:
    record = line.record if isinstance(line.record, dict) else {}
    if isinstance(record.get("id"), str):
        before = earlier.ids.setdefault(record["id"], line.number)
        if before != line.number:
            line.add("id", f"is the same as in line {before}")
    if alike and isinstance(record.get("prompts"), dict):
        _compare_languages(line, earlier, list(record["prompts"]))


def _compare_languages(line: _Line, earlier: _Earlier, languages: list[str]) -> None:
    if earlier.languages is None:
        earlier.languages, earlier.first_line = languages, line.number
    first = earlier.languages
    if set(first) == set(languages):
        return
    lacking = [shown(code) for code in first if code not in languages][:8]
    added = [shown(code) for code in languages if code not in first][:8]
    words = [f"lack {listed(lacking)}"] * bool(lacking) + [f"add {listed(added)}"] * bool(added)
    line.add(
        "prompts",
        f"{' and '.join(words)}, unlike line {earlier.first_line}; give all lines the same languages, "
        "or choose some with --languages",
    )


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Line numbers and bytes; None for a line that is too long to be read whole."""
    try:
        _require_file(path)
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE + 1):
                number += 1
                if len(raw) > MAX_LINE:
                    _skip_line(file, raw)
                    yield number, None
                else:
                    yield number, raw
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is no file name"
        raise InputError(f"Cannot read {printable(str(path))}: {reason}.") from None


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE)


def _require_file(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise InputError(f"{printable(str(path))} is {what}; a task file is JSON Lines.")
