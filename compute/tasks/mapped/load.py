"""Load the examples of a mapping, or list all faults of the mapping and its data."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.languages import in_paper_order, stored_as_note
from neurontui.compute.tasks.mapped.faults import Fault, Report, stop_at_first
from neurontui.compute.tasks.mapped.fill import Filler
from neurontui.compute.tasks.mapped.join import Part, add, join
from neurontui.compute.tasks.mapped.languages import Source, open_source
from neurontui.compute.tasks.mapped.mapping import TaskMapping
from neurontui.compute.tasks.mapped.parse import read_mapping
from neurontui.compute.tasks.mapped.tables import Table
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.text import counted, listed, printable, shown
from neurontui.store.errors import InputError

MAX_FAULTS = 1000


class _EnoughError(Exception):
    """So many faults that the rest is not checked."""


class _NoExampleError(InputError):
    """No example is complete; in a check, other faults may be the reason."""


def load_mapped(path: Path, options: TaskOptions, default: Iterable[str] | None = None) -> TaskData:
    """The examples of a mapping.

    default: the languages if none are requested, as far as the data has them; None: all. Raises InputError with the
    first fault, its file, line and field, or if the data lacks a requested language.
    """
    data = _loaded(path, options, default, stop_at_first)
    assert data is not None  # a fault is raised
    return data


def _loaded(path: Path, options: TaskOptions, default: Iterable[str] | None, report: Report) -> TaskData | None:
    """The examples of a mapping; None if it has faults that `report` did not raise."""
    mapping = read_mapping(path, report)
    if mapping is None:
        return None
    _require_place(mapping, options)
    source = open_source(mapping, options.data, report)
    if not source.codes:
        return None
    usual = in_paper_order(source.codes) if default is None else default
    where = _place(mapping) if default is None else mapping.name
    languages = choose_languages(source.codes, options.languages, where, default=usual)
    parts = _parts(mapping, source, languages, report)
    if not all(part.n_rows for part in parts.values()):
        return None
    examples, notes = join(mapping, parts, report)
    _require_examples(mapping, parts, len(examples), notes)
    about = (_read_note(mapping, source, parts), *source.notes, *notes)
    codes = stored_as_note(source.codes[code] for code in languages)
    return TaskData(mapping.name, None, 0, languages, examples, (*about, *codes))


def check_mapped(path: Path, options: TaskOptions) -> tuple[list[Fault], TaskData | None]:
    """All faults of a mapping and its data, at most about 1,000, and the examples if there are none.

    Without `options.data`, data on the hub is not downloaded, and only the mapping is checked. Raises InputError if a
    file cannot be read at all, or if the data lacks a requested language.
    """
    faults: list[Fault] = []

    def collect(fault: Fault) -> None:
        faults.append(fault)
        if len(faults) >= MAX_FAULTS:
            faults.append(
                Fault(fault.path, fault.number, "file", "has more faults; the rest was not checked", fault.unit)
            )
            raise _EnoughError

    try:
        mapping = read_mapping(path, collect)
        remote = mapping is not None and options.data is None and (mapping.data.hub or mapping.data.download)
        data = None if mapping is None or remote else _loaded(path, options, None, collect)
    except (_EnoughError, _NoExampleError):
        if not faults:
            raise
        data = None
    return faults, None if faults else data


def _place(mapping: TaskMapping) -> str:
    """Where a mapping says which languages there are."""
    key = "data.languages" if mapping.data.languages else "data.files"
    return f"{printable(str(mapping.path))}, line {mapping.line(key)}: {key}"


def _require_place(mapping: TaskMapping, options: TaskOptions) -> None:
    if options.data is None and mapping.data.hub is None and mapping.data.download is not None:
        raise InputError(f"{mapping.data.download.rstrip('.')}; pass it as --data.")


def _parts(mapping: TaskMapping, source: Source, languages: Sequence[str], report: Report) -> dict[str, Part]:
    codes = [source.codes[code] for code in languages]
    tables = source.tables(codes)
    parts: dict[str, Part] = {}
    reported: set[tuple[str, str]] = set()
    for code, data_code in zip(languages, codes, strict=True):
        filler = Filler(mapping, code, data_code)
        part = parts[code] = Part()
        _require_texts(mapping, code, report)
        for table in tables[data_code]:
            if _has_columns(mapping, filler, table, report, reported):
                for row in table.rows:
                    add(part, mapping, filler.fill(row), report)
    return parts


def _require_texts(mapping: TaskMapping, code: str, report: Report) -> None:
    texts = mapping.texts
    for name in ("prompt", "choices", "answer", "span"):
        value = getattr(texts, name)
        if value.own and value.of(code) is None:
            key = f"example.{name}"
            message = f"has neither a value for {shown(code)} nor one for default"
            report(Fault(mapping.path, mapping.line(key), key, message))


def _has_columns(
    mapping: TaskMapping, filler: Filler, table: Table, report: Report, reported: set[tuple[str, str]]
) -> bool:
    """Whether a table has all columns of the mapping; each that it lacks is reported once, where the mapping names it.

    reported: keys and columns that are reported already, in another file.
    """
    named = {(key, mapping.data.column(name, filler.data_code)) for key, name in filler.names()}
    lacking = {(key, column) for key, column in named if column not in table.columns}
    for key, column in sorted(lacking - reported) if table.columns else ():
        reported.add((key, column))
        report(Fault(mapping.path, mapping.line(key), key, _no_column(column, table)))
    return bool(table.columns) and not lacking


def _no_column(column: str, table: Table) -> str:
    close = get_close_matches(column[:40], table.columns, n=1)
    names = [shown(name) or "''" for name in table.columns[:20]] + ["..."] * (len(table.columns) > 20)
    hint = f"did you mean '{shown(close[0])}'?" if close else f"its columns are {listed(names)}"
    return f"names the column '{shown(column)}', which {printable(str(table.path))} does not have; {hint}"


def _require_examples(mapping: TaskMapping, parts: Mapping[str, Part], n: int, notes: Sequence[str]) -> None:
    if not n:
        raise _NoExampleError(
            f"No example of {shown(mapping.name)} is complete in all of {listed(map(shown, parts))}: "
            f"{' '.join(notes).rstrip('.')}; choose fewer languages with --languages, or correct the mapping."
        )


def _read_note(mapping: TaskMapping, source: Source, parts: Mapping[str, Part]) -> str:
    numbers = sorted({part.n_rows for part in parts.values()})
    rows = counted(numbers[0], "row") if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,} rows"
    return f"Read {rows} of {mapping.name} in each of {counted(len(parts), 'language')} from {source.name}."
