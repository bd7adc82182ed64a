"""A mapping: how the rows of a data set become parallel examples. `parse.py` reads it from a TOML file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from neurontui.compute.tasks.mapped.template import Template

T = TypeVar("T")

LANGUAGE = "{language}"
"""Stands for the language in names of files and columns."""


@dataclass(frozen=True)
class ByLanguage(Generic[T]):
    """A value for each language, by short code, and one for all others."""

    default: T | None
    own: Mapping[str, T] = field(default_factory=dict)

    def of(self, code: str) -> T | None:
        """The value of a language; None if it has none."""
        return self.own.get(code, self.default)

    def __iter__(self) -> Iterator[T]:
        yield from self.own.values()
        if self.default is not None:
            yield self.default


@dataclass(frozen=True)
class Data:
    """Where the rows are."""

    files: tuple[str, ...]
    """Patterns of file names; the first one of which there are files is used. * stands for any part of a name."""
    file_of: Mapping[str, str]
    """Language to its file, if they are listed instead."""
    hub: str | None
    revision: str
    download: str | None
    """What to download and pass as --data, if the data is on no hub."""
    languages: Mapping[str, str]
    """Code in the data to code of the language; empty: all languages of the files."""
    language_column: str | None
    """The column with the language of each row, if one file has rows of several languages."""
    header: tuple[str, ...]
    """Names of the columns of a CSV or TSV file without a header."""
    quotes: bool
    """Whether quotation marks in a CSV or TSV file enclose cells; if not, they are characters."""
    columns: Mapping[str, str]
    """Name in templates to the name in the file, which may contain {language}, or dots between nested names."""

    def column(self, name: str, code: str) -> str:
        """The column of the file that a template names. code: that of the language in the data."""
        return self.columns.get(name, name).replace(LANGUAGE, code)

    @property
    def is_wide(self) -> bool:
        """Whether a row has all languages, in columns of their own."""
        return any(LANGUAGE in column for column in self.columns.values())


@dataclass(frozen=True)
class Rows:
    """How rows of different languages are joined, and which are left out."""

    key: tuple[str, ...]
    """Columns that are equal in all languages and identify an example; empty: the position in the file."""
    cluster: tuple[str, ...]
    same: tuple[str, ...]
    """Columns that must be equal in all languages; examples that differ are left out."""
    missing: tuple[str, ...]
    """Values that mean that there is none."""
    parallel: bool
    """False: rows of one position are not translations of each other."""
    skip_faulty: bool
    """Leave out rows with faults and count them, instead of stopping."""


@dataclass(frozen=True)
class Choices:
    """The choices: one template each, or one column with all of them."""

    templates: tuple[Template, ...] = ()
    column: str | None = None
    separator: str | None = None
    """None: the column has a list."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are needed."""
        return (*(name for template in self.templates for name in template.columns), *filter(None, [self.column]))


@dataclass(frozen=True)
class Answer:
    """The answer: a template; or a column whose value is one of `values`, in the order of the choices."""

    template: Template | None = None
    column: str | None = None
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are needed."""
        return self.template.columns if self.template else tuple(filter(None, [self.column]))


@dataclass(frozen=True)
class Texts:
    """The texts of an example."""

    prompt: ByLanguage[Template]
    choices: ByLanguage[Choices]
    answer: ByLanguage[Answer]
    span: ByLanguage[Template]
    until: str | None
    """The prompt ends before this text; rows with letters or digits after it are left out."""
    split_choices: bool
    """The prompt ends in the words that all choices begin with; choices and answer are what follows."""
    answer_language: str | None


@dataclass(frozen=True)
class TaskMapping:
    """One mapping."""

    name: str
    path: Path
    description: str
    examples: int | None
    """Number of examples of the published data, for the list of tasks."""
    data: Data
    rows: Rows
    texts: Texts
    lines: Mapping[str, int]
    """Key, as example.prompt, to its line in the file."""

    def line(self, key: str) -> int:
        """The line of a key, or of the table that should have it."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 1)
