"""A neuron's activation over the words: on its card and below an example; and enter on rows of any table."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from neurontui.tui.charts.palette import shade
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.screens.row_detail import RowDetail, row_detail
from neurontui.tui.explorer.screens.sql import SqlPage
from neurontui.tui.explorer.sql_editor.editor import Editor
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat_grid import HeatGrid
from neurontui.tui.explorer.widgets.styled_text import palette_of
from tests.tui.driving import NARROW, WIDE, page_of, press, settle, text_of
from tests.tui.sample import Plan, write_sample


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = Plan(examples=6, neurons=16, layers=3, ablation=False, languages=("en", "ru", "th", "zh"))
    other = Plan(name="other · fact", examples=3, neurons=16, layers=3, ablation=False, attribution=False, seed=2)
    return write_sample(tmp_path_factory.mktemp("heat") / "r.duckdb", plan, other)


def papers(app: Explorer, line_with: str) -> list[tuple[str, str]]:
    """(text, background) of the segments of the last line that contains a text."""
    strips = app.screen._compositor.render_strips(app.size)
    [*_, strip] = [strip for strip in strips if line_with in strip.text]
    shown = [(segment.text, segment.style) for segment in strip]
    return [(text, style.bgcolor.name.upper()) for text, style in shown if style is not None and style.bgcolor]


async def test_the_card_shows_the_values_of_the_file(explorer: Callable[..., Explorer], path: Path) -> None:
    app = explorer(path)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "1")
        app.open_detail("neuron", layer=1, neuron=3)
        await settle(pilot)
        grid = page_of(pilot).query_one(HeatGrid)
        row = grid.row_values(0)
        assert f"{row['language']}  example {row['example']}  A " in text_of(app)
        [stored] = app.session.query_runner.results.sql(
            "SELECT tokens, activations FROM neuron_token_values JOIN prompt_tokens USING (run, example, language) "
            f"WHERE run = 1 AND layer = 1 AND neuron = 3 AND example = {row['example']} "
            f"AND language = '{row['language']}'"
        ).to_pylist()
        tokens, values = stored["tokens"], stored["activations"]
        heat = grid.heat[row["example"], row["language"]]
        assert [(token.text, token.value) for token in heat] == list(zip(tokens, values, strict=True))
        largest = max(abs(token.value) for tokens in grid.heat.values() for token in tokens)
        assert grid.extent == largest
        expected = [shade(value / largest, (-1.0, 1.0), True, palette_of(grid)) for value in values]
        shown = dict(papers(app, f"  {tokens[0]}"))
        assert [shown[token] for token in tokens] == expected


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_similar_neurons_are_listed_and_opened(
    explorer: Callable[..., Explorer], path: Path, size: tuple[int, int]
) -> None:
    app = explorer(path)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "1")
        app.open_detail("neuron", layer=1, neuron=3)
        await settle(pilot)
        await press(pilot, "v")
        row = page_of(pilot).query_one(Grid).row_values(0)
        results = app.session.query_runner.results
        [first] = results.query("similar-neurons", run=1, layer=1, neuron=3, limit=1).to_pylist()
        assert (row["layer"], row["neuron"]) == (first["layer"], first["neuron"])
        await press(pilot, "enter")
        assert app.session.selection.card == (first["layer"], first["neuron"])
        await press(pilot, "v")
        assert "A at the token of measurement" in text_of(app)
        assert all(cell_len(line) <= size[0] for line in text_of(app).splitlines())
        await press(pilot, "v")
        assert page_of(pilot).query_one(Grid).row_values(0)["rank"] == 1


async def test_all_tokens_and_inputs_are_in_the_full_text(explorer: Callable[..., Explorer], path: Path) -> None:
    app = explorer(path)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "1")
        app.open_detail("neuron", layer=1, neuron=3)
        await settle(pilot)
        await press(pilot, "f")
        assert isinstance(app.screen, Reading)
        text = app.screen._sheet.text()
        rows = app.session.query_runner.results.query("neuron-tokens", run=1, layer=1, neuron=3).to_pylist()
        assert rows
        for row in rows:
            assert f"{row['logit']:+.2f}" in text
            assert row["token"].strip() in text
        for prompt in app.session.query_runner.results.query("neuron-examples", run=1, layer=1, neuron=3)["prompt"]:
            assert all(word in text for word in prompt.as_py().split())


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_the_neuron_under_the_cursor_is_shown_over_the_prompts(
    explorer: Callable[..., Explorer], path: Path, size: tuple[int, int]
) -> None:
    app = explorer(path)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "1")
        await press(pilot, "4")
        assert "A at each token" not in text_of(app)
        await press(pilot, "tab")
        page = page_of(pilot)
        for _ in range(40):
            row = page.query_one("#top", Grid).row_values()
            values = page.answers["heat"]
            name = f"layer {row['layer']} · neuron {row['neuron']}: "
            sentence = "A at each token" if values.num_rows else "not stored at every token of this example"
            assert name + sentence[:20] in text_of(app)
            assert all(cell_len(line) <= size[0] for line in text_of(app).splitlines())
            if values.num_rows:
                break
            await press(pilot, "down")
        else:
            pytest.fail("no neuron has values here")
        await press(pilot, "tab")
        assert name not in text_of(app)


async def query(pilot: Pilot[None], statement: str, *keys: str) -> None:
    page = page_of(pilot)
    assert isinstance(page, SqlPage)
    editor = page.query_one(Editor)
    editor.focus()
    editor.text = statement
    await press(pilot, "ctrl+r", "escape", *keys)


@pytest.mark.parametrize(
    ("statement", "keys", "screen", "run"),
    [
        ("SELECT 2 AS layer, 5 AS neuron", (), "neuron", 1),
        ("SELECT 2 AS layer, 5 AS neuron, 4 AS example", ("right", "right"), "examples", 1),
        ("SELECT 4 AS example", (), "examples", 1),
        ("SELECT 2 AS layer, 5 AS neuron, 2 AS run", (), "neuron", 2),
        ("SELECT 2 AS layer, 5 AS neuron, 99 AS run", (), "", 1),
        ("SELECT 'words' AS text, 2 AS layer, 5 AS neuron", (), "", 1),
        ("SELECT 1 AS n", (), "", 1),
    ],
)
async def test_enter_opens_what_a_row_of_sql_is_about(
    explorer: Callable[..., Explorer], path: Path, statement: str, keys: tuple[str, ...], screen: str, run: int
) -> None:
    app = explorer(path)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "1", "9")
        await query(pilot, statement, *keys, "enter")
        assert app.session.run is not None
        assert app.session.run.number == run
        if not screen:
            assert isinstance(app.screen, Reading)
            return
        assert screen == page_of(pilot).PAGE
        if screen == "neuron":
            assert app.session.selection.card == (2, 5)
        else:
            assert app.session.selection.example == 4
        await press(pilot, "escape")
        assert page_of(pilot).PAGE == "sql"


def test_rows_that_are_about_nothing() -> None:
    assert row_detail({"layer": 1, "neuron": 2}) == RowDetail("neuron", {"layer": 1, "neuron": 2}, None)
    assert row_detail({"layer": 1, "neuron": -2}) is None
    assert row_detail({"layer": True, "neuron": 2}) is None
    assert row_detail({"layer": 1.5, "neuron": 2, "example": 3}) == RowDetail("examples", {"example": 3}, None)
    assert row_detail({"layer": 1, "neuron": 1 << 40}) is None
    assert row_detail({}) is None
