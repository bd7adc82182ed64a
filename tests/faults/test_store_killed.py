"""kill -9 at fifty random moments of measuring and of merging."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Tally
from tests.store.admin.test_admin import BIG, kill_while_removing
from tests.store.made_up import MadeUp
from tests.store.test_killed import kill_and_repeat

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("moment", ["ready", "merging"])
def test_killed_fifty_times(moment: str, tmp_path: Path, tally: Tally) -> None:
    hit = kill_and_repeat(moment, times=50, folder=tmp_path, seed=5)
    assert hit > 25
    what = {"ready": "writing shards", "merging": "merging a journal"}[moment]
    tally("fault", f"kill -9 while {what} (store alone)", hit, "the same content, table by table")


def test_removals_killed_fifty_times(store: Callable[..., Path], tmp_path: Path, tally: Tally) -> None:
    hit = kill_while_removing(store(MadeUp(seed=1), BIG), tmp_path, times=50)
    assert hit > 25
    tally("fault", "kill -9 while a run is removed", hit, "the file as before, or without the run")
