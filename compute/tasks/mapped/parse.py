"""Read a mapping from a TOML file, with all faults of its fields."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from neurontui.compute.tasks.languages import duplicate
from neurontui.compute.tasks.mapped.faults import Fault, Report
from neurontui.compute.tasks.mapped.fields import Fields
from neurontui.compute.tasks.mapped.key_lines import key_lines
from neurontui.compute.tasks.mapped.mapping import (
    LANGUAGE,
    Answer,
    ByLanguage,
    Choices,
    Data,
    Rows,
    TaskMapping,
    Texts,
)
from neurontui.compute.tasks.mapped.template import Template, parse_template
from neurontui.compute.tasks.small_file import read_small
from neurontui.compute.tasks.text import kind, printable, shown
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import language_tag, short_code

T = TypeVar("T")


TOP_FIELDS = ("description", "examples", "data", "rows", "example")
DATA_FIELDS = (
    "files", "hub", "revision", "download", "languages", "language_column", "header", "quotes", "columns",
)  # fmt: skip
ROW_FIELDS = ("key", "cluster", "same", "missing", "parallel", "skip_faulty")
EXAMPLE_FIELDS = ("prompt", "choices", "answer", "span", "until", "split_choices", "answer_language")
_POSITION = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")


def read_mapping(path: Path, report: Report) -> TaskMapping | None:
    """The mapping of a TOML file; None if it has faults, after all of them are reported.

    Raises InputError if the file cannot be read.
    """
    text = _text(path)
    faults: list[Fault] = []
    tables = _tables(path, text, faults)
    lines = key_lines(text)

    def fault(key: str, message: str) -> None:
        faults.append(Fault(path, _line(lines, key), key or "file", message))

    mapping = _mapping(path, tables, lines, fault) if tables is not None else None
    for item in sorted(faults, key=lambda item: item.number or 0):
        report(item)
    return None if faults else mapping


def _line(lines: dict[str, int], key: str) -> int:
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 1)


def _text(path: Path) -> str:
    raw = read_small(path, expected="a mapping is a TOML file", kind="a mapping")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{printable(str(path))}, line {line}: file is not UTF-8; save it as UTF-8.") from None


def _tables(path: Path, text: str, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        faults.append(Fault(path, line, "file", f"is not TOML: {printable(_POSITION.sub('', str(error)))}"))
    except RecursionError:
        faults.append(Fault(path, None, "file", "nests values too deeply"))
    return None


def _mapping(
    path: Path, tables: dict[str, Any], lines: dict[str, int], fault: Callable[[str, str], None]
) -> TaskMapping | None:
    if "run" in tables and "data" not in tables:
        fault("run", "is a table of a list of runs; measure it with `neurontui run FILE.toml`, without --task")
        return None
    top = Fields(tables, "", TOP_FIELDS, fault)
    for name in ("data", "example"):
        if name not in top:
            fault(name, "is missing; a mapping has the tables [data] and [example], and optionally [rows]")
    return TaskMapping(
        name=printable(path.stem),
        path=path,
        description=top.text("description") or "",
        examples=top.whole("examples"),
        data=_data(Fields(top.raw("data") or {}, "data.", DATA_FIELDS, fault)),
        rows=_rows(Fields(tables.get("rows", {}), "rows.", ROW_FIELDS, fault)),
        texts=_texts(Fields(top.raw("example") or {}, "example.", EXAMPLE_FIELDS, fault)),
        lines=lines,
    )


def _data(fields: Fields) -> Data:
    file_of = fields.texts_of("files") if isinstance(fields.raw("files"), dict) else {}
    data = Data(
        files=() if file_of else fields.texts("files"),
        file_of=file_of,
        hub=fields.text("hub"),
        revision=fields.text("revision") or "main",
        download=fields.text("download"),
        languages=_languages(fields),
        language_column=fields.text("language_column"),
        header=fields.texts("header"),
        quotes=fields.flag("quotes", True),
        columns=fields.texts_of("columns", empty=True),
    )
    _check_data(fields, data)
    return data


def _languages(fields: Fields) -> dict[str, str]:
    """Code in the data to short code."""
    value = fields.raw("languages")
    named = (
        fields.texts_of("languages") if isinstance(value, dict) else {code: code for code in fields.texts("languages")}
    )
    for code in named.values():
        if language_tag(code).language is None:
            fields.fault("languages", f"has '{shown(code)}', which is not a known language code")
    if twice := duplicate(named.values()):
        fields.fault("languages", f"has one language twice, as {shown(twice[0])} and {shown(twice[1])}")
    return {code: short_code(language) for code, language in named.items()}


def _check_data(fields: Fields, data: Data) -> None:
    if not data.files and not data.file_of:
        if "files" not in fields:
            fields.fault("files", f"is missing; write a pattern such as 'data/{LANGUAGE}.jsonl', or a table of files")
        return
    by_name = bool(data.file_of) or all(LANGUAGE in pattern for pattern in data.files)
    if any(LANGUAGE in pattern for pattern in data.files) and not by_name:
        fields.fault("files", f"has {LANGUAGE} in some patterns only")
    ways = [by_name, data.language_column is not None, data.is_wide and not by_name]
    if sum(ways) == 0:
        fields.fault(
            "files",
            f"must contain {LANGUAGE}, unless language_column names the column with the language of a row, or names in "
            f"columns contain {LANGUAGE}",
        )
    if sum(ways) > 1:
        fields.fault("files", "finds languages in two ways; use the file's name, a column, or names of columns")
    if data.hub is not None and (data.file_of or any("*" in pattern for pattern in data.files[:1])):
        fields.fault("files", "must be a pattern without * for a data set on the hub")
    if data.hub is not None and by_name and not data.languages:
        fields.fault("languages", "is missing; list the languages of a data set on the hub")


def _rows(fields: Fields) -> Rows:
    return Rows(
        key=fields.texts("key"),
        cluster=fields.texts("cluster"),
        same=fields.texts("same"),
        missing=fields.scalars("missing"),
        parallel=fields.flag("parallel", True),
        skip_faulty=fields.flag("skip_faulty", False),
    )


def _texts(fields: Fields) -> Texts:
    texts = Texts(
        prompt=_by_language(fields, "prompt", _template),
        choices=_by_language(fields, "choices", _choices),
        answer=_by_language(fields, "answer", _answer),
        span=_by_language(fields, "span", _template),
        until=fields.text("until"),
        split_choices=fields.flag("split_choices", False),
        answer_language=fields.text("answer_language"),
    )
    if "prompt" not in fields and not texts.split_choices:
        fields.fault("prompt", "is missing; write a template such as '{question} Answer:'")
    if texts.split_choices and not any(texts.choices):
        fields.fault("split_choices", "requires choices")
    if any(answer.values for answer in texts.answer) and not any(texts.choices):
        fields.fault("answer", "has values, which stand for choices, but there are no choices")
    return texts


_Read = Callable[[Fields, str, Any], T | None]


def _by_language(fields: Fields, name: str, read: _Read[T]) -> ByLanguage[T]:
    """A value for all languages, or a table with a value for each language and one for `default`."""
    value = fields.raw(name)
    if not isinstance(value, dict) or {"column", "values", "separator"} & value.keys():
        return ByLanguage(None if value is None else read(fields, name, value))
    own: dict[str, T] = {}
    default: T | None = None
    for code, item in value.items():
        one = read(fields, f"{name}.{code}", item)
        if code == "default":
            default = one
        elif language_tag(code).language is None:
            fields.fault(f"{name}.{shown(code)}", "is not a known language code")
        elif one is not None:
            own[short_code(code)] = one
    return ByLanguage(default, own)


def _template(fields: Fields, name: str, value: Any) -> Template | None:
    if not isinstance(value, str):
        fields.fault(name, f"must be a template such as '{{question}} Answer:', not {kind(value)}")
        return None
    try:
        return parse_template(value)
    except ValueError as error:
        fields.fault(name, str(error))
        return None


def _choices(fields: Fields, name: str, value: Any) -> Choices | None:
    if isinstance(value, list) and len(value) > 1:
        templates = [_template(fields, name, item) for item in value]
        return Choices(tuple(template for template in templates if template is not None))
    table = value if isinstance(value, dict) else {}
    column, separator = table.get("column"), table.get("separator")
    is_text = isinstance(column, str) and (separator is None or (isinstance(separator, str) and separator))
    if not is_text or table.keys() - {"column", "separator"}:
        fields.fault(name, "must be a list of at least two templates, or a table with column and optionally separator")
        return None
    return Choices(column=column, separator=separator)


def _answer(fields: Fields, name: str, value: Any) -> Answer | None:
    if isinstance(value, str):
        template = _template(fields, name, value)
        return None if template is None else Answer(template)
    table = value if isinstance(value, dict) else {}
    column, values = table.get("column"), table.get("values")
    listed_values = isinstance(values, list) and all(type(item) in (str, int) for item in values)
    if not isinstance(column, str) or not listed_values or table.keys() != {"column", "values"}:
        fields.fault(name, "must be a template, or a table with a column and its values in the order of the choices")
        return None
    texts = tuple(map(str, values or ()))
    if len(set(texts)) < len(texts):
        fields.fault(name, "has a value twice")
    return Answer(column=column, values=texts)
