"""Tables in the order and with the columns that are wanted, one layer's sharing, a typed share, right against wrong."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.screens.languages.screen import LanguagesPage
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.grid_columns import fitting, in_order
from tests.tui.driving import NARROW, page_of, press, settle, text_of


async def test_any_table_is_sorted_by_a_key_and_by_its_header(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "5")
        grid = page_of(pilot).query_one(Grid)
        listed = grid.table.column("neuron").to_pylist()
        await press(pilot, "greater_than_sign", "greater_than_sign")
        assert grid.table.column("neuron").to_pylist() == sorted(listed, reverse=True)
        assert "neuron ▼" in text_of(app)
        assert "neuron: Neuron, from 0." in text_of(app), "the column is explained by its query"
        await press(pilot, "R")
        assert grid.table.column("neuron").to_pylist() == sorted(listed)
        assert grid.row_values()["neuron"] == min(listed)
        await press(pilot, "y")
        assert [int(line.split("\t")[1]) for line in app.clipboard.splitlines()[1:]] == sorted(listed)
        await press(pilot, "less_than_sign", "less_than_sign")
        assert grid.table.column("neuron").to_pylist() == listed
        column = next(line for line in text_of(app).splitlines() if "A %" in line).index("A %")
        for expected in ("A % ▼", "A % ▲"):
            await pilot.click("#neurons", offset=(column, 0))
            await settle(pilot)
            assert expected in text_of(app)
        values = grid.table.column("all_shared").to_pylist()
        assert values == sorted(values)
        await pilot.click("#neurons", offset=(column, 0))
        await settle(pilot)
        assert grid.table.column("neuron").to_pylist() == listed
        assert "Share of examples" not in text_of(app), "in the order of the query, nothing is explained"
        await press(pilot, "1", "greater_than_sign", "R")
        assert page_of(pilot).query_one(Grid).row_values()["run"] == 1
        await press(pilot, "R", "home", "enter")
        assert app.session.run.number == 3, "enter selects the run under the cursor"


@given(st.lists(st.none() | st.integers(-3, 3)), st.booleans())
def test_equal_rows_keep_their_order_and_missing_values_come_last(values: list[int | None], descending: bool) -> None:
    table = pa.table({"value": pa.array(values, pa.int64()), "place": list(range(len(values)))})
    rows = in_order(table, 0, descending).to_pylist()
    sign = -1 if descending else 1
    expected = sorted(table.to_pylist(), key=lambda row: (row["value"] is None, sign * (row["value"] or 0)))
    assert rows == expected


def test_numbers_with_intervals_are_sorted_as_numbers() -> None:
    texts = ["+3.0 ±1.0", "-29.5 ±14.1", "–", "+10.0", None]
    ordered = in_order(pa.table({"gain": texts}), 0, descending=True).column("gain").to_pylist()
    assert ordered == ["+10.0", "+3.0 ±1.0", "-29.5 ±14.1", "–", None]
    names = ["b", "10", "a"]
    assert in_order(pa.table({"name": names}), 0, descending=False).column("name").to_pylist() == sorted(names)


def test_columns_that_do_not_fit_are_left_out_by_rank() -> None:
    fields = [Field("a", "a"), Field("b", "b", rank=1), Field("c", "c", rank=2), Field("d", "d", rank=2)]
    widths = [10, 10, 10, 10]
    assert [fitting(fields, widths, room) for room in (48, 47, 35, 23, 5)] == [
        [0, 1, 2, 3],
        [0, 1, 2],
        [0, 1],
        [0],
        [0],
    ]


async def test_sharing_and_bars_of_one_layer(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "3", "b", "4", "enter", "down")
        page = page_of(pilot)
        assert isinstance(page, LanguagesPage)
        assert "only layer 4" in text_of(app)
        query = app.session.query_runner.results.query
        rows = query("sharing-matrix", run=1, layer=4).to_pylist()
        expected = {(row["language"], row["other"]): row["ratio"] for row in rows}
        matrix = page.matrix()
        assert matrix is not None
        for row, language in enumerate(matrix.rows):
            for column, other in enumerate(matrix.columns):
                assert language == other or matrix.values[row][column] == expected[language, other]
        partners = query("partial-sharing-with", run=1, language="de").to_pylist()
        assert page.scope is not None
        bars = page.view.bars(page.answers, page.scope)
        assert bars is not None
        assert {bar.name: bar.value for bar in bars.bars} == {
            row["other"]: row["ratio"] for row in partners if row["layer"] == 4
        }
        await press(pilot, "right_curly_bracket")
        assert "only layer 5" in text_of(app)
        await press(pilot, "backspace")
        assert "only layer" not in text_of(app)
        assert page.matrix() != matrix


async def test_a_share_of_examples_is_typed(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "5", "f", "f", "percent_sign", *"12.5", "enter")
        assert "type all-shared" in text_of(app)
        assert "≥ 12.5 %" in text_of(app)
        find = app.session.query_runner.results.query
        expected, fewer = (find("find-neurons", run=1, type="all-shared", share=share) for share in (12.5, 50))
        assert page_of(pilot).answers["neurons"] == expected
        assert expected.num_rows > fewer.num_rows
        await press(pilot, "plus")
        assert "≥ 25 %" in text_of(app)
        await press(pilot, "percent_sign", *"101", "enter")
        assert app._notifications


@pytest.mark.parametrize("size", [NARROW])
async def test_from_a_wrong_answer_to_the_neurons_that_differ(
    explorer: Callable[..., Explorer], size: tuple[int, int]
) -> None:
    app = explorer()
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "w", "w", "d")
        assert "Neurons by language" in text_of(app)
        await press(pilot, "d", "d")
        assert "Active where right, not where wrong" in text_of(app)
        grid = page_of(pilot).query_one("#top", Grid)
        assert grid.has_focus
        assert grid.row_values()["z_of_all"] > 0
        await press(pilot, "enter")
        assert page_of(pilot).PAGE == "neuron"


async def test_top_neurons_by_contribution_in_a_language(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "7", "V", "u", "u")
        assert "mean over de inputs" in text_of(app)
        expected = app.session.query_runner.results.query("top-neurons", run=1, languages="de").to_pylist()
        grid = page_of(pilot).query_one("#top-neurons", Grid)
        assert grid.table.to_pylist() == expected
        await press(pilot, "down", "enter")
        assert app.session.selection.card == (expected[1]["layer"], expected[1]["neuron"])
