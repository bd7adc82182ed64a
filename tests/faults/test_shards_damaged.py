"""Journals with files that were cut short or altered at random: measured again, or the damage is reported."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.store.errors import StoreError
from neurontui.store.journal.journal import list_journals
from neurontui.store.merge.merge import merge
from tests.conftest import Tally
from tests.store.conftest import measure
from tests.store.content import content
from tests.store.made_up import MadeUp

RUN = MadeUp(seed=1)


def damage(merged: Callable[[tuple[MadeUp, ...]], Path], folder: Path, times: int) -> int:
    """Damage a copy of a finished journal `times`; returns how often a merge refused it."""
    chance = random.Random(9)
    wanted = content(merged((RUN,)))
    results = folder / "r.duckdb"
    whole = folder / "whole"
    shutil.copytree(measure(RUN, results), whole)
    files = sorted(each.relative_to(whole) for each in whole.rglob("*") if each.is_file() and each.name != ".lock")
    errors: list[str] = []
    for _ in range(times):
        journal = measure(RUN, results)
        _hurt(journal / chance.choice(files), chance)
        list_journals(results)
        try:
            merge(journal, results)
        except StoreError as error:
            errors.append(str(error))
            merge(measure(RUN, results), results)
        assert content(results) == wanted
        assert list_journals(results) == []
        results.unlink()
    assert not any("\n" in error for error in errors)
    return len(errors)


def _hurt(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    how = chance.choice(("flip", "cut", "remove", "grow"))
    if how == "flip":
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del data[chance.randrange(len(data)) :]
    elif how == "grow":
        data += bytes(chance.randrange(1, 99))
    file.write_bytes(data)
    if how == "remove":
        file.unlink()


def test_a_few_damaged_shards(merged: Callable[[tuple[MadeUp, ...]], Path], tmp_path: Path) -> None:
    assert damage(merged, tmp_path, times=4) > 2


@pytest.mark.faults
def test_two_hundred_damaged_shards(merged: Callable[[tuple[MadeUp, ...]], Path], tmp_path: Path, tally: Tally) -> None:
    refused = damage(merged, tmp_path, times=200)
    assert refused > 150
    tally("damage", "a file of a journal cut, flipped, lengthened or removed", 200,
          f"{refused} reported as errors and measured again; the same content")  # fmt: skip
