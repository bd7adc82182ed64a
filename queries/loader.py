"""Loads named queries: one `.sql` file per query, which starts with the comment block that `header` parses.

With `shared: subset` in the header, queries/sql/shared/subset.sql is inserted before the file's own WITH clause. The
SQL that runs, and that a screen shows, is therefore complete.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from neurontui.queries.header import Column, Header, Parameter, parse_header
from neurontui.store.errors import InputError

SHIPPED = Path(__file__).parent / "sql"

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\w+)", re.DOTALL)


@dataclass(frozen=True)
class Query:
    """One named query: its texts, parameters and columns, and its SQL with `$name` for each parameter."""

    name: str
    title: str
    figure: str
    """Figure or table of the paper that it reproduces, or empty."""
    description: str
    requires_all_languages: bool
    """Whether runs with more than 15 languages allow no subset of their languages."""
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    sql: str
    path: Path

    def fill(self, literals: Mapping[str, str]) -> str:
        """The SQL with each parameter replaced by a literal; comments and quoted text stay as they are."""
        return _TOKEN.sub(lambda token: literals.get(token[1], token[0]) if token[1] else token[0], self.sql)


def load_queries(*folders: Path) -> tuple[Query, ...]:
    """The shipped queries and those of `folders`, sorted by name; raises InputError with file and line."""
    queries = {query.name: query for query in shipped_queries()}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder of queries at {folder}; name an existing folder.")
        for path in sorted(folder.glob("*.sql")):
            query = load_query(path)
            if query.name in queries:
                raise InputError(
                    f"{path}:1: there is already a query '{query.name}' "
                    f"({queries[query.name].path}); choose another name."
                )
            queries[query.name] = query
    return tuple(queries[name] for name in sorted(queries))


@cache
def shipped_queries() -> tuple[Query, ...]:
    """The shipped queries. Their SQL is parsed in tests only, because that takes 0.1 s."""
    return tuple(load_query(path, parse=False) for path in sorted(SHIPPED.glob("*.sql")))


def load_query(path: Path, *, parse: bool = True) -> Query:
    """Read and validate one file, with `parse` also its SQL; raises InputError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the query cannot be read ({error}).") from error
    header = parse_header(text, path)
    sql = _with_shared(text, header, path)
    if parse:
        _check_sql(text, sql, path)
    _check_parameters(text, sql, header, path)
    return Query(
        header.name,
        header.title,
        header.figure,
        _description(header),
        header.requires_all_languages,
        header.parameters,
        header.columns,
        sql,
        path,
    )


def _description(header: Header) -> str:
    if not header.requires_all_languages:
        return header.description
    return f"{header.description} For runs with more than 15 languages, only all languages together can be selected."


def _with_shared(text: str, header: Header, path: Path) -> str:
    """The SQL below the header, with the requested shared parts as its first common table expressions."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("--")), 0)
    body = "\n".join(lines[start:]).strip().removesuffix(";").rstrip()
    if not header.shared:
        return body
    opening = re.match(r"WITH (?:RECURSIVE )?", body)
    if opening:
        return f"{opening[0]}\n{_shared(header.shared, path)},\n{body[opening.end() :]}"
    return f"WITH\n{_shared(header.shared, path)}\n{body}"


def _shared(names: tuple[str, ...], path: Path) -> str:
    parts = []
    for name in names:
        part = SHIPPED / "shared" / f"{name}.sql"
        if not part.is_file():
            available = ", ".join(sorted(file.stem for file in part.parent.glob("*.sql")))
            raise InputError(f"{path}:1: there is no shared part '{name}'; available: {available}.")
        parts.append(part.read_text(encoding="utf-8").strip())
    return ",\n".join(parts)


def _check_parameters(text: str, sql: str, header: Header, path: Path) -> None:
    declared = {parameter.name: parameter.line for parameter in header.parameters}
    for parameter in header.parameters:
        line = declared[parameter.name]
        if line != parameter.line:
            raise InputError(f"{path}:{line}: ${parameter.name} is declared twice; keep one of them.")
    used = {token[1] for token in _TOKEN.finditer(sql) if token[1]}
    for name in sorted(used - declared.keys()):
        line = next((i for i, row in enumerate(text.splitlines(), 1) if f"${name}" in row), 1)
        raise InputError(f"{path}:{line}: ${name} is used but not declared; add it under '-- parameters:'.")
    for name, line in declared.items():
        if name not in used:
            raise InputError(f"{path}:{line}: ${name} is declared but not used; use it or remove it.")


def _check_sql(text: str, sql: str, path: Path) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        # Line numbers count from the end, because shared parts change the number of lines before the SQL.
        shift = text.rstrip().count("\n") - sql.count("\n")
        place = re.search(r"LINE (\d+)", str(error))
        line = max(1, int(place[1]) + shift) if place else 1
        raise InputError(f"{path}:{line}: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError(f"{path}:1: a query file has exactly one SELECT statement.")
