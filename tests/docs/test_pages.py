"""The generated pages of docs/ match the database and the queries."""

import re

import pytest

from neurontui.queries.loader import load_queries
from neurontui.store import schema
from tests.docs.pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"docs/{name} is out of date: run `python -m tests.docs`"


def test_every_table_and_column_has_its_words() -> None:
    page = (DOCS / "schema.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(parts) == list(schema.layout())
    for table, columns in schema.layout().items():
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$", parts[table], re.MULTILINE)
        assert [name for name, _, _ in rows] == list(columns)
        assert all(words.rstrip().endswith(".") for _, _, words in rows), table


def test_every_query_has_its_part() -> None:
    page = (DOCS / "queries.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [query.name for query in load_queries()]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert target[1:] in headings if target.startswith("#") else (DOCS / target).is_file(), target
