"""Rows of the table `languages` for languages that the reference table lacks, such as pt-BR or a user's own code."""

from collections.abc import Iterable
from dataclasses import astuple, replace

import duckdb

from neurontui.store.languages.reference import (
    UNKNOWN,
    UNKNOWN_SCRIPT,
    LanguageRow,
    reference,
)
from neurontui.store.languages.tags import LanguageTag, language_tag
from neurontui.store.sql_text import named


def add_languages(connection: duckdb.DuckDBPyConnection, database: str, codes: Iterable[str]) -> None:
    """Insert a row for every code that is not in the table `languages` of an attached file."""
    table = f"{named(database)}.main.languages"
    present = {code for (code,) in connection.execute(f"SELECT code FROM {table}").fetchall()}
    for code in dict.fromkeys(codes):
        if code not in present:
            values = list(astuple(language_row(code)))
            connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", values)


def language_row(code: str) -> LanguageRow:
    """The row of a code: from the reference table, or family and branch of its language with the code's own script.

    A variety has no share of BLOOM's training text, because the training notes list only languages.
    """
    tag = language_tag(code)
    if same := reference().get(tag.code):
        return replace(same, code=code)
    base = reference().get(tag.language or "")
    return LanguageRow(
        code=code,
        name=_name(tag, base) if base else code,
        family=base.family if base else UNKNOWN,
        branch=base.branch if base else UNKNOWN,
        script=tag.script or UNKNOWN_SCRIPT,
        bloom_share=None,
    )


def _name(tag: LanguageTag, base: LanguageRow) -> str:
    """A name such as Portuguese (BR) or Chinese (Hant)."""
    return f"{base.name} ({tag.code.removeprefix(base.code).removeprefix('-')})"
