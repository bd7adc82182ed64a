"""Driving the explorer as a person would: start it, wait until it has answered, read the screen."""

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.session import Session, open_files

NARROW, WIDE = (80, 24), (160, 45)


def explorer_of(*paths: Path, run: int = 0, start: str = "runs") -> Explorer:
    """An explorer that looks at one of the files' runs, by its place. The first screen of users tests all claims."""
    results = open_files(paths, None)
    app = Explorer(Session(results, paths), start=start)
    first = results.known_runs[run] if results.known_runs else None
    if first is not None and not app.session.selection.run:
        app.session.selection = app.session.selection.with_run(first.key, first.languages)
    return app


async def settle(pilot: Pilot[None], seconds: float = 20.0) -> None:
    """Wait until no question is under way and everything is drawn."""
    waited = 0.0
    while waited < seconds:
        await pilot.pause()
        app = pilot.app
        assert isinstance(app, Explorer)
        page = app.page
        if page is not None and not page.waiting and not app.reloader.released and not app.ahead.busy:
            await pilot.pause()
            if not page.waiting and not app.ahead.busy:
                await pilot.pause()
                return
        await pilot.pause(0.02)
        waited += 0.02
    raise AssertionError("the explorer is still asking")


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until a condition holds, however slow the machine is; fails after `seconds` of waiting."""
    waited = 0.0
    while not condition():
        assert waited < seconds, "it did not happen"
        await pilot.pause(0.02)
        waited += 0.02


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, waiting for the answers after each."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def page_of(pilot: Pilot[None]) -> Page:
    """The screen in front."""
    page = pilot.app.page  # type: ignore[attr-defined]
    assert isinstance(page, Page)
    return page


def text_of(app: Explorer) -> str:
    """What the terminal shows, as plain text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in strip)[: width * 4] for strip in lines[:height])
