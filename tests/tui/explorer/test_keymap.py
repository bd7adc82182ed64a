"""Help is made of the bindings themselves; here every key of it is pressed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.dialogs.help import help_groups, help_lines, key_name
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.widgets.chips import Chips
from neurontui.tui.explorer.widgets.tabs import TABS, Tab, Tabs
from neurontui.tui.explorer.widgets.text_lines import plain
from tests.tui.driving import NARROW, page_of, press, settle, text_of, until

LEAVING = {"q", "ctrl+q", "ctrl+c", "super+c"}


async def to_start(pilot: Pilot[None], page: str) -> None:
    """Back to the screen, with the focus where its keys work; what the last key opens may come a moment later."""
    app = pilot.app
    assert isinstance(app, Explorer)
    for _ in range(3):
        while not isinstance(app.screen, Page):
            app.pop_screen()
        if app.page is None or page != app.page.PAGE:
            app.action_go(page)
        await pilot.pause()


async def focus(pilot: Pilot[None], group: str) -> None:
    """Where the keys of a group of the help work; some parts show in another view only."""
    page = page_of(pilot)
    for _ in range(6):
        widgets = [widget for widget in page.query("*") if widget.focusable and widget.display]
        wanted = [widget for widget in widgets if getattr(widget, "HELP", "") == group]
        if wanted or not group.startswith("In "):
            break
        await pilot.press("v")
        await settle(pilot)
    others = [widget for widget in widgets if not isinstance(widget, Chips | Editor | Input)]  # they take letters
    page.set_focus((wanted or others or [None])[0])


QUICK = ("layers",)
"""Screens whose keys are all typed with `make test`; those of the others with `make faults`."""


@pytest.mark.parametrize(
    "tab",
    [pytest.param(tab, id=tab.page, marks=() if tab.page in QUICK else pytest.mark.faults) for tab in TABS],
)
async def test_every_key_in_the_help_works(explorer: Callable[..., Explorer], tab: Tab) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, tab.digit)
        groups = help_groups(page_of(pilot))
        assert sum(len(bindings) for _, bindings in groups) > 20
        words = plain(help_lines(page_of(pilot)))
        for group, bindings in groups:
            for binding in bindings:
                assert key_name(binding.key) in words
                if binding.key in LEAVING:
                    continue
                await to_start(pilot, tab.page)
                await focus(pilot, group)
                assert binding.key in app.screen.active_bindings, (group, binding)
                await pilot.press(binding.key)
                await until(pilot, lambda: not app.ahead.busy)  # a key that waits for data acts later
        await to_start(pilot, tab.page)
        await settle(pilot)
        assert app.is_running


async def test_the_last_line_fits_into_80_columns(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        for tab in TABS:
            await press(pilot, tab.digit)
            last = text_of(app).splitlines()[-1]
            assert "…" not in last, tab.page
            assert len(last.strip()) > 20, tab.page
            assert "SQL" in text_of(app).splitlines()[1], tab.page


async def test_the_palette_offers_screens_keys_and_themes(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Go to Ablation" in titles
        assert any(title.startswith("Stacked areas, lines") for title in titles)
        assert "Theme: light" in titles
        assert len(titles) == len(set(titles))


@pytest.mark.parametrize(("width", "room"), [(80, 70), pytest.param(60, 51, marks=pytest.mark.faults)])
async def test_the_help_says_everything_in_full(explorer: Callable[..., Explorer], width: int, room: int) -> None:
    app = explorer()
    async with app.run_test(size=(width, 24)) as pilot:
        for tab in TABS:
            await press(pilot, tab.digit)
            await pilot.pause()
            page = page_of(pilot)
            assert tab.page == page.PAGE
            lines = [plain([line]) for line in help_lines(page)]
            words = [line for line in lines if "keys.toml" not in line]  # a path is as long as it is
            assert max(map(len, words)) <= room, tab.page
            said = " ".join(" ".join(lines).split())
            for _, bindings in help_groups(page):
                assert all(" ".join(binding.tooltip.split()) in said for binding in bindings), tab.page


async def test_a_long_text_goes_to_its_ends(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "question_mark")
        panel = app.screen.query_one("VerticalScroll")
        await pilot.press("G")
        await pilot.pause()
        assert panel.scroll_y == panel.max_scroll_y > 0
        await pilot.press("g")
        await pilot.pause()
        assert panel.scroll_y == 0


@pytest.mark.parametrize("width", [40, 60, 76, 80, 120])
def test_every_screen_has_its_digit_at_every_width(width: int) -> None:
    words = plain([Tabs("ablation").parts(width)])
    assert len(words) <= width
    assert [word for word in words.split() if word.isdecimal()] == [tab.digit for tab in TABS]
    assert "8 Abl" in words


async def test_clicking_a_key_presses_it(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        column = text_of(app).splitlines()[-1].index("s style")
        await pilot.click("Keys", offset=(column, 0))
        await settle(pilot)
        assert page_of(pilot).style == 1  # type: ignore[attr-defined]


async def test_keys_can_be_changed(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURONTUI_CONFIG", str(tmp_path))
    (tmp_path / "keys.toml").write_text('threshold = "T"\n"view(1)" = "f2,w"\n')
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "t")
        assert app.session.selection.threshold == 0.0
        await press(pilot, "T")
        assert app.session.selection.threshold == 0.2
        await press(pilot, "w")
        assert "by languages 2/5" in text_of(app)
        words = plain(help_lines(page_of(pilot)))
        assert re.search(r"T +The next measured", words)
        assert re.search(r"f2 w +The next view", words)


@pytest.mark.parametrize("content", ["threshold = 3", "no toml", 'threshold = ""', "\x00"])
async def test_a_wrong_key_file_is_reported_and_does_no_harm(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    monkeypatch.setenv("NEURONTUI_CONFIG", str(tmp_path))
    (tmp_path / "keys.toml").write_text(content)
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        assert any("keys.toml" in notification.message for notification in app._notifications)
        await press(pilot, "t")
        assert app.session.selection.threshold == 0.2
