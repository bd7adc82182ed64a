"""Pictures of what is on the screen: its style, and the run, examples, threshold and languages in every one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.tui.charts.model import Bars, Chart, Matrix
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.picture_captions import caption_lines
from neurontui.tui.explorer.screens.chart_page import ChartPage
from tests.tui.driving import WIDE, page_of, press, settle, text_of, until


def words_of(page: ChartPage) -> str:
    """The lines below the first picture of a screen."""
    return "\n".join(caption_lines(page, page.drawings()[0]))


async def test_a_picture_has_the_style_of_the_screen_and_says_what_was_measured(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        page = page_of(pilot)
        assert isinstance(page, ChartPage)
        for place, style in enumerate(page.STYLES):
            page.style = place
            page.redraw()
            [chart] = page.drawings()
            assert isinstance(chart, Chart)
            assert (chart.stacked, chart.panels) == (style == "stacked", style == "panels")
        run, *others = app.session.runs
        assert f"{run.name} · n = 40 examples · 10 languages: {' '.join(run.languages)}" in words_of(page)
        assert "activation > 0" in words_of(page)
        app.session.select(replace(app.session.selection, languages=("de", "th", "zh"), second=others[0].key))
        await settle(pilot)
        shared = [code for code in ("de", "th", "zh") if code in others[0].languages]
        first, second = (line for line in words_of(page).split("\n") if "n = " in line)
        assert first.endswith(f": {' '.join(shared or ['de', 'th', 'zh'])}")
        assert second.startswith(f"compared with {others[0].name} · n = {others[0].get('n_examples')} examples")
        app.session.select(replace(app.session.selection, languages=(), second=""))
        await press(pilot, "8")
        ablation = page_of(pilot)
        assert "n = 400 inputs" in "\n".join(caption_lines(ablation, ablation.drawings()[0]))


async def test_a_chart_without_values_is_not_offered(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = (Chart("no curves", (), ()), Matrix("no rows", (), (), ()), Bars("no bars"))
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "2")
        page = page_of(pilot)
        monkeypatch.setattr(page, "drawings", lambda: empty)
        await press(pilot, "e")
        assert "type-ratio-by-layer" in text_of(app)
        assert [drawing.title for drawing in empty if drawing.title in text_of(app)] == []


async def test_a_failure_while_saving_is_reported(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Path:
        raise ValueError("unforeseen")

    monkeypatch.setattr("neurontui.tui.explorer.export_files.save", fails)
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "2", "e")
        await pilot.press("enter")
        await until(pilot, lambda: any("internal error (ValueError)" in note.message for note in app._notifications))
        assert app.is_running
