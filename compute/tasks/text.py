"""Check text before it is tokenized and stored, and format it for messages."""

import json
from collections.abc import Iterable

_SHOWN = 60
_JOINERS = "\u200c\u200d"  # Persian and Indic scripts spell with them


def text_fault(text: object) -> str | None:
    """The fault of a prompt, an answer, an id …, as the end of a sentence; None if there is none."""
    if not isinstance(text, str):
        return f"must be text, not {kind(text)}"
    if not text:
        return "is empty"
    if not text.strip():
        return "contains only white space"
    if "\0" in text:
        return "contains a NUL character, which truncates text in tokenizers and tables"
    if not _encodable(text):
        return "contains half of a surrogate pair (\\ud800 to \\udfff), which is not a character"
    return None


def kind(value: object) -> str:
    """The JSON name of the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return json.dumps(value)
    names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)


def shown(text: str) -> str:
    """Text from a file in one short line without control characters, for use in a message."""
    return printable(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def printable(text: str) -> str:
    """Text from a file in one line, without control sequences that a terminal would interpret.

    A line feed becomes ↵; other unprintable characters become their code.
    """
    return "".join(map(_printable_char, text))


def _printable_char(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    return "↵" if char == "\n" else f"\\u{ord(char):04x}"


def listed(items: Iterable[object]) -> str:
    """Items as 'a, b, c'."""
    return ", ".join(str(item) for item in items)


def counted(n: int, noun: str) -> str:
    """A number with its noun: '1 example', '5,010 examples'."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
