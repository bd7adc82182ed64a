"""Notices say what is so, and enter goes where they point."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.screens.published import PublishedTable
from tests.tui.driving import NARROW, explorer_of, page_of, press, settle, text_of
from tests.tui.sample import Plan, write_sample


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A run with right answers only, whose ablation has no ranked choices and no controls, and one with everything."""
    path = write_sample(tmp_path / "odd.duckdb", Plan(name="odd · fact", examples=6), Plan(examples=6, seed=2))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE examples SET correct = true WHERE run = 1")
        connection.execute("UPDATE ablation_examples SET rank_correct = NULL, valid = NULL WHERE run = 1")
        connection.execute("DELETE FROM ablation_examples WHERE run = 1 AND condition > 4")
        connection.execute("DELETE FROM conditions WHERE run = 1 AND condition > 4")
    return path


async def shown(pilot: Pilot[None], *keys: str) -> str:
    await press(pilot, *keys)
    await settle(pilot)
    assert isinstance(pilot.app, Explorer)
    return text_of(pilot.app)


async def test_notices_say_what_is_so_and_enter_follows_them(odd: Path) -> None:
    app = explorer_of(odd)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        words = await shown(pilot, "2", "V")
        assert "All 60 answers are right" in words
        assert "No answers were judged" not in words
        await press(pilot, "enter")
        assert page_of(pilot).PAGE == "examples"
        words = await shown(pilot, "8", "r")
        assert "This run has no choice with the highest probability" in words
        assert "generated answers" in await shown(pilot, "enter")
        assert "baseline" in text_of(app)
        words = await shown(pilot, "v", "v")
        assert "This run has no controls" in words
        await press(pilot, "enter")
        assert page_of(pilot).view.name == "dose"  # type: ignore[attr-defined]


async def test_a_notice_about_a_missing_measure_leads_to_a_run_that_has_it(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.session.choose_run(app.session.runs[1].key)
        for keys in (("8",), ("r",), ("r",)):
            words = await shown(pilot, *keys)
            assert "No ablation in this run" in words, "whatever the measure"
            assert "Other runs here have it: 1 bloom-demo · fact." in words
        await press(pilot, "enter")
        assert app.session.run == app.session.runs[0]
        assert "baseline" in text_of(app)
        await press(pilot, "2", "v")
        app.session.select(replace(app.session.selection, languages=("en",)))
        await settle(pilot)
        assert "At least three languages are needed" in text_of(app)
        await press(pilot, "enter")
        assert app.session.selection.languages == ()
        assert "At least three" not in text_of(app)
        layer = app.session.selection.layer
        await press(pilot, "V", "right")
        assert app.session.selection.layer == layer + 1, "the chart has the focus again"


async def test_numbers_of_the_paper_are_shown_for_its_own_model_or_when_asked_for(
    explorer: Callable[..., Explorer], demo_runs: Path
) -> None:
    app = explorer_of(demo_runs, run=1)
    async with app.run_test(size=(160, 45)) as pilot:
        assert "the paper  " not in await shown(pilot, "8")
        words = await shown(pilot, "p")
        assert "the paper  " in words
        assert "bloomz-7b1, not this run's model" in words
        table, run = page_of(pilot).answers["published"], app.session.run
        own = table.set_column(table.column_names.index("same_model"), "same_model", [[True] * table.num_rows])
        assert PublishedTable().rows(own, run)
        assert not PublishedTable().rows(table, run)


async def test_the_column_of_intervals_is_shown_only_where_there_are_any(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        assert "±95 %" in await shown(pilot, "7", "v", "v", "v", "v")
        assert "±95 %" not in await shown(pilot, "r")
