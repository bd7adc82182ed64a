"""Takes the README's pictures of the explorer: `python -m tests.docs.pictures results.duckdb`."""

import argparse
import asyncio
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from neurontui.queries.results import open_results
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.session import Session
from tests.docs.seamless import seamless

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = (96, 28)
RUN = 4
"""Row of the run shown, on the demo's results: the inference task. Files with fewer runs show their last one."""
SCREENS = {"layers": "2", "examples": "4", "neuron": "6"}
_REMOTE_FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)


async def take(
    results: Path,
    folder: Path,
    screens: Mapping[str, str] = SCREENS,
    run: int = RUN,
    size: tuple[int, int] = SIZE,
) -> None:
    """Save one SVG a screen, without the fonts that Textual would fetch from elsewhere.

    The pictures show a first visit, whatever the explorer has saved of this file.
    """
    with tempfile.TemporaryDirectory() as state, pytest.MonkeyPatch.context() as patched:
        patched.setenv("NEURONTUI_STATE", state)
        await _take(results, folder, screens, run, size)


async def _take(results: Path, folder: Path, screens: Mapping[str, str], run: int, size: tuple[int, int]) -> None:
    app = Explorer(Session(open_results(results), [results]))
    async with app.run_test(size=size) as pilot:
        await pilot.pause(2)
        app.session.choose_run(app.session.runs[min(run, len(app.session.runs) - 1)].key)
        for name, key in screens.items():
            await pilot.press(key)
            await pilot.pause(1)
            while app.page is not None and app.page.waiting:  # the claims of every run
                await pilot.pause(0.5)
            svg = seamless(_REMOTE_FONTS.sub("", app.export_screenshot(title="neurontui")))
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.docs.pictures")
    parser.add_argument("results", type=Path, help="the demo's")
    parser.add_argument("--into", type=Path, default=FOLDER, help="docs/pictures by default")
    options = parser.parse_args()
    asyncio.run(take(options.results, options.into))
