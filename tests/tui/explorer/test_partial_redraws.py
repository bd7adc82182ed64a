"""What is drawn after a key, where only some lines are drawn again, is what a full redraw draws."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.notice import Notice
from tests.tui.driving import NARROW, page_of, press, settle


def drawn(pilot: Pilot[None]) -> list[str]:
    """Every line with its styles."""
    app = pilot.app
    return [repr(list(strip)) for strip in app.screen._compositor.render_strips(app.size)]


async def redrawn(pilot: Pilot[None]) -> list[str]:
    """The same after everything was drawn again."""
    for widget in page_of(pilot).query("*"):
        widget.refresh()
    await pilot.pause()
    return drawn(pilot)


KEYS = ("3 down right", "4 d", "4 d d d d", "4 tab", "4 tab tab", "2 L", "2 L right escape", "2 f", "0 tab", "9 tab")


@pytest.mark.parametrize("keys", KEYS)
async def test_moving_a_cursor_or_the_focus(explorer: Callable[..., Explorer], keys: str) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, *keys.split())
        assert drawn(pilot) == await redrawn(pilot)


async def test_other_words_in_a_notice(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        page_of(pilot).notice("First words", "One sentence.")
        await settle(pilot)
        page_of(pilot).query_one(Notice).say("Other words", "Another one.")
        await settle(pilot)
        assert drawn(pilot) == await redrawn(pilot)
