"""The languages of a data set, and the tables of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.mapped.faults import Fault, Report
from neurontui.compute.tasks.mapped.locate import Files, hub_files, local_files
from neurontui.compute.tasks.mapped.mapping import LANGUAGE, TaskMapping
from neurontui.compute.tasks.mapped.tables import Table, read_table
from neurontui.compute.tasks.text import listed, printable, shown
from neurontui.store.languages.tags import language_tag, short_code


@dataclass(frozen=True)
class Source:
    """A data set with the languages that it has."""

    codes: Mapping[str, str]
    """Short code to the code in the data."""
    tables: Callable[[Sequence[str]], Mapping[str, Sequence[Table]]]
    """The tables of languages, by their codes in the data."""
    name: str
    notes: tuple[str, ...] = ()


def open_source(mapping: TaskMapping, folder: Path | None, report: Report) -> Source:
    """The data of a mapping: below a folder, or on the hub, or below the folder of the mapping."""
    data = mapping.data
    by_name = any(LANGUAGE in pattern for pattern in data.files)
    if folder is None and data.hub is not None and by_name:
        return _on_hub(mapping, report)
    files = hub_files(mapping, ()) if folder is None and data.hub is not None else local_files(mapping, folder, report)
    notes = _other_names(files.others)
    if "" in files.of:
        return _of_one_file(mapping, files, report)
    return Source(
        codes=_by_short_code(mapping, files.of, report),
        tables=lambda codes: _read({code: files.of[code] for code in codes}, mapping, report),
        name=files.source,
        notes=notes,
    )


def _on_hub(mapping: TaskMapping, report: Report) -> Source:
    return Source(
        codes=_by_short_code(mapping, mapping.data.languages, report),
        tables=lambda codes: _read(hub_files(mapping, codes).of, mapping, report),
        name=f"{mapping.data.hub} at {mapping.data.revision}",
    )


def _other_names(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"Files that were not read, because their names have no known language code: {shown(listed(names))}.",)


def _read(files: Mapping[str, Sequence[Path]], mapping: TaskMapping, report: Report) -> dict[str, list[Table]]:
    return {code: [read_table(path, mapping.data, report) for path in paths] for code, paths in files.items()}


def _of_one_file(mapping: TaskMapping, files: Files, report: Report) -> Source:
    tables = [read_table(path, mapping.data, report) for path in files.of[""]]
    column = mapping.data.language_column
    if column is None:
        wide = _by_short_code(mapping, _wide_codes(mapping, tables, report), report)
        return Source(wide, lambda chosen: dict.fromkeys(chosen, tables), files.source)
    rows_of = _rows_by_language(mapping, column, tables, report)
    return Source(
        _by_short_code(mapping, rows_of, report),
        lambda chosen: {code: rows_of[code] for code in chosen},
        files.source,
    )


def _wide_codes(mapping: TaskMapping, tables: Sequence[Table], report: Report) -> dict[str, None]:
    """Codes in the names of columns, from the first name with {language}."""
    pattern = next(name for name in mapping.data.columns.values() if LANGUAGE in name)
    before, _, after = pattern.partition(LANGUAGE)
    names = dict.fromkeys(name for table in tables for name in table.columns)
    fitting = [name for name in names if name.startswith(before) and name.endswith(after)]
    codes = [name[len(before) : len(name) - len(after)] for name in fitting]
    known = mapping.data.languages
    chosen = dict.fromkeys(code for code in codes if (code in known if known else language_tag(code).language))
    if not chosen and names:
        message = f"has '{shown(pattern)}', but no column has such a name; the columns are {_few(list(names))}"
        report(Fault(mapping.path, mapping.line("data.columns"), "data.columns", message))
    return chosen


def _rows_by_language(
    mapping: TaskMapping, column: str, tables: Sequence[Table], report: Report
) -> dict[str, list[Table]]:
    rows_of: dict[str, list[Table]] = {}
    for table in tables:
        if table.rows and column not in table.columns:
            message = f"is '{shown(column)}', but {printable(str(table.path))} has the columns {_few(table.columns)}"
            report(Fault(mapping.path, mapping.line("data.language_column"), "data.language_column", message))
            continue
        by_code: dict[str, list[int]] = {}
        for i, row in enumerate(table.rows):
            value = row.values.get(column)
            if not isinstance(value, str) or not value.strip():
                report(row.fault(column, "has no language"))
                continue
            by_code.setdefault(value.strip(), []).append(i)
        for code, places in by_code.items():
            if not mapping.data.languages or code in mapping.data.languages:
                part = Table(table.path, table.columns, [table.rows[i] for i in places])
                rows_of.setdefault(code, []).append(part)
    return rows_of


def _by_short_code(mapping: TaskMapping, codes: Mapping[str, object], report: Report) -> dict[str, str]:
    by_short: dict[str, str] = {}
    for code in codes:
        short = mapping.data.languages.get(code) or short_code(code)
        if short in by_short:
            message = (
                f"finds {shown(by_short[short])} and {shown(code)}, which are the same language ({short}); choose one "
                "with data.languages"
            )
            report(Fault(mapping.path, mapping.line("data.files"), "data.files", message))
        by_short.setdefault(short, code)
    return by_short


def _few(names: Sequence[str]) -> str:
    return listed([shown(name) or "''" for name in names[:20]] + ["..."] * (len(names) > 20))
