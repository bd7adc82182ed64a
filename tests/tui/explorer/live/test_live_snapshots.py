"""Pictures of the Live screen: before loading, an answer, and a change, at 80x24 and 160x45."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.driving import NARROW, WIDE, press, settle
from tests.tui.explorer.live.made_up import live_explorer

KEYS = {"described": (), "answer": ("enter", "enter"), "change": ("enter", "enter", "escape", "s", "4")}
PICTURES = [("described", NARROW), ("answer", NARROW), ("change", NARROW), ("change", WIDE)]


@pytest.mark.parametrize(("name", "size"), PICTURES, ids=lambda value: value if isinstance(value, str) else value[0])
def test_live(name: str, size: tuple[int, int], demo_runs: Path, snap_compare: object) -> None:
    app, _ = live_explorer(demo_runs)

    async def prepare(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, *KEYS[name])

    assert snap_compare(app, terminal_size=size, run_before=prepare)  # type: ignore[operator]
