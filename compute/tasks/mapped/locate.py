"""Find the files of each language: below a folder, by their names, or on the hub."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.data_files import files_under
from neurontui.compute.tasks.hub import HubFile, fetch
from neurontui.compute.tasks.mapped.faults import Fault, Report
from neurontui.compute.tasks.mapped.mapping import LANGUAGE, Data, TaskMapping
from neurontui.compute.tasks.text import listed, printable, shown
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import language_tag


@dataclass(frozen=True)
class Files:
    """The files of a data set."""

    of: Mapping[str, Sequence[Path]]
    """Code in the data to its files; '' if one file has all languages."""
    source: str
    """Where they are, for a note."""
    others: Sequence[str] = ()
    """Names that fit the pattern with a text that is not a language code."""


def local_files(mapping: TaskMapping, folder: Path | None, report: Report) -> Files:
    """The files below a folder, or of a listed table of files; default: the folder of the mapping."""
    base = (folder or mapping.path.parent).expanduser()
    if mapping.data.file_of:
        return _listed_files(mapping, base, report)
    paths = files_under(base)
    for pattern in mapping.data.files:
        if files := _matching(mapping.data, pattern, paths):
            of = {code: [_below(base, path) for path in same] for code, same in files[0].items()}
            return Files(of, printable(base.absolute().name), files[1])
    patterns = listed(mapping.data.files)
    message = f"is '{shown(patterns)}', but no file below {printable(str(base))} has such a name"
    report(Fault(mapping.path, mapping.line("data.files"), "data.files", message))
    return Files({}, "")


def _below(base: Path, path: Path) -> Path:
    """A file as the user would write it: below the folder as it is given, not as an absolute path."""
    return base / path.relative_to(base.absolute())


def hub_files(mapping: TaskMapping, languages: Iterable[str]) -> Files:
    """The files of these languages, codes in the data, downloaded if they are not in the hub's cache."""
    data = mapping.data
    assert data.hub is not None
    pattern, of = data.files[0], {}
    for code in languages if LANGUAGE in pattern else ("",):
        of[code] = [fetch(HubFile(data.hub, pattern.replace(LANGUAGE, code), data.revision))]
    return Files(of, f"{data.hub} at {data.revision}")


def _listed_files(mapping: TaskMapping, base: Path, report: Report) -> Files:
    of: dict[str, list[Path]] = {}
    for code, name in mapping.data.file_of.items():
        path = base / name
        if path.is_file():
            of[code] = [path]
            continue
        key = f"data.files.{code}"
        report(Fault(mapping.path, mapping.line(key), key, f"is {printable(str(path))}, which is not a file"))
    return Files(of, printable(base.absolute().name))


def _matching(data: Data, pattern: str, paths: Iterable[Path]) -> tuple[dict[str, list[Path]], list[str]] | None:
    """Files by language, and names with a text that is not a language code; None if no name fits."""
    expression = re.compile(_expression(pattern))
    of: dict[str, list[Path]] = {}
    others: list[str] = []
    for path in paths:
        if not (match := expression.search(path.as_posix())):
            continue
        code = match["language"] if LANGUAGE in pattern else ""
        if code in data.languages or not code or (not data.languages and language_tag(code).language):
            of.setdefault(code, []).append(path)
        elif not data.languages:
            others.append(path.name)
    for code, same in of.items():
        if len(same) > 1 and ("*" not in pattern or len({path.parent for path in same}) > 1):
            raise InputError(
                f"{printable(str(same[0]))} and {printable(str(same[-1]))} are both the file of "
                f"{shown(code) or 'all languages'}; pass the folder of one of them as --data."
            )
    return (of, others) if of else None


def _expression(pattern: str) -> str:
    """A regular expression for the end of a path. A file may also be packed with gzip."""
    parts = [re.escape(part).replace(r"\*", "[^/]*") for part in pattern.removeprefix("./").split(LANGUAGE)]
    first, *rest = parts
    named = "".join(("(?P<language>[^/]+?)" if i == 0 else "(?P=language)") + part for i, part in enumerate(rest))
    return f"(?:^|/){first}{named}(?:\\.gz)?$"
