"""The header of a table: a column `id` and columns for each language.

Columns `prompt_de` (also `prompts.de`) contain prompts; without such columns, columns named by a language code (`de`)
do. `answer_de`, `choices_de` (a JSON list) and `span_de` belong to them. Other columns are the user's own data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.compute.tasks.text import listed, shown
from neurontui.store.languages.reference import reference
from neurontui.store.languages.tags import is_valid_code, language_tag, short_code

_PREFIXES = {
    "prompt": "prompts",
    "prompts": "prompts",
    "answer": "answers",
    "answers": "answers",
    "choice": "choices",
    "choices": "choices",
    "span": "spans",
    "spans": "spans",
}
_PLAIN = ("id", "cluster", "answer_language")
_LONG = {"language", "lang", "language_code", "locale"}


@dataclass(frozen=True)
class Column:
    """Content of a column: a plain field, a field of one language such as `prompts`, or the user's own data."""

    field: str
    code: str | None = None
    doubtful: bool = False
    """The language code may be a word: `no`, `is`, `prompt_len`. Numbers in such a column are not prompts."""


def columns_of(cells: Sequence[str]) -> list[Column]:
    """Content of each column. Raises ValueError with the end of a sentence about the header."""
    names = [cell.strip() for cell in cells]
    columns = _with_languages([_named(name) for name in names])
    _require_clear(names, columns)
    _require_prompts(names, {column.field for column in columns})
    return columns


def _require_clear(names: Sequence[str], columns: Sequence[Column]) -> None:
    for name, column in zip(names, columns, strict=True):
        if name and columns.count(column) > 1:
            raise ValueError(f"has two columns for '{shown(name)}'; keep one")
        if column.code and language_tag(column.code).language is None:
            raise ValueError(
                f"has the column '{shown(name)}', but '{shown(column.code)}' is not a known language code; "
                "rename the column, or use JSON Lines for your own language codes"
            )


def _require_prompts(names: Sequence[str], fields: set[str]) -> None:
    if "id" not in fields:
        raise ValueError(f"is a header without a column id; its columns are {_shown(names)}")
    if "prompts" not in fields and fields & _LONG:
        raise ValueError(
            "is the header of a table with one language per row; use one example per row, "
            "with a column of prompts for each language (prompt_en, prompt_de, ...)"
        )
    if "prompts" not in fields:
        raise ValueError(f"is a header without a column of prompts, such as prompt_en; its columns are {_shown(names)}")


def _shown(names: Sequence[str]) -> str:
    return listed([shown(name) for name in names[:20]] + ["..."] * (len(names) > 20))


def _named(name: str) -> Column:
    if name.lower() in _PLAIN:
        return Column(name.lower())
    for mark in "._":
        prefix, separator, code = name.partition(mark)
        if separator and code and prefix.lower() in _PREFIXES:
            doubtful = language_tag(code).language not in reference()
            return Column(_PREFIXES[prefix.lower()], code, doubtful)
    return Column(name)


def _with_languages(columns: list[Column]) -> list[Column]:
    """Columns named by a language code are prompts if no column is named `prompt_…`."""
    if any(column.field == "prompts" for column in columns):
        return columns
    answered = {short_code(column.code) for column in columns if column.code}
    return [
        Column("prompts", column.field, doubtful=True) if _names_language(column, answered) else column
        for column in columns
    ]


def _names_language(column: Column, answered: set[str]) -> bool:
    """Whether a column is named by a language; it must be a common one, as three letters can be any word."""
    name = column.field
    if column.code or not name or name in _PLAIN:
        return False
    usual = language_tag(name).language in reference() and is_valid_code(name)
    return usual or short_code(name) in answered
