"""A disk that is really full: a small tmpfs, filled so that a little is left, at thirty different littles."""

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neurontui.store.errors import StoreError
from neurontui.store.journal.journal import list_journals
from neurontui.store.merge.merge import merge
from tests.conftest import Tally
from tests.store.conftest import measure
from tests.store.content import content
from tests.store.made_up import MadeUp

pytestmark = pytest.mark.faults
RUN = MadeUp(seed=1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can mount a small disk to fill it")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_room_runs_out_while_measuring_or_merging(
    disk: Path, merged: Callable[[tuple[MadeUp, ...]], Path], tally: Tally
) -> None:
    chance = random.Random(4)
    wanted = content(merged((RUN,)))
    errors = 0
    for _ in range(30):
        results = disk / "results.duckdb"
        left = chance.randrange(4096, 1_200_000)
        filler = disk / "filler"
        filler.write_bytes(bytes(_free(disk) - left))
        said = ""
        try:
            merge(measure(RUN, results), results)
        except StoreError as error:
            said = str(error)
            errors += 1
        assert not said or "disk is full" in said or "room for temporary files" in said
        filler.unlink()
        merge(measure(RUN, results), results)
        assert content(results) == wanted
        assert list_journals(results) == []
        assert [each.name for each in disk.iterdir()] == ["results.duckdb"]
        results.unlink()
    assert errors > 10
    came = f"{errors} reported as errors; then the same content as an uninterrupted run"
    tally("fault", "disk full while shards are written or merged (store alone)", 30, came)


def _free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
