"""MzsRE, the question-answering edits of ReMaKE: one file per pair of languages, always with English."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.data_files import (
    files_under,
    read_json,
    read_lines,
    require_fields,
    require_text,
)
from neurontui.compute.tasks.text import kind, printable, shown
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import short_code

_TEST = re.compile(r"/mzsre_test_duplicate_en([a-z]{2})\.json$")
_TRAIN = re.compile(r"/zsre_mend_train_([a-z]{2})_[^/]*\.txt$")
_CODES = {"cz": "cs", "du": "nl"}
"""ReMaKE's names for Czech and Dutch."""


@dataclass(frozen=True)
class Edit:
    """A question and its edited answer."""

    question: str
    answer: str
    subject: str | None = None
    """Of the question; None in a demonstration."""


Edits = Mapping[str, Edit]
"""One edit by language."""


def read_edits(data: Path) -> list[Edits]:
    """The test items at or below `data`, each in the languages that have it, always including English.

    Languages are joined by the English side, which every file contains; the order is that of the first file.
    Raises InputError if there is no such file or one does not have MzsRE's format.
    """
    files = _by_language(files_under(data), _TEST)
    if not files:
        raise InputError(f"Found no MzsRE under {printable(str(data))}: looked for mzsre_test_duplicate_en<xx>.json.")
    joined: dict[tuple[str, str], dict[str, Edit]] = {}
    for code, (name, path) in files.items():
        for english, other in _pairs(path, name):
            edits = joined.setdefault((english.question, english.answer), {"en": english})
            if code in edits:
                raise InputError(f"{printable(str(path))} has '{shown(english.question)}' twice.")
            edits[code] = other
    return list(joined.values())


def read_demonstrations(data: Path) -> list[Edits]:
    """The lines of ReMaKE's training lists, each in the languages in which it is complete.

    The lists are in the folder of the test files or in a sibling folder. If a line has no question or no answer in a
    language (line 40 of every list), it lacks that language here.
    """
    near = files_under(data)
    lists = _by_language(near, _TRAIN) or _by_language(_neighbours(data), _TRAIN)
    columns = {code: _training_lines(path) for code, (_, path) in lists.items()}
    length = max(map(len, columns.values()), default=0)
    return [
        {code: line for code, lines in columns.items() if number < len(lines) and (line := lines[number])}
        for number in range(length)
    ]


def _by_language(paths: list[Path], pattern: re.Pattern[str]) -> dict[str, tuple[str, Path]]:
    """Language to (name in the data, file). Of two excerpts of the list of one language, the first."""
    files: dict[str, tuple[str, Path]] = {}
    for path in paths:
        if match := pattern.search(path.as_posix()):
            files.setdefault(short_code(_CODES.get(match[1], match[1])), (match[1], path))
    return files


def _neighbours(data: Path) -> list[Path]:
    folder = data.expanduser().absolute()
    above = folder.parent if folder.is_dir() else folder.parent.parent
    return sorted([*above.glob("zsre_mend_train_*.txt"), *above.glob("*/zsre_mend_train_*.txt")])


def _pairs(path: Path, name: str) -> list[tuple[Edit, Edit]]:
    items = read_json(path)
    if not isinstance(items, list):
        raise InputError(f"{printable(str(path))} must be a list of items, not {kind(items)}.")
    pairs = []
    for number, item in enumerate(items, 1):
        where = f"{printable(str(path))}, item {number}"
        sides = require_fields(item, ("en", name), where)
        pairs.append((_edit(sides["en"], f"{where}, en"), _edit(sides[name], f"{where}, {name}")))
    return pairs


def _edit(side: object, where: str) -> Edit:
    fields = require_fields(side, ("src", "alt"), where)
    question, answer = (require_text(fields[name], f"{where}: {name}") for name in ("src", "alt"))
    edit = Edit(question, answer, _subject(side))
    if not edit.question or not edit.answer:
        raise InputError(f"{where} has an empty question or answer.")
    return edit


def _subject(side: object) -> str | None:
    """Only `--token subject` needs it, so a missing one is no error here."""
    subject = side.get("subject") if isinstance(side, dict) else None
    return subject.strip() if isinstance(subject, str) and subject.strip() else None


def _training_lines(path: Path) -> list[Edit | None]:
    lines: list[Edit | None] = []
    for _, line in read_lines(path):
        question, _, answer = line.partition("\t")
        edit = Edit(question.strip(), answer.strip())
        lines.append(edit if edit.question and edit.answer else None)
    return lines
