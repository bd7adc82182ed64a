"""Queries as files: one `.sql` file a question, opened by the comment block that `header` reads.

A file whose header says `shared: subset` finds that part of queries/sql/shared/ in front of its own WITH clause,
so the SQL that runs, and that a screen shows, stands on its own.
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
    """One question: its words, its parameters, its columns, and SQL with `$name` where a parameter goes."""

    name: str
    title: str
    figure: str
    """Figure or table of the paper it reproduces; empty where there is none."""
    description: str
    many: str
    """`all` where more than 15 languages can only be asked for all together; else empty."""
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    sql: str
    path: Path

    def fill(self, literals: Mapping[str, str]) -> str:
        """The SQL with each parameter replaced by a literal; comments and quoted text stay as they are."""
        return _TOKEN.sub(lambda token: literals.get(token[1], token[0]) if token[1] else token[0], self.sql)


def load_queries(*folders: Path) -> tuple[Query, ...]:
    """The shipped queries and those of `folders`, sorted by name; raises InputError with file and line."""
    found = {query.name: query for query in shipped_queries()}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder of queries at {folder}; name an existing folder.")
        for path in sorted(folder.glob("*.sql")):
            query = load_query(path)
            if query.name in found:
                raise InputError(
                    f"{path}:1: there is already a query '{query.name}' "
                    f"({found[query.name].path}); choose another name."
                )
            found[query.name] = query
    return tuple(found[name] for name in sorted(found))


@cache
def shipped_queries() -> tuple[Query, ...]:
    """Our own queries. Parsing them takes a tenth of a second, so their tests do that, not every start."""
    return tuple(load_query(path, parse=False) for path in sorted(SHIPPED.glob("*.sql")))


def load_query(path: Path, *, parse: bool = True) -> Query:
    """Read and check one file, its SQL too with `parse`; raises InputError with file and line."""
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
        header.many,
        header.parameters,
        header.columns,
        sql,
        path,
    )


def _description(header: Header) -> str:
    if header.many != "all":
        return header.description
    return f"{header.description} Of a run of more than 15 languages it tells all of them together only."


def _with_shared(text: str, header: Header, path: Path) -> str:
    """The SQL below the header, with the shared parts it asks for as its first common table expressions."""
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
            there = ", ".join(sorted(each.stem for each in part.parent.glob("*.sql")))
            raise InputError(f"{path}:1: there is no shared part '{name}'; there are: {there}.")
        parts.append(part.read_text(encoding="utf-8").strip())
    return ",\n".join(parts)


def _check_parameters(text: str, sql: str, header: Header, path: Path) -> None:
    declared = {each.name: each.line for each in header.parameters}
    for each in header.parameters:
        if declared[each.name] != each.line:
            raise InputError(f"{path}:{declared[each.name]}: ${each.name} is declared twice; keep one of them.")
    used = {token[1] for token in _TOKEN.finditer(sql) if token[1]}
    for name in sorted(used - declared.keys()):
        line = next((i for i, row in enumerate(text.splitlines(), 1) if f"${name}" in row), 1)
        raise InputError(f"{path}:{line}: ${name} is used but not declared; add it under '-- parameters:'.")
    for name, line in declared.items():
        if name not in used:
            raise InputError(f"{path}:{line}: ${name} is declared but not used; use it or take it out.")


def _check_sql(text: str, sql: str, path: Path) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        # The SQL's last line is the file's; what stands before it may be a header or shared parts.
        shift = text.rstrip().count("\n") - sql.count("\n")
        found = re.search(r"LINE (\d+)", str(error))
        line = max(1, int(found[1]) + shift) if found else 1
        raise InputError(f"{path}:{line}: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError(f"{path}:1: a query's file holds exactly one SELECT statement.")
