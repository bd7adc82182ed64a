"""A screen shows what was asked for on it: no filter of another screen, and the neuron that was last looked at."""

from collections.abc import Callable

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.grid import Grid
from tests.tui.driving import NARROW, page_of, press, settle, text_of


async def test_a_filter_set_on_the_way_to_a_screen_ends_with_the_way(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "right", "right", "enter")
        assert "only layer 2" in text_of(app).splitlines()[2]
        assert "bksp clear filter" in text_of(app).splitlines()[-1]
        await press(pilot, "4", "5")
        assert app.session.selection.layer_filter is None
        assert "clear filter" not in text_of(app)
        await press(pilot, "f", "3", "down", "enter")
        assert (app.session.selection.type, app.session.selection.speaks) == ("specific", "de")
        await press(pilot, "escape", "5")
        assert (app.session.selection.type, app.session.selection.speaks) == ("non-activated", "")
        await press(pilot, "f", "u", "u", "b")
        assert "only de, layer 2" in text_of(app).splitlines()[2]
        await press(pilot, "backspace")
        assert app.session.selection.layer_filter is None
        assert app.session.selection.speaks == ""


async def test_the_row_of_the_sharing_matrix_filters_no_inputs(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "3", "down", "down", "7")
        assert "all inputs" in text_of(app)
        await press(pilot, "u", "u")
        assert "only de inputs" in text_of(app)
        await press(pilot, "3")
        assert app.session.selection.language == "es", "the cursor stays where it was"
        await press(pilot, "7", "backspace")
        assert "all inputs" in text_of(app)


async def test_6_returns_to_the_neuron_last_looked_at(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "right", "enter", "down", "enter")
        card = app.session.selection.card
        assert card[0] == 1
        await press(pilot, "escape", "escape", "right", "right")
        assert app.session.selection.layer == 3
        await press(pilot, "6")
        assert app.session.selection.card == card
        assert f"layer 1 · neuron {card[1]}" in text_of(app)
        await press(pilot, "2")
        assert app.session.selection.layer == 3, "the layer of the chart is its own"
        app.session.choose_run(app.session.runs[2].key)  # of another model
        await press(pilot, "6")
        assert app.session.selection.neuron_layer == 3
        assert not app._notifications


async def test_the_example_shown_is_in_the_list(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4", "w")
        page = page_of(pilot)
        right = page.answers["list"].column("example").to_pylist()
        shown = app.session.selection.example
        assert shown in right or not right
        await press(pilot, "w")
        wrong = page.answers["list"].column("example").to_pylist()
        assert app.session.selection.example in wrong
        assert "only incorrect" in text_of(app)
        missing = next((number for number in range(40) if number not in wrong), None)
        if missing is None:
            return
        app.open_detail("neuron", layer=0, neuron=0)
        await settle(pilot)
        app.open_detail("examples", example=missing)
        await settle(pilot)
        assert app.session.selection.example == missing
        assert page.query_one("#examples-list", Grid).row_values()["example"] == missing


async def test_the_last_line_names_what_the_arrow_keys_move(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        for keys, words in (
            ("2", "←→ layer"), ("v", "←→ number of languages"), ("v", "←→ threshold"), ("4", "↑↓ example"),
            ("3", "↑↓←→ language"), ("v", "↑↓ language  ←→ layer"), ("5", "↑↓ neuron"), ("v", "←→ number of examples"),
            ("8", "↑↓ condition  ←→ language"), ("1", "enter select"),
        ):  # fmt: skip
            await press(pilot, keys)
            assert words in text_of(app).splitlines()[-1], words
