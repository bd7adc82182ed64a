"""Join the rows of several languages to parallel examples."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from neurontui.compute.tasks.example import Example
from neurontui.compute.tasks.mapped.faults import Fault, Report
from neurontui.compute.tasks.mapped.fill import Lacking, Record
from neurontui.compute.tasks.mapped.mapping import TaskMapping
from neurontui.compute.tasks.mapped.tables import Row
from neurontui.compute.tasks.text import counted, listed, shown
from neurontui.store.languages.tags import short_code

MOST_DIFFERENT = 0.1
"""Largest share of examples that may differ in columns that must be the same; above it the files are not parallel."""

Key = tuple[str, ...]


@dataclass
class Part:
    """The rows of one language, by key, or by position from 1."""

    records: dict[Key, Record] = field(default_factory=dict)
    lacking: dict[Key, Lacking] = field(default_factory=dict)
    n_faulty: int = 0
    first_faulty: Fault | None = None

    @property
    def n_rows(self) -> int:
        """All rows, including those that are left out."""
        return len(self.records) + len(self.lacking) + self.n_faulty


def add(part: Part, mapping: TaskMapping, row: Record | Lacking | Fault, report: Report) -> None:
    """Add the next row of a language; a faulty one, or one with the key of an earlier row, is reported."""
    if isinstance(row, Fault):
        part.n_faulty += 1
        part.first_faulty = part.first_faulty or row
        if not mapping.rows.skip_faulty:
            report(row)
        return
    key = row.key or (str(part.n_rows + 1),)
    earlier = part.records.get(key) or part.lacking.get(key)
    if earlier is not None:
        report(_duplicate(mapping, row.row, key, earlier.row))
    elif isinstance(row, Record):
        part.records[key] = row
    else:
        part.lacking[key] = row


def _duplicate(mapping: TaskMapping, row: Row, key: Key, earlier: Row) -> Fault:
    where = f"{earlier.unit} {earlier.number:,}"
    place = where if earlier.path == row.path else f"{earlier.path.name}, {where}"
    same = "are the same" if len(mapping.rows.key) > 1 else "is the same"
    return row.fault(listed(mapping.rows.key), f"{same} as in {place}: {shown(listed(key))}")


def join(mapping: TaskMapping, parts: Mapping[str, Part], report: Report) -> tuple[tuple[Example, ...], list[str]]:
    """Examples that all languages have, in the order of the first language, and notes about the others."""
    _require_equal_numbers(mapping, parts, report)
    keys = list(dict.fromkeys(key for part in parts.values() for key in (*part.records, *part.lacking)))
    whole = [key for key in keys if all(key in part.records for part in parts.values())]
    different = {key: names for key in whole if (names := _different(mapping, parts, key))}
    if different and len(different) > MOST_DIFFERENT * len(whole):
        report(_not_parallel(mapping, parts, next(iter(different)), len(different), len(whole)))
    examples = tuple(_example(mapping, parts, key) for key in whole if key not in different)
    return examples, list(_notes(mapping, parts, len(keys) - len(whole), different))


def _require_equal_numbers(mapping: TaskMapping, parts: Mapping[str, Part], report: Report) -> None:
    if mapping.rows.key or not mapping.rows.parallel:
        return
    numbers = {code: part.n_rows for code, part in parts.items()}
    first, *others = numbers
    for code in others:
        if numbers[code] != numbers[first]:
            message = (
                f"is missing, so rows are joined by their position, but there are {numbers[first]:,} rows in {first} "
                f"and {numbers[code]:,} in {code}; name the columns that identify a row"
            )
            report(Fault(mapping.path, mapping.line("rows.key"), "rows.key", message))
            return


def _different(mapping: TaskMapping, parts: Mapping[str, Part], key: Key) -> list[str]:
    """The columns that must be the same and are not."""
    values = zip(*(part.records[key].same for part in parts.values()), strict=True)
    return [name for name, column in zip(mapping.rows.same, values, strict=False) if len(set(column)) > 1]


def _not_parallel(mapping: TaskMapping, parts: Mapping[str, Part], key: Key, n: int, total: int) -> Fault:
    records = [part.records[key] for part in parts.values()]
    one, other = next((one, other) for one in records for other in records if one.same != other.same)
    i = next(i for i in range(len(one.same)) if one.same[i] != other.same[i])
    where = f"{one.row.path.name}, {one.row.unit} {one.row.number:,}"
    return other.row.fault(
        mapping.rows.same[i],
        f"is '{shown(other.same[i])}', but '{shown(one.same[i])}' in {where}; so {n:,} of {total:,} examples differ, "
        "and the files are not parallel",
    )


def _example(mapping: TaskMapping, parts: Mapping[str, Part], key: Key) -> Example:
    records = {code: part.records[key] for code, part in parts.items()}
    first = next(iter(records.values()))
    language = mapping.texts.answer_language
    name = " | ".join(key)
    return Example(
        id=name,
        cluster=" | ".join(first.cluster) or name,
        prompts={code: record.prompt for code, record in records.items()},
        answers={code: record.answer for code, record in records.items() if record.answer is not None},
        choices={code: record.choices for code, record in records.items() if record.choices},
        answer_language=None if language is None else short_code(language),
        spans={code: record.span for code, record in records.items() if record.span is not None},
    )


def _notes(
    mapping: TaskMapping, parts: Mapping[str, Part], n_dropped: int, different: Mapping[Key, Sequence[str]]
) -> Iterator[str]:
    if not mapping.rows.parallel:
        yield (
            "The texts of one example are not translations of each other: its languages share only their position in "
            "the files, so shared neurons are not due to a shared meaning."
        )
    if n_dropped:
        listed_reasons = listed(reason for code, part in parts.items() for reason in _reasons(code, part))
        reasons = f" ({listed_reasons})" if listed_reasons else ""
        yield f"Left out {counted(n_dropped, 'example')} without a complete row in each language{reasons}."
    if different:
        names = listed(dict.fromkeys(name for columns in different.values() for name in columns))
        yield f"Left out {counted(len(different), 'example')} whose languages differ in {shown(names)}."
    for code, part in parts.items():
        if part.n_faulty and part.first_faulty:
            fault = part.first_faulty
            place = f"{fault.path.name}, {fault.unit} {fault.number}: {fault.field} {fault.message}"
            yield f"Left out {counted(part.n_faulty, 'row')} with faults in {code}, the first one in {_long(place)}."


def _reasons(code: str, part: Part) -> list[str]:
    """Why rows of a language are not complete, with their numbers."""
    counts = Counter(row.reason for row in part.lacking.values())
    return [f"{shown(reason)} in {counted(n, 'row')} of {code}" for reason, n in counts.most_common(3)]


def _long(text: str) -> str:
    """A longer text from a file in one line."""
    return "".join(char if char.isprintable() else " " for char in text)[:300]
