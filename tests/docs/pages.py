"""The pages of docs/ that say what a results file and the queries hold, made from what they say themselves.

`python -m tests.docs` writes them; `test_pages` fails where a page on disk says something else.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurontui.queries import open_results
from neurontui.queries.header import Parameter
from neurontui.queries.loader import Query, load_queries
from neurontui.store import schema
from tests.docs.reproduce import reproduce_page

DOCS = Path(__file__).parents[2] / "docs"
_NOTICE = "<!-- Made by `python -m tests.docs` from {}; edit there. -->"


def schema_page() -> str:
    """docs/schema.md: every table and view in the order of schema.sql, with the comments in the database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        schema.create(path)
        with open_results(path) as results:
            rows = results.query("schema").to_pylist()
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        tables.setdefault(row["table_name"], []).append(row)
    ordered = sorted(tables, key=list(schema.layout()).index)
    lines = [
        "# The results file",
        "",
        _NOTICE.format("the COMMENTs in store/schema.sql"),
        "",
        'A results file is a DuckDB database. `neurontui sql results.duckdb "SELECT …"`, the explorer\'s SQL screen,',
        "DuckDB itself and anything that reads it can ask these tables. Every table but `meta` and `languages` has a column",
        "`run`, for one file holds any number of runs. In the file itself, the same words are the comments of tables and",
        "columns: `neurontui query results.duckdb schema`.",
        "",
        *_contents(ordered, tables),
    ]
    for name in ordered:
        lines += _relation(name, tables[name])
    return "\n".join(lines).rstrip() + "\n"


def _contents(names: list[str], tables: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    yield from ("| table | what it is |", "| --- | --- |")
    for name in names:
        about = tables[name][0]
        kind = " (view)" if about["kind"] == "view" else ""
        yield f"| [`{name}`](#{name}){kind} | {_cell(about['comment'])} |"
    yield ""


def _relation(name: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield from (f"## {name}", "", _plain(rows[0]["comment"]), "")
    yield from ("| column | type | what it is |", "| --- | --- | --- |")
    for row in rows[1:]:
        yield f"| `{row['column_name']}` | {_type(row['type'])} | {_cell(row['comment'])} |"
    yield ""


def _type(text: str) -> str:
    """The enum of types by its name, not by its list of words."""
    return "neuron_type" if text.startswith("ENUM") else text


def queries_page() -> str:
    """docs/queries.md: every named query, from the comment block that opens its file."""
    queries = load_queries()
    lines = [
        "# The named queries",
        "",
        _NOTICE.format("the headers in queries/sql/*.sql"),
        "",
        "Every figure and table is one `.sql` file. On the command line, from Python, and in a report or the explorer they",
        "give the same rows:",
        "",
        "    neurontui query results.duckdb type-ratio-by-layer --run 1 -p languages=en,de,zh --format csv",
        "",
        "    from neurontui.queries import open_results",
        "",
        '    with open_results("results.duckdb") as results:',
        '        rows = results.query("type-ratio-by-layer", run=1, languages="en,de,zh")',
        "",
        "`$run` is a number, a name or the beginning of a key, and the last run where it is left out; `$languages` a list of",
        "codes, and all of the run's where it is left out. A folder of your own queries, written alike, joins them by",
        "`--queries DIR`.",
        "",
        "| query | what it answers | in the paper |",
        "| --- | --- | --- |",
        *(f"| [`{each.name}`](#{each.name}) | {_cell(each.title)} | {_cell(each.figure)} |" for each in queries),
        "",
    ]  # fmt: skip
    for each in queries:
        lines += _query(each)
    return "\n".join(lines).rstrip() + "\n"


def _query(query: Query) -> Iterator[str]:
    title = query.title if query.title.endswith("?") else f"{query.title}."
    figure = f" {query.figure[0].upper()}{query.figure[1:]}." if query.figure else ""
    yield from (f"## {query.name}", "", f"**{title}**{figure}", "")
    yield from (
        _plain(query.description),
        "",
        f"[{query.path.name}](../queries/sql/{query.path.name})",
        "",
    )
    if query.parameters:
        yield from ("| parameter | kind | default | what it is |", "| --- | --- | --- | --- |")
        yield from (_parameter(each) for each in query.parameters)
        yield ""
    yield from ("| column | unit | what it is |", "| --- | --- | --- |")
    for column in query.columns:
        unit = "" if column.unit == "-" else column.unit
        yield f"| `{column.name}` | {_cell(unit)} | {_cell(column.description)} |"
    yield ""


def _parameter(each: Parameter) -> str:
    kind = " or ".join(each.choices) if each.choices else each.kind
    default = "required" if each.required else "the last run" if each.name == "run" else each.default or ""
    return f"| `${each.name}` | {_cell(kind)} | {_cell(default)} | {_cell(each.description)} |"


def _plain(text: str) -> str:
    """Text in which nothing is Markdown."""
    return re.sub(r"([\\*<>\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def _cell(text: str | None) -> str:
    return _plain(text or "").replace("|", "\\|")


PAGES = {"schema.md": schema_page, "queries.md": queries_page, "reproduce.md": reproduce_page}
"""File in docs/ -> what writes it."""
