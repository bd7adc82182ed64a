"""Snapshots of all screens, narrow and wide, on runs of the demo's model.

After a change, look at the report, then run `pytest tests/tui/explorer/test_snapshots.py --snapshot-update`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.driving import NARROW, WIDE, explorer_of, press, settle

KEYS = {
    "findings": "0jj",
    "runs": "1",
    "layers": "2ll",
    "languages": "3jl",
    "examples": "4]",
    "persistence": "5",
    "neuron": "6",
    "attribution": "7l",
    "ablation": "8jl",
    "sql": "9",
}
NAMES = {"]": "right_square_bracket", "-": "minus"}


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x45"])
@pytest.mark.parametrize("screen", KEYS)
def test_screen(
    screen: str,
    size: tuple[int, int],
    demo_runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    monkeypatch.chdir(demo_runs.parent)

    async def drive(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, *(NAMES.get(key, key) for key in KEYS[screen]))
        pilot.app.screen.set_class(False, "-hover")
        await settle(pilot)

    assert snap_compare(explorer_of(demo_runs, run=1), terminal_size=size, run_before=drive)
