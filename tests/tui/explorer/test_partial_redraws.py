"""What is drawn after a key, at once and only where something differs, is what a full redraw draws."""

from collections.abc import Callable

import pytest
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.keys import Keys
from neurontui.tui.explorer.widgets.notice import Notice
from neurontui.tui.explorer.widgets.scroll_bar import StillScrollBar
from neurontui.tui.explorer.widgets.styled_text import StyledText
from tests.tui.driving import NARROW, WIDE, page_of, press, settle


def drawn(pilot: Pilot[None]) -> list[str]:
    """Every line with its styles."""
    app = pilot.app
    return [repr(list(strip)) for strip in app.screen._compositor.render_strips(app.size)]


async def redrawn(pilot: Pilot[None]) -> list[str]:
    """The same after everything was drawn again, scrollbars as well, which `query` does not find."""
    for widget in page_of(pilot)._compositor.visible_widgets:
        widget._set_dirty()
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


async def test_other_colors_and_another_size(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "4", "d", "tab")
        app.theme = next(name for name in app.available_themes if name.startswith("neurontui") and name != app.theme)
        await settle(pilot)
        assert drawn(pilot) == await redrawn(pilot)
        await pilot.resize_terminal(*NARROW)
        await settle(pilot)
        assert drawn(pilot) == await redrawn(pilot)


async def test_nothing_waits_for_another_frame(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[str] = []
    frames = 0
    display = App._display

    def checked(app: App[None], screen: object, renderable: object) -> None:
        nonlocal frames
        frames += renderable is not None
        waiting.extend(repr(widget) for widget in app.screen._compositor.visible_widgets if widget._repaint_regions)
        display(app, screen, renderable)  # type: ignore[arg-type]

    async with explorer().run_test(size=NARROW) as pilot:
        await press(pilot, *"4dddd")
        monkeypatch.setattr(App, "_display", checked)
        await press(pilot, *"dddd", "tab", "right_square_bracket")

    assert frames > 5
    assert not waiting


async def test_a_move_of_the_focus_draws_no_scrollbar_and_no_equal_line(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    bars: list[StillScrollBar] = []
    render = StillScrollBar.render

    def counted(bar: StillScrollBar) -> object:
        bars.append(bar)
        return render(bar)

    async with explorer().run_test(size=NARROW) as pilot:
        await press(pilot, "4", "d")
        monkeypatch.setattr(StillScrollBar, "render", counted)
        await press(pilot, "tab", "tab")
        assert not bars
        refreshed: list[bool] = []
        monkeypatch.setattr(Keys, "refresh", lambda *_, **__: refreshed.append(True))
        page_of(pilot).bindings_updated_signal.publish(page_of(pilot))
        await pilot.pause()
        assert not refreshed
        for grid in page_of(pilot).query(Grid):
            grid.noun = "other"
        page_of(pilot).bindings_updated_signal.publish(page_of(pilot))
        await pilot.pause()
        assert refreshed


async def test_another_size_needs_one_layout(explorer: Callable[..., Explorer]) -> None:
    async with explorer().run_test(size=NARROW) as pilot:
        await press(pilot, "4")
        for widget in (page_of(pilot).query(StyledText).first(), page_of(pilot).query(Grid).first().vertical_scrollbar):
            widget.virtual_size = Size(7, 7)
            assert not widget._layout_required, widget
