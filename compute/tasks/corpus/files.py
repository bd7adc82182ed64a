"""Find the files of a corpus and the language of each: de.txt, deu_Latn.dev, de/part-1.jsonl.gz, or a column."""

from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.data_files import files_under
from neurontui.compute.tasks.task_file.formats.reader import unpacked_name
from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import language_tag

LINES = (".txt", ".dev", ".devtest")
"""File name suffixes of plain text: one text per line."""
ROWS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".parquet")
"""File name suffixes of files whose rows have a column `text`."""


@dataclass(frozen=True)
class TextFile:
    """One file of a corpus."""

    path: Path
    language: str | None
    """Short code of the language of its texts, unless a row names its own; None: all rows have to."""


def corpus_files(data: Path) -> list[TextFile]:
    """The files of a corpus, in a fixed order; other files are ignored.

    Raises InputError if there is none, or if a text file has a name that is not a language.
    """
    paths = [path for path in files_under(data) if _ending(path) in (*LINES, *ROWS)]
    if not paths:
        raise InputError(
            f"{printable(str(data))} contains no texts; a corpus has a file for each language, such as de.txt with one "
            "text per line, or de.jsonl with a field text."
        )
    return [TextFile(path, _language(path, data)) for path in paths]


def is_lines(path: Path) -> bool:
    """Whether a file is plain text, one text per line."""
    return _ending(path) in LINES


def _ending(path: Path) -> str:
    return unpacked_name(path).suffix.lower()


def _language(path: Path, data: Path) -> str | None:
    """From the name up to its first dot, or from the folder below `data` that the file is in."""
    folders = [] if path == data.expanduser().absolute() else path.relative_to(data.expanduser().absolute()).parts[:-1]
    for name in (path.name.partition(".")[0], *reversed(folders)):
        tag = language_tag(name)
        if tag.language is not None:
            return tag.code
    if is_lines(path):
        raise InputError(
            f"{printable(str(path))}: '{printable(path.name)}' does not begin with a language; name the file by the "
            "code of its language, as de.txt, or put it into a folder of that name."
        )
    return None
