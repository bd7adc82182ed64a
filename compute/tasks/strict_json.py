"""Strict JSON: no NaN, no repeated keys, only UTF-8, and safe on malicious input."""

import json
from typing import NoReturn

from neurontui.compute.tasks.text import shown

_LONGEST_INTEGER = 40


class JsonError(ValueError):
    """The fault of a text, as the end of a sentence: 'is not JSON: …'; `line` is the line in the text, from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def parse_json(raw: bytes) -> object:
    """The one value in `raw`. Raises ValueError with the end of a sentence: 'is not JSON: …'.

    Whole numbers of up to 40 digits are integers; longer ones are floats, because converting them could take minutes.
    """
    try:
        return _DECODER.decode(decode(raw))
    except json.JSONDecodeError as error:
        where = f"character {error.colno}"
        if error.lineno > 1:
            where += f" of line {error.lineno}"
        raise ValueError(f"is not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise ValueError("nests lists or objects too deeply") from None


def parse_values(raw: bytes) -> list[object]:
    """All values in `raw`, separated by white space. Raises JsonError."""
    text = decode(raw)
    values: list[object] = []
    position = _skip_space(text, 0)
    try:
        while position < len(text):
            value, position = _DECODER.raw_decode(text, position)
            values.append(value)
            position = _skip_space(text, position)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at character {error.colno}"
        raise JsonError(message, error.lineno) from None
    except RecursionError:
        raise JsonError("nests lists or objects too deeply") from None
    return values


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def decode(raw: bytes) -> str:
    """The text of UTF-8. Raises JsonError that names the first wrong byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong_byte = f"byte {error.start + 1} is 0x{raw[error.start]:02x}"
        line = raw.count(b"\n", 0, error.start) + 1
        raise JsonError(f"is not UTF-8 ({wrong_byte}); save the file as UTF-8", line) from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"has the key '{shown(twice)}' twice in one object; keep one")
    return values


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _constant(name: str) -> NoReturn:
    raise JsonError(f"contains {name}, which is not JSON; use a number or null")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
