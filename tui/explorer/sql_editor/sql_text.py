"""SQL text in the editor: its tokens, the statement at the cursor, and completions of the word before the cursor.

Tokens are those of `duckdb.tokenize`; keywords and functions are those of DuckDB's catalog.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import duckdb

from neurontui.tui.explorer.sql_editor.catalog import catalog

_KINDS = {
    "identifier": "word",
    "numeric_const": "number",
    "string_const": "string",
    "keyword": "keyword",
    "comment": "comment",
    "operator": "operator",
}

_SPACE = " \t\n\r\f\v"
"""White space to DuckDB; other spaces of Unicode are part of a name."""


@dataclass(frozen=True)
class Token:
    """A piece of SQL: its kind (comment, string, number, keyword, function, word, operator) and its place."""

    kind: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of any text, complete SQL or not."""
    pieces = _tokens_of_duckdb(text)
    following = [*pieces[1:], None]
    return [_named(text, token, after) for token, after in zip(pieces, following, strict=False)]


def _tokens_of_duckdb(text: str) -> list[Token]:
    raw = text.encode("utf-8", "replace")
    starts = duckdb.tokenize(raw.decode())
    places = _characters(text, raw)
    ends = [*(place for place, _ in starts[1:]), len(raw)]
    pieces = []
    for (start, kind), end in zip(starts, ends, strict=False):  # of no text there are no starts
        first, last = places[start], places[end]
        if last > first:  # DuckDB can give two tokens at one place, as for "$)"
            pieces.append(Token(_KINDS[kind.name], first, first + len(_without_gap(text[first:last]))))
    return pieces


def _characters(text: str, raw: bytes) -> Mapping[int, int] | range:
    """The character at each byte where one begins."""
    if len(raw) == len(text):
        return range(len(text) + 1)
    widths = (len(character.encode("utf-8", "replace")) for character in text)
    return {byte: place for place, byte in enumerate(accumulate(widths, initial=0))}


def _without_gap(token: str) -> str:
    """A token without the white space that follows it; an open string or comment keeps its white space."""
    if token.startswith("--"):
        return token.partition("\n")[0]
    return token if _is_open(token) else token.rstrip(_SPACE)


def _is_open(token: str) -> bool:
    """Whether a token is a string, a quoted name or a comment without its end."""
    bare = token.rstrip(_SPACE)
    if bare.startswith("--"):
        return "\n" not in token
    if bare.startswith("/*"):
        return not bare.endswith("*/") or len(bare) < 4
    if quoted := re.match(r"[eExXbB]?(['\"])", bare):
        return bare.count(quoted[1]) % 2 == 1
    tag = re.match(r"\$\w*\$", bare)
    return tag is not None and (not bare.endswith(tag[0]) or bare == tag[0])


def _named(text: str, token: Token, after: Token | None) -> Token:
    """A word as function, keyword or name, by the token after it: `type` is a keyword, and more often a column."""
    if token.kind not in ("word", "keyword"):
        return token
    word = text[token.start : token.end].lower()
    next_word = "" if after is None else text[after.start : after.end].lower()
    if next_word == "(" and word in catalog().functions:
        return Token("function", token.start, token.end)
    if token.kind == "word" or word not in catalog().plain:
        return token
    continues = after is not None and after.kind in ("word", "number", "string")
    syntax = continues or next_word in ("(", "by") or next_word in catalog().plain
    return token if syntax else Token("word", token.start, token.end)


def statement_at(text: str, offset: int) -> str:
    """The statement around an offset, if semicolons separate several; the last one if it is after all of them."""
    start, statement = 0, ""
    separators = [token.start for token in tokens(text) if text[token.start : token.end] == ";"]
    for end in [*separators, len(text)]:
        part = text[start:end].strip()
        if part:
            statement = part
            if offset <= end:
                return part
        start = end + 1
    return statement


@dataclass(frozen=True)
class Names:
    """What can be completed: tables with their columns, and named queries."""

    tables: Mapping[str, tuple[str, ...]]
    queries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """One completion: what is inserted for the word before the cursor, and what kind of thing it is."""

    text: str
    kind: str


def word_before(text: str, offset: int) -> str:
    """The word that ends at the offset, with the hyphens that names of queries have and the table before a dot."""
    match = re.search(r"[\w.-]*$", text[:offset])
    return match[0] if match else ""


def offers(text: str, offset: int, names: Names, limit: int = 50) -> list[Offer]:
    """Completions of the word before the offset, what is in scope first; none inside strings and comments."""
    if _inside_literal(text, offset):
        return []
    word = word_before(text, offset)
    before = text[: offset - len(word)]
    statement = statement_at(text, offset)
    if "." in word:
        table, _, start = word.rpartition(".")
        owner = _aliases(statement, names).get(table.lower(), table.lower())
        return _matching(start, [Offer(column, "column") for column in names.tables.get(owner, ())])[:limit]
    if not word:
        return []
    begins = not before.strip() or before.rstrip().endswith(";")
    return _matching(word if begins else word.split("-")[-1], _candidates(begins, before, statement, names))[:limit]


def _candidates(begins: bool, before: str, statement: str, names: Names) -> list[Offer]:
    """What a word may be: the query of a name, a table, or anything, the nearest first."""
    if begins:
        queries = [Offer(query, "query") for query in names.queries]
        return [*queries, *_words_of_sql(), *_tables(names), *_columns(statement, names)]
    if re.search(r"\b(from|join)\s+(?:\w+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*$", before, re.IGNORECASE):
        return [*_named_in(statement), *_tables(names)]
    near = [*_columns(statement, names), *_named_in(statement)] if _mentioned(statement, names) else []
    return [*near, *_tables(names), *_columns(statement, names), *_words_of_sql()]


def _named_in(statement: str) -> list[Offer]:
    """Names that WITH gives in the statement itself."""
    return [Offer(name, "table") for name in re.findall(r"(?:\bwith|,)\s+(\w+)\s+as\b", statement, re.IGNORECASE)]


def _inside_literal(text: str, offset: int) -> bool:
    """Whether the offset is in, or directly after, a string or a comment."""
    last = tokens(text[:offset])[-1:]
    return any(token.kind in ("string", "comment") and token.end == offset for token in last)


def _words_of_sql() -> list[Offer]:
    """Reserved keywords, then functions, the short ones first, then other keywords."""
    known = catalog()
    reserved, plain = ([Offer(word.upper(), "keyword") for word in words] for words in (known.reserved, known.plain))
    return [*reserved, *(Offer(name, "function") for name in known.functions), *plain]


def _matching(start: str, candidates: list[Offer]) -> list[Offer]:
    """Offers that begin with `start`, then those that contain it; each text once."""
    low = start.lower()
    begin = [offer for offer in candidates if offer.text.lower().startswith(low)]
    inside = [offer for offer in candidates if len(low) > 2 and low in offer.text.lower()[1:]]
    unique = {offer.text.lower(): offer for offer in reversed(begin + inside) if offer.text.lower() != low}
    return sorted(unique.values(), key=(begin + inside).index)


def _tables(names: Names) -> list[Offer]:
    return [Offer(table, "table") for table in names.tables]


def _columns(text: str, names: Names) -> list[Offer]:
    """Columns of the tables that the text mentions, or of all tables if it mentions none."""
    tables = _mentioned(text, names) or list(names.tables)
    return [Offer(column, "column") for table in tables for column in names.tables[table]]


def _mentioned(text: str, names: Names) -> list[str]:
    words = {text[token.start : token.end].lower() for token in tokens(text) if token.kind == "word"}
    return [table for table in names.tables if table.lower() in words]


def _aliases(text: str, names: Names) -> dict[str, str]:
    """`FROM runs r` makes r another name for runs."""
    pattern = r"\b(?:from|join)\s+(\w+)\s+(?:as\s+)?(\w+)"
    return {
        alias.lower(): table.lower()
        for table, alias in re.findall(pattern, text, re.IGNORECASE)
        if table in names.tables
    }
