"""Ways to spoil a file, from a single byte to a hostile value in the right place."""

import copy
import json
import random
from typing import Any

PIECES = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b'"', b"{", b"}", b"[", b"]", b"\\", b"\n", b"\r", b",", b":", b"=", b"#", b"'",
    b"NaN", b"Infinity", b"-0", b"1e999", b"9" * 400, b"[" * 2_000, b'{"a":' * 2_000, b"\\ud800", b"\\u0000",
    "\u202e\u2066".encode(), "\u0301".encode() * 50, b"\x1b]52;c;eA==\x07", b"\x9b31m", b"../../../etc/passwd",
    b"null", b"true", b'"id"', b'"prompts"', b"[[run]]", b"[defaults]", b"run = 3\n", b'model = ""\n', b" " * 300,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 2**64, -(2**70), 1.5, 1e308, "", "\0", "../../../../tmp/x", "/etc/passwd",
    "x" * 100_000,
    "\x1b]0;owned\x07", "\ud800", "\u202e", [], {}, [[]], [None], {"a": 1}, ["en"] * 65, ["en", "en"], [1, 2], "en",
)  # fmt: skip


def mutate(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to four places spoilt."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(spoilt) + 1)
        length = chance.choice((0, 1, 1, 3, 40))
        how = chance.randrange(5)
        if how == 0:
            spoilt[at : at + length] = chance.choice(PIECES)
        elif how == 1:
            spoilt[at : at + length] = bytes(chance.randrange(256) for _ in range(length))
        elif how == 2:
            del spoilt[at : at + length]
        elif how == 3:
            spoilt[at:at] = spoilt[chance.randrange(len(spoilt) + 1) :][:length]
        elif chance.random() < 0.3:
            del spoilt[at:]
    return bytes(spoilt)


def mutate_json(value: Any, chance: random.Random) -> str:
    """A JSON value with one hostile value somewhere in it, a key lost, or a key too many."""
    spoilt = copy.deepcopy(value)
    place: Any = spoilt
    while True:
        key = chance.choice(sorted(place)) if isinstance(place, dict) else chance.randrange(len(place))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.4:
            break
        place = inner
    how = chance.randrange(8)
    if how == 0 and isinstance(place, dict):
        del place[key]
    elif how == 1 and isinstance(place, dict):
        place["surplus"] = chance.choice(VALUES)
    else:
        place[key] = chance.choice(VALUES)
    return json.dumps(spoilt)
