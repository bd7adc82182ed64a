"""What the SQL editor needs to know about SQL text: its tokens, the statement at the cursor, the word to complete."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split()))


KEYWORDS = _words(
    """
    select from where group by order limit offset having join left right inner outer full cross using on as with
    recursive union all except intersect distinct case when then else end and or not in is null between like ilike
    exists asc desc nulls filter over partition window qualify values cast try_cast explain analyze describe
    summarize show true false lateral pivot unpivot sample exclude replace rows range
    """
)
FUNCTIONS = _words(
    """
    count sum avg min max median mode stddev quantile any_value list string_agg count_if bit_count bit_or bit_and
    bit_xor round floor ceil abs sqrt ln log exp coalesce nullif greatest least len list_contains list_filter
    list_transform list_sort unnest generate_series lower upper trim split_part regexp_matches regexp_extract
    substring strlen contains starts_with row_number rank dense_rank lag lead first last hash date_trunc epoch now
    enum_range corr
    """
)

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|$))|(?P<string>'(?:[^']|'')*(?:'|$))|(?P<quoted>\"[^\"]*(?:\"|$))"
    r"|(?P<number>\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?P<word>[^\W\d]\w*)|(?P<end>;)",
    re.DOTALL | re.IGNORECASE,
)
_WORDS = frozenset(KEYWORDS)
_CALLS = frozenset(FUNCTIONS)


@dataclass(frozen=True)
class Token:
    """A piece of SQL: its kind (comment, string, quoted, number, keyword, function, word, end) and its place."""

    kind: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The pieces of SQL that are worth a colour."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        if kind == "word":
            word = match[0].lower()
            kind = "keyword" if word in _WORDS else "function" if word in _CALLS else "word"
        yield Token(kind, match.start(), match.end())


def statement_at(text: str, offset: int) -> str:
    """The statement around an offset, where semicolons divide several; the last one where it lies behind all."""
    start, found = 0, ""
    for end in [*(token.start for token in tokens(text) if token.kind == "end"), len(text)]:
        part = text[start:end].strip()
        if part:
            found = part
            if offset <= end:
                return part
        start = end + 1
    return found


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
    """Completions of the word before the offset, the likeliest first; none inside strings and comments."""
    if any(token.start < offset <= token.end for token in tokens(text) if token.kind in ("string", "comment")):
        return []
    word = word_before(text, offset)
    before = text[: offset - len(word)]
    if "." in word:
        table, _, start = word.rpartition(".")
        owner = _aliases(text, names).get(table.lower(), table.lower())
        return _matching(start, [Offer(each, "column") for each in names.tables.get(owner, ())])[:limit]
    if not word:
        return []
    begins = not before.strip() or before.rstrip().endswith(";")
    found = [Offer(each, "query") for each in names.queries] if begins else []
    found += [*_tables(names), *_columns(text, names)]
    found += [Offer(each, "function") for each in FUNCTIONS] + [Offer(each.upper(), "keyword") for each in KEYWORDS]
    if re.search(r"\b(from|join)\s+$", before, re.IGNORECASE):
        found = _tables(names)
    return _matching(word if begins else word.split("-")[-1], found)[:limit]


def _matching(start: str, found: list[Offer]) -> list[Offer]:
    """Offers that begin like that, then those that contain it; each text once."""
    low = start.lower()
    begin = [each for each in found if each.text.lower().startswith(low)]
    inside = [each for each in found if len(low) > 2 and low in each.text.lower() and each not in begin]
    unique = {each.text.lower(): each for each in reversed(begin + inside) if each.text.lower() != low}
    return list(reversed(unique.values()))


def _tables(names: Names) -> list[Offer]:
    return [Offer(each, "table") for each in names.tables]


def _columns(text: str, names: Names) -> list[Offer]:
    """Columns of the tables that the text mentions, or of all where it mentions none."""
    words = {text[token.start : token.end].lower() for token in tokens(text) if token.kind == "word"}
    mentioned = [table for table in names.tables if table.lower() in words] or list(names.tables)
    return [Offer(column, "column") for table in mentioned for column in names.tables[table]]


def _aliases(text: str, names: Names) -> dict[str, str]:
    """`FROM runs r` makes r another name for runs."""
    pattern = r"\b(?:from|join)\s+(\w+)\s+(?:as\s+)?(\w+)"
    return {
        alias.lower(): table.lower()
        for table, alias in re.findall(pattern, text, re.IGNORECASE)
        if table in names.tables
    }
