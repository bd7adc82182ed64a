"""Keys work on what is shown: after notices, on the language chips, in dialogs, in the search and in the SQL editor."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from textual.widgets import OptionList

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.dialogs.dialog import Choice
from neurontui.tui.explorer.screens.sql import SqlPage
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.widgets.chips import Chips
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from tests.tui.driving import NARROW, page_of, press, settle, text_of
from tests.tui.slow import slow_down, type_ahead, type_slowly


async def test_arrows_work_after_a_notice_and_after_a_click_beside_the_chart(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.session.choose_run(app.session.runs[1].key)  # without answers and attribution
        await press(pilot, "2", "V")
        assert "No answers were judged" in text_of(app)
        await press(pilot, "v", "right")
        assert app.session.selection.layer == 1
        await pilot.click("#title")
        await press(pilot, "right")
        assert app.session.selection.layer == 2
        await press(pilot, "7")
        app.session.choose_run(app.session.runs[0].key)
        await press(pilot, "right")
        assert app.session.selection.layer == 3
        await press(pilot, "3", "L", "O")
        assert "Sharing needs two languages" in text_of(app)
        await press(pilot, "A", "escape", "down")
        assert page_of(pilot).query_one(Heat).row == 1


async def test_letters_on_the_chips_find_a_language_and_another_screen_takes_the_focus(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "L", *"th", "space")
        assert "th" not in app.session.selection.active(app.session.run.languages)
        await press(pilot, *"tr", "space", *"zh", "space")
        assert app.session.selection.languages == ("en", "de", "es", "fr", "pt", "ru", "vi")
        await press(pilot, "q")
        assert app.is_running
        assert "no code begins with “q”" in text_of(app)
        await press(pilot, "3", "v", "2", "right")
        assert app.session.selection.layer == 1, "the chips have lost the focus"
        await press(pilot, "tab")
        assert not page_of(pilot).query_one(Chips).has_focus
        assert page_of(pilot).query_one(LayerChart).has_focus


async def test_a_search_without_a_match_is_reported(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4", "slash", *"Allemx")
        assert "no row contains “Allemx”" in text_of(app)
        await press(pilot, "backspace")
        assert "no row contains" not in text_of(app)
        await press(pilot, "z", "enter", "n")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert [note.message for note in app._notifications] == ["No row contains “Allemz”."]


async def test_a_digit_chooses_the_run_to_compare_with(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "c", "3")
        assert app.session.second is not None
        assert app.session.second.number == 3
        await press(pilot, "c", "0")
        assert app.session.second is None
        chosen: list[str | None] = []
        numbers = [("", " 0  none"), *((str(number), f"{number:>2}  run") for number in range(1, 13))]
        app.push_screen(Choice("Compare with", numbers), chosen.append)
        await press(pilot, "1")
        assert app.screen.query_one(OptionList).highlighted == 1
        await press(pilot, "2")
        assert chosen == ["12"]


async def test_the_editor_keeps_its_keys_until_esc_and_9_goes_to_it(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "x", "9")
        page = page_of(pilot)
        assert isinstance(page, SqlPage)
        editor = page.query_one(Editor)
        assert editor.has_focus
        before = editor.text
        await press(pilot, "ctrl+n", "tab", *"SELECT", "space", "1", "shift+tab")
        assert editor.text == "SELECT 1"
        await press(pilot, "ctrl+r")
        assert page.query_one(Grid).table.num_rows == 1
        await press(pilot, "escape", "ctrl+n", "up", "up")
        assert editor.text == before.strip()
        editor.text = "SELECT nothing"
        await press(pilot, "ctrl+r")
        assert "✗" in text_of(app)
        assert page.query_one(Grid).table == pa.table({})
        assert page.tables() == {}


async def test_letters_in_the_export_dialog_go_to_a_format(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "e", *"png", "s", "enter")
        await app.workers.wait_for_complete()
        assert [path.suffix for path in tmp_path.iterdir() if path.is_file()] == [".svg"]


@pytest.mark.parametrize("text", ["SELECT * FROM neuron_ma"])
async def test_a_completion_typed_in_a_burst_is_the_one_that_is_offered(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    slow_down(monkeypatch, longest=3.0)
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await type_slowly(pilot, "2")
        keys = [{" ": "space"}.get(letter, letter) for letter in text]
        type_ahead(app, "9", "ctrl+n", *keys, "tab")
        await settle(pilot)
        assert page_of(pilot).query_one(Editor).text == "SELECT * FROM neuron_masks"
