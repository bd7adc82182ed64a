"""JSON as the standard has it: no NaN, no repeated keys, UTF-8 only, and no surprise on hostile input."""

import json
from typing import NoReturn

from neurontui.compute.tasks.text import shown

BOM = b"\xef\xbb\xbf"


def parse_json(raw: bytes) -> object:
    """The value in `raw`. Raises ValueError with the end of a sentence: 'is not JSON: …'.

    Numbers come as floats: no task has integers where they matter, and a number of ten thousand
    digits must not become one.
    """
    try:
        return json.loads(
            _decoded(raw), object_pairs_hook=_object, parse_constant=_constant, parse_int=float
        )
    except json.JSONDecodeError as error:
        where = f"character {error.colno}"
        if error.lineno > 1:
            where += f" of line {error.lineno}"
        raise ValueError(f"is not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise ValueError("nests lists or objects too deeply") from None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} is 0x{raw[error.start]:02x}"
        raise ValueError(f"is not UTF-8 ({found}); save the file as UTF-8") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key '{shown(twice)}' twice in one object; keep one")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no JSON; use a number or null")
