"""Mappings and data with random damage: examples or one sentence, never a traceback."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.mapped.load import check_mapped
from neurontui.compute.tasks.mapped.shipped import FOLDER
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import NeurontuiError
from tests.compute.tasks.mapped import look_alikes

PIECES = (
    b'"',
    b"{",
    b"}",
    b"\n",
    b"[",
    b"]",
    b"\0",
    b",",
    b"\t",
    b"\xff",
    b"true",
    b"1e999",
    b"=",
    b"[[run]]\n",
    b"\r",
)


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """Up to four bytes changed, pieces inserted, removed or repeated, or the end cut off."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(raw) + 1)
        length = chance.randrange(1, 30)
        changed = (
            raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :],
            raw[:place] + chance.choice(PIECES) + raw[place:],
            raw[:place] + raw[place + length :],
            raw[:place] + raw[:length] + raw[place:],
            raw[:place],
        )
        raw = chance.choice(changed)
    return raw


def sentence(attempt: Callable[[], object]) -> str:
    """The error of an attempt; empty if there is none, because damage can leave sound data."""
    try:
        attempt()
    except NeurontuiError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", range(10))
def test_damage_is_one_sentence(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    name = sorted(FOLDER.glob("*.toml"))[seed].stem
    folder = getattr(look_alikes, name.replace("-", "_"))(tmp_path / "data")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    mapping, options = tmp_path / "mine.toml", TaskOptions(data=folder)
    for _ in range(12):
        sound = (FOLDER / f"{name}.toml").read_bytes()
        mapping.write_bytes(sound)
        path = chance.choice([mapping, chance.choice(files)])
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, chance))
        assert sentence(lambda: load_task(str(mapping), options)).isprintable()
        assert sentence(lambda: check_mapped(mapping, options)).isprintable()
        path.write_bytes(whole)
