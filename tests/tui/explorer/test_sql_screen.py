"""The SQL screen: run, complete, recall, explain, fail in the right place, stop."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.screens import sql
from neurontui.tui.explorer.screens.sql import SqlPage
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.widgets.grid import Grid
from tests.tui.driving import NARROW, page_of, press, settle, text_of, until

SLOW = "SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3"


def sql_page(pilot: Pilot[None]) -> SqlPage:
    page = page_of(pilot)
    assert isinstance(page, SqlPage)
    return page


async def run(pilot: Pilot[None], statement: str) -> None:
    editor = sql_page(pilot).query_one(Editor)
    editor.focus()
    editor.text = statement
    await press(pilot, "ctrl+r")


async def test_results_show_rows_time_and_types(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", "ctrl+r")
        shown = text_of(app)
        assert "4 rows in" in shown
        assert "non-activated" in shown
        total = sum(sql_page(pilot).query_one(Grid).table.column("n").to_pylist())
        assert total == sum(run.get("n_examples") * run.get("n_neurons") for run in app.session.runs)


async def test_nan_infinity_and_null_are_shown_and_copied_apart(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT 'nan'::DOUBLE AS a, '-inf'::DOUBLE AS b, NULL::DOUBLE AS c, [1.5, 'nan'::DOUBLE] AS d")
        [row] = [line for line in text_of(app).splitlines() if "-inf" in line and "SELECT" not in line]
        assert row.split() == ["nan", "-inf", "–", "1.5,", "nan"]
        await press(pilot, "escape", "y")
        assert "nan" in app.clipboard.lower()


async def test_an_error_is_shown_where_the_query_is(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT 1;\n\nSELECT run,\n  nme\nFROM runs")
        editor = sql_page(pilot).query_one(Editor)
        editor.move_cursor((3, 0))
        await press(pilot, "ctrl+r")
        assert editor.bad_line == 3
        assert editor.cursor_location == (3, 2)
        assert "✗ line 2, column 3" in text_of(app)
        await press(pilot, "x")
        assert editor.bad_line is None


async def test_completion_offers_and_takes(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", *"SELECT", "space", "asterisk", "space", *"FROM", "space", *"neur")
        shown = text_of(app)
        assert "neuron_masks" in shown
        assert "table" in shown
        await press(pilot, "down", "up", "tab")
        editor = sql_page(pilot).query_one(Editor)
        assert editor.text == "SELECT * FROM neuron_types" or editor.text.startswith("SELECT * FROM neuron")
        assert not sql_page(pilot).query_one("#offers").display


async def test_the_name_of_a_query_becomes_its_sql(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", *"type-ratio-by-l", "tab")
        editor = sql_page(pilot).query_one(Editor)
        assert "mask_histogram" in editor.text
        assert "$" not in editor.text
        await press(pilot, "ctrl+r")
        assert sql_page(pilot).query_one(Grid).table.num_rows > 20


async def test_history_comes_back_in_the_first_line(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT 41 AS a")
        await run(pilot, "SELECT 42 AS b")
        editor = sql_page(pilot).query_one(Editor)
        editor.text = "draft"
        await press(pilot, "up")
        assert editor.text == "SELECT 42 AS b"
        await press(pilot, "up")
        assert editor.text == "SELECT 41 AS a"
        await press(pilot, "down", "down")
        assert editor.text == "draft"


async def test_a_long_query_is_stopped_by_esc(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        editor = sql_page(pilot).query_one(Editor)
        editor.text = SLOW
        await pilot.press("ctrl+r")
        await until(pilot, lambda: sql_page(pilot).waiting and "running" in text_of(app))
        await pilot.press("escape")
        await settle(pilot)
        assert "cancelled" in text_of(app)
        await run(pilot, "SELECT 1 AS still_alive")
        assert "still_alive" in text_of(app)


async def test_a_time_limit_stops_it_too(explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "SECONDS", (0.3,))
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, SLOW)
        assert "took longer than 0.3 s" in text_of(app)


async def test_many_rows_are_cut_and_exported_whole(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sql, "LIMITS", (1000, 2000))
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT * FROM range(5000)")
        shown = text_of(app)
        assert "1,000 rows" in shown
        assert "stopped at 1,000 rows" in shown
        await press(pilot, "escape")
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("down", "down", "down", "enter")  # parquet
        await until(pilot, lambda: list(tmp_path.glob("*.parquet")))
        [path] = tmp_path.glob("*.parquet")
        assert pq.read_table(path).num_rows == 5000


async def test_a_search_in_many_rows_leaves_the_keys_working(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT 'word ' || range AS word FROM range(100_000)")
        await press(pilot, "escape")
        grid = sql_page(pilot).query_one(Grid)
        grid.needle = "nowhere"
        await pilot.press("n", "j", "j")
        await pilot.pause()
        assert grid.cursor_coordinate.row == 2
        grid.needle = "WORD 7000"
        await pilot.press("n")
        await app.workers.wait_for_complete()
        assert grid.cursor_coordinate.row == 7000


async def test_from_the_chips_one_comes_back_to_the_results(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", "escape", "L", "escape", "6")
        assert page_of(pilot).PAGE == "neuron", "and does not type into the editor"


async def test_handing_to_sql_from_there_keeps_what_one_wrote(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        editor = sql_page(pilot).query_one(Editor)
        editor.text = "SELECT 42"
        await press(pilot, "escape", "x")
        assert editor.text == "SELECT 42"
        assert editor.has_focus


async def test_numbers_far_below_are_not_cut(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT range AS n, -range AS less, range / 7 AS part FROM range(90_000)")
        await press(pilot, "escape", "G")
        shown = text_of(app)
        assert "89999" in shown
        assert "-89999" in shown
        assert "12857" in shown


async def test_explain_opens_the_plan(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", "ctrl+g")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        assert "Group By" in text_of(app)


async def test_an_error_of_explain_is_shown_where_the_query_is(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        editor = sql_page(pilot).query_one(Editor)
        editor.text = "SELECT run FRM runs r"
        await press(pilot, "ctrl+r")
        cursor, shown = editor.cursor_location, text_of(app).splitlines()[11]
        editor.move_cursor((0, 0))
        await press(pilot, "ctrl+g")
        assert editor.cursor_location == cursor
        assert text_of(app).splitlines()[11][:30] == shown[:30]


async def test_what_tables_mean_is_said_in_full(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9", "escape", "d")
        assert isinstance(app.screen, Reading)
        assert "…" not in "".join(text_of(app).splitlines()[1:4])


async def test_every_screen_hands_its_query_over(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        for digit in "12345678":
            await press(pilot, digit)
            await press(pilot, "x")
            page = sql_page(pilot)
            assert page.query_one(Grid).table.num_columns > 1, digit
            assert "rows in" in text_of(app) or "1 row in" in text_of(app)
            await press(pilot, "escape")
            assert page_of(pilot).PAGE != "sql"


async def test_what_a_view_shows_is_what_it_hands_over(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "v")
        assert next(iter(page_of(pilot).tables())) == "type-ratio-by-language-count"
        await press(pilot, "x")
        assert "n_languages" in sql_page(pilot).query_one(Grid).table.column_names
        await press(pilot, "escape", "V", "c")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.session.run is not None
        assert app.session.second is not None
        both = page_of(pilot).tables()["type-ratio-by-layer"].num_rows
        await press(pilot, "x")
        handed = sql_page(pilot).query_one(Grid).table
        numbers = {app.session.run.number, app.session.second.number}
        assert set(handed.column("run").to_pylist()) == numbers, "the rows of both runs"
        assert handed.num_rows == both
        await press(pilot, "escape", "d", "x")
        assert "difference" in sql_page(pilot).query_one(Grid).table.column_names


async def test_a_value_opens_in_full(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "9")
        await run(pilot, "SELECT repeat('long ', 200) AS words")
        await press(pilot, "escape")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
