"""Parses the header of a query file: the comment block with its title, parameters and columns.

    -- name: type-ratio
    -- title: Neuron types over all layers
    -- figure: Table 2, column pct.
    -- description: Free text,
    --   on as many lines as it takes.
    -- requires_all_languages: true
    -- shared: subset, student
    -- parameters:
    --   $run        run               The run.
    --   $languages  languages = all   A description follows after two spaces.
    -- columns:
    --   ratio       %                 Name, unit (- for none) and description.

A parameter without `=` is required, except `$run`, whose default is the last run. The default of languages is `all`
languages of `$run`, or those `common` to all requested runs; the default of a threshold is that of the `run`.
`requires_all_languages: true`: for runs with more than 15 languages, which have no counts by mask, the query cannot
select a subset of the languages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from neurontui.store.errors import InputError

_CHECKED = {"run", "languages", "language", "threshold"}
KINDS = _CHECKED | {"integer", "integers", "number", "text", "boolean", "choice"}
"""run, languages, language and threshold are validated against the run; `a|b` declares a choice."""

_KEYS = ("name", "title", "figure", "description", "requires_all_languages", "shared", "parameters", "columns")
_KEY = re.compile(rf"({'|'.join(_KEYS)}):\s*(.*)")
_PARAMETER = re.compile(r"\$(\w+)\s+([\w|-]+)(?:\s*=\s*(\S+))?\s{2,}(\S.*)")
_COLUMN = re.compile(r"(\w+)\s+(\S+)\s{2,}(\S.*)")


@dataclass(frozen=True)
class Parameter:
    """One `$name` of a query. `default` is the text after `=`, or None."""

    name: str
    kind: str
    default: str | None
    choices: tuple[str, ...]
    description: str
    line: int

    @property
    def required(self) -> bool:
        """Whether a caller has to give a value."""
        return self.default is None and self.name != "run"


@dataclass(frozen=True)
class Column:
    """One column of a query's result; `unit` is `-` for none."""

    name: str
    unit: str
    description: str


@dataclass(frozen=True)
class Header:
    """The parsed header of a query file."""

    name: str
    title: str
    figure: str
    description: str
    requires_all_languages: bool
    """Whether runs with more than 15 languages allow no subset of their languages."""
    shared: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]


def parse_header(text: str, path: Path) -> Header:
    """Parse the comment block at the start of `text`; raises InputError with file and line."""
    words: dict[str, str] = {}
    parameters: list[Parameter] = []
    columns: list[Column] = []
    key = ""
    for line, comment in _comments(text):
        if new_key := _new_key(comment, words, path, line):
            key = new_key
        elif key == "parameters":
            parameters.append(_parameter(comment.strip(), path, line))
        elif key == "columns":
            columns.append(_column(comment.strip(), path, line))
        elif key and comment.strip():
            words[key] = f"{words[key]} {comment.strip()}".strip()
    for required in ("name", "title"):
        if not words.get(required):
            raise InputError(f"{path}:1: the query has no '-- {required}: …' line; add one.")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", words["name"]):
        raise InputError(
            f"{path}:1: '{words['name']}' is not a valid query name; use lower-case letters, digits and single hyphens."
        )
    shared = tuple(part.strip() for part in words.get("shared", "").split(",") if part.strip())
    figure, description = words.get("figure", ""), words.get("description", "")
    all_languages = words.get("requires_all_languages", "false")
    if all_languages not in ("true", "false"):
        raise InputError(f"{path}:1: 'requires_all_languages: {all_languages}' is not valid; write true or false.")
    return Header(
        words["name"],
        words["title"],
        figure,
        description,
        all_languages == "true",
        shared,
        tuple(parameters),
        tuple(columns),
    )


def _new_key(comment: str, words: dict[str, str], path: Path, line: int) -> str | None:
    """The key at the start of a line, also added to `words`; None for a line that continues the previous key."""
    match = _KEY.match(comment)
    if match is None:
        if close := _mistyped(comment):
            raise InputError(f"{path}:{line}: '-- {comment}' is not a header line; did you mean '-- {close}:'?")
        return None
    if match[1] in words:
        raise InputError(f"{path}:{line}: '-- {match[1]}:' occurs twice; keep one of them.")
    words[match[1]] = match[2]
    return match[1]


def _mistyped(comment: str) -> str | None:
    """The key of which a line starts with a misspelling, which would otherwise continue the previous key."""
    match = re.match(r"(\w+)\s*:", comment)
    close = get_close_matches(match[1].lower(), _KEYS, n=1, cutoff=0.75) if match else []
    return close[0] if close else None


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text after `--`) of each comment line before the first line of SQL."""
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
