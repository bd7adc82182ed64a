"""kill -9 at fifty random moments of measuring and of merging."""

from pathlib import Path

import pytest

from tests.store.test_killed import kill_and_repeat

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("moment", ["ready", "merging"])
def test_killed_fifty_times(moment: str, tmp_path: Path) -> None:
    assert kill_and_repeat(moment, times=50, folder=tmp_path, seed=5) > 25
