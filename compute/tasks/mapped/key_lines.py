"""Lines of the keys of a TOML file, which tomllib does not report."""

import re

_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_QUOTES = re.compile(r"\"\"\"|'''")


def key_lines(text: str) -> dict[str, int]:
    """Key with its tables, as example.prompt, to its line, from 1. Keys of inline tables are not included."""
    lines: dict[str, int] = {}
    table = ""
    within = False
    for number, line in enumerate(text.splitlines(), 1):
        if not within:
            if header := _TABLE.match(line):
                table = f"{_plain(header[1])}."
                lines.setdefault(table[:-1], number)
            elif key := _KEY.match(line):
                lines.setdefault(table + _plain(key[1]), number)
        within ^= len(_QUOTES.findall(line)) % 2 == 1
    return lines


def _plain(key: str) -> str:
    return re.sub(r"\s*\.\s*", ".", key).replace('"', "").replace("'", "")
