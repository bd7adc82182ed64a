"""mParaRel's relation P36: paraphrased templates and (subject, capital) tuples, by language folder."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from neurontui.compute.tasks.data_files import files_under, read_rows, require_text
from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError

_FILE = re.compile(r"/(patterns|tuples)/([A-Za-z-]+)/P36\.jsonl$")


@dataclass(frozen=True)
class Capital:
    """One tuple in one language."""

    subject: str
    city: str
    uris: tuple[str, str]
    """Wikidata items of both; equal in every language, which is checked."""


@dataclass(frozen=True)
class Folder:
    """Content of one language folder of mParaRel."""

    templates: tuple[str, ...]
    """Templates up to [Y], without duplicates and those known to be wrong, in the file's order but with
    appositions (`the capital of [X],`) last, because the paper uses the statement `The capital of [X] is`."""
    n_bad: int
    """Templates that end in [Y] and are known to be wrong."""
    capitals: dict[int, Capital]
    """By lineid, the key that aligns languages."""


def read_folders(data: Path) -> dict[str, Folder]:
    """Every language folder at or below `data`, by its name, as en or zh-hans.

    Raises InputError if there is none, or if a file does not have mParaRel's format.
    """
    files_of: dict[str, dict[str, Path]] = {}
    for path in files_under(data):
        if match := _FILE.search(path.as_posix()):
            other = files_of.setdefault(match[2], {}).setdefault(match[1], path)
            if other != path:
                raise InputError(
                    f"{printable(str(other))} and {printable(str(path))} are two editions; pass one of them as --data."
                )
    complete = {code: paths for code, paths in files_of.items() if len(paths) == 2}
    if not complete:
        raise InputError(
            f"Found no mParaRel under {printable(str(data))}: looked for patterns/<language>/P36.jsonl and "
            "tuples/<language>/P36.jsonl in one folder."
        )
    return {code: _folder(code, **paths) for code, paths in sorted(complete.items())}


def _folder(code: str, patterns: Path, tuples: Path) -> Folder:
    rows = read_rows(patterns, "pattern")
    texts = [require_text(row["pattern"], f"{printable(str(patterns))}, line {n}: pattern") for n, row in rows]
    ending = [text for text in texts if text.endswith("[Y]") and text.count("[X]") == 1]
    good = [text for text in ending if (code, text) not in _known_bad()]
    openings = [text.removesuffix("[Y]").rstrip() for text in good]
    kept = sorted(dict.fromkeys(openings), key=lambda opening: opening.endswith((",", "，")))
    return Folder(tuple(kept), len(ending) - len(good), _capitals(tuples))


def _capitals(path: Path) -> dict[int, Capital]:
    capitals: dict[int, Capital] = {}
    for number, row in read_rows(path, "sub_label", "obj_label", "sub_uri", "obj_uri", "lineid"):
        where = f"{printable(str(path))}, line {number}"
        lineid = row["lineid"]
        if type(lineid) not in (int, float) or lineid != lineid // 1 or lineid in capitals:
            raise InputError(f"{where} has no unique lineid.")
        names = ("sub_label", "obj_label", "sub_uri", "obj_uri")
        subject, city, *uris = (require_text(row[name], f"{where}: {name}") for name in names)
        if subject and city:
            capitals[int(lineid)] = Capital(subject, city, (uris[0], uris[1]))
    return capitals


@cache
def _known_bad() -> frozenset[tuple[str, str]]:
    text = files("neurontui.compute.tasks.fact").joinpath("mpararel_bad.toml").read_text("utf-8")
    return frozenset((entry["language"], entry["pattern"]) for entry in tomllib.loads(text)["bad"])
