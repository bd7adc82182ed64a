"""Bits flipped at 500 places of a results file, and 50 truncations."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Tally
from tests.store.made_up import MadeUp
from tests.store.test_damage import try_damage

pytestmark = pytest.mark.faults


def test_damage_is_reported_or_does_no_harm(store: Callable[..., Path], tmp_path: Path, tally: Tally) -> None:
    path = store(MadeUp(seed=1), MadeUp(seed=2))
    size = path.stat().st_size
    chance = random.Random(8)
    flips = [(chance.randrange(size), chance.randrange(8), None) for _ in range(500)]
    cuts = [(0, 0, chance.randrange(size)) for _ in range(50)]
    outcome = try_damage(path, tmp_path, [*flips, *cuts])
    assert outcome["reported"] >= 50
    reported, unharmed = outcome["reported"], outcome["unharmed"]
    came = f"{reported} reported as errors, {unharmed} in unused bytes and the data are correct"
    tally("damage", "a bit of a results file flipped (500), or its end cut off (50)", 550, came)
