"""The comment block that opens a query's file: what it answers, its parameters and its columns.

    -- name: type-ratio
    -- title: Neuron types over all layers
    -- figure: Table 2, column pct.
    -- description: Free text,
    --   on as many lines as it takes.
    -- many: all
    -- shared: subset, student
    -- parameters:
    --   $run        run               The run.
    --   $languages  languages = all   What follows two spaces describes it.
    -- columns:
    --   ratio       %                 Name, unit (- for none) and description.

A parameter is required where it has no `=`; but `$run` is then the file's only or last run. Languages are by default
`all` of `$run`, or those `common` to all runs that are asked for; a threshold is by default that of the `run`.
`many: all` says that of more than 15 languages only all together can be asked for: their masks are not listed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from neurontui.store.errors import InputError

_CHECKED = {"run", "languages", "language", "threshold"}
KINDS = _CHECKED | {"integer", "integers", "number", "text", "boolean", "choice"}
"""run, languages, language and threshold are checked against the run; `a|b` declares a choice."""

_KEYS = ("name", "title", "figure", "description", "many", "shared", "parameters", "columns")
_KEY = re.compile(rf"({'|'.join(_KEYS)}):\s*(.*)")
_PARAMETER = re.compile(r"\$(\w+)\s+([\w|-]+)(?:\s*=\s*(\S+))?\s{2,}(\S.*)")
_COLUMN = re.compile(r"(\w+)\s+(\S+)\s{2,}(\S.*)")


@dataclass(frozen=True)
class Parameter:
    """One `$name` of a query. `default` is the text after `=`, None where there is none."""

    name: str
    kind: str
    default: str | None
    choices: tuple[str, ...]
    description: str
    line: int

    @property
    def required(self) -> bool:
        """Whether a caller has to give it."""
        return self.default is None and self.name != "run"


@dataclass(frozen=True)
class Column:
    """One column of a query's result; unit is `-` where it has none."""

    name: str
    unit: str
    description: str


@dataclass(frozen=True)
class Header:
    """What a comment block says."""

    name: str
    title: str
    figure: str
    description: str
    many: str
    """`all` where more than 15 languages can only be asked for all together; else empty."""
    shared: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]


def parse_header(text: str, path: Path) -> Header:
    """Read the comment block that opens `text`; raises InputError with file and line."""
    words: dict[str, str] = {}
    parameters: list[Parameter] = []
    columns: list[Column] = []
    key = ""
    for line, comment in _comments(text):
        if opened := _opened(comment, words, path, line):
            key = opened
        elif key == "parameters":
            parameters.append(_parameter(comment.strip(), path, line))
        elif key == "columns":
            columns.append(_column(comment.strip(), path, line))
        elif key and comment.strip():
            words[key] = f"{words[key]} {comment.strip()}".strip()
    for needed in ("name", "title"):
        if not words.get(needed):
            raise InputError(f"{path}:1: the query has no '-- {needed}: …' line; add one.")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", words["name"]):
        raise InputError(
            f"{path}:1: '{words['name']}' cannot name a query; use small letters, digits and single hyphens."
        )
    shared = tuple(part.strip() for part in words.get("shared", "").split(",") if part.strip())
    figure, description = words.get("figure", ""), words.get("description", "")
    many = words.get("many", "")
    if many not in ("", "all"):
        raise InputError(f"{path}:1: 'many: {many}' means nothing; write 'many: all', or leave it out.")
    return Header(
        words["name"],
        words["title"],
        figure,
        description,
        many,
        shared,
        tuple(parameters),
        tuple(columns),
    )


def _opened(comment: str, words: dict[str, str], path: Path, line: int) -> str | None:
    """The key that a line begins with, put into `words`; None for a line that goes on with the one before."""
    match = _KEY.match(comment)
    if match is None:
        if meant := _mistyped(comment):
            raise InputError(f"{path}:{line}: '-- {comment}' is no line of a header; did you mean '-- {meant}:'?")
        return None
    if match[1] in words:
        raise InputError(f"{path}:{line}: '-- {match[1]}:' is there twice; keep one of them.")
    words[match[1]] = match[2]
    return match[1]


def _mistyped(comment: str) -> str | None:
    """The key that a line begins with a misspelling of; it would be lost in the line before."""
    match = re.match(r"(\w+)\s*:", comment)
    close = get_close_matches(match[1].lower(), _KEYS, n=1, cutoff=0.75) if match else []
    return close[0] if close else None


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text after `--`) of the comment lines before the first line of SQL."""
    for line, raw in enumerate(text.splitlines(), start=1):
        if raw.strip() and not raw.startswith("--"):
            return
        if raw.startswith("--"):
            yield line, raw[2:].removeprefix(" ").rstrip()


def _parameter(comment: str, path: Path, line: int) -> Parameter:
    match = _PARAMETER.fullmatch(comment)
    if not match:
        raise InputError(
            f"{path}:{line}: '{comment}' does not declare a parameter; "
            "write '$name  kind = default  description' with two spaces before the description."
        )
    name, kind, default, description = match.groups()
    choices = tuple(kind.split("|")) if "|" in kind else ()
    if not choices and kind not in KINDS:
        raise InputError(
            f"{path}:{line}: '{kind}' is not a kind of parameter; "
            f"use one of {', '.join(sorted(KINDS - {'choice'}))}, or a|b for a choice."
        )
    return Parameter(name, "choice" if choices else kind, default, choices, description, line)


def _column(comment: str, path: Path, line: int) -> Column:
    match = _COLUMN.fullmatch(comment)
    if not match:
        raise InputError(
            f"{path}:{line}: '{comment}' does not describe a column; "
            "write 'name  unit  description' with two spaces before the description."
        )
    return Column(*match.groups())
