"""The Examples screen as a picture: neurons by language, in the order of the key, and what opens on enter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.picture_grid import PictureGrid
from tests.queries.answer_stores import make_answers, write_answers
from tests.tui.driving import NARROW, WIDE, page_of, press, text_of
from tests.tui.sample import Plan, write_sample


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = Plan(examples=6, neurons=16, layers=3, ablation=False, languages=("en", "ru", "th", "zh"))
    return write_sample(tmp_path_factory.mktemp("picture") / "r.duckdb", plan)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("order", ["contribution", "type"])
async def test_the_picture_has_the_rows_of_the_query(
    explorer: Callable[..., Explorer], path: Path, size: tuple[int, int], order: str
) -> None:
    app = explorer(path)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "1", "4", "d", *("d" if order == "type" else ""))
        grid = page_of(pilot).query_one(PictureGrid)
        results = app.session.query_runner.results
        rows = results.query("example-matrix", run=1, example=0, order=order).to_pylist()
        shown = [(row["layer"], row["neuron"]) for row in grid.table.to_pylist()]
        assert shown == [(row["layer"], row["neuron"]) for row in rows]
        marks = "".join("●" if code in rows[0]["languages"] else "·" for code in ("en", "ru", "th", "zh"))
        lines = [line.split("│")[-1] for line in text_of(app).splitlines()]
        [drawn] = [
            line for line in lines if line.split()[:2] == [str(number) for number in shown[0]] and set(line) & set("●·")
        ]
        assert marks == "".join(character for character in drawn if character in "●·")
        await press(pilot, "enter")
        assert app.session.selection.card == shown[grid.cursor_coordinate.row]


async def test_what_differs_is_ranked_over_all_examples_and_drawn_for_this_one(
    explorer: Callable[..., Explorer], tmp_path: Path
) -> None:
    answers = make_answers(7, planted=5)
    app = explorer(write_answers(tmp_path / "r.duckdb", answers))
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "1", "4", "d", "d", "d")
        page = page_of(pilot)
        for example in (0, 1):
            rows = page.query_one(PictureGrid).table.to_pylist()
            assert {(row["layer"], row["neuron"]) for row in rows[:5]} == set(answers.planted)
            languages = list(page.answers["prompts"]["language"].to_pylist())
            right = [code for code, correct in zip(languages, answers.correct[example], strict=True) if correct]
            assert all(row["languages"] == right for row in rows[:5])
            assert all(row["p_of_all"] <= 0.05 for row in rows[:5])
            await press(pilot, "right_square_bracket")
        assert "Active where right, not where wrong" in text_of(app)


async def test_a_run_without_answers_says_what_is_missing(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    answers = make_answers(1)
    answers.correct[:] = True
    app = explorer(write_answers(tmp_path / "r.duckdb", answers))
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "1", "4", "d")
        assert "No attribution in this run" in text_of(app)
        await press(pilot, "d", "d")
        assert "Nothing to compare in this run" in text_of(app)
