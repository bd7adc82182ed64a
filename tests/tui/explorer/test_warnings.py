"""Warnings about what the model read: on every screen in a few words, in full on Runs, in the report and in `info`."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.tabs import TABS
from tests.tui.cli.command_line import neurontui
from tests.tui.driving import NARROW, page_of, press, settle, text_of
from tests.tui.sample import Plan, write_sample

FIRST = "In th, 12 of 60 prompts end in white space, which the tokenizer gives a token of its own: " + (
    "the activations are read there. " * 12
)
SECOND = "In zh, 3 of 60 prompts have \x1b[31m[bold]unknown[/] tokens."
PLANS = (
    Plan(examples=6, neurons=16, layers=3),
    Plan(name="other · xnli", task="xnli", examples=6, neurons=16, layers=3, seed=2),
)


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, of which the first has two warnings."""
    path = write_sample(tmp_path_factory.mktemp("warned") / "results.duckdb", *PLANS)
    with duckdb.connect(str(path)) as connection:
        rows = [(1, "prompts", FIRST), (1, "prompts", SECOND)]
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
    return path


@pytest.mark.faults
async def test_every_screen_points_to_the_warnings(explorer: Callable[..., Explorer], warned: Path) -> None:
    app = explorer(warned)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for tab in TABS:
            await press(pilot, *(["escape"] if page_of(pilot).PAGE == "sql" else []), tab.digit)
            first = text_of(app).splitlines()[0]
            where = "below" if tab.page == "runs" else "Runs"
            assert f"! 2 warnings: see {where}" in first, first
            assert "? help" in first
        await press(pilot, "escape", "1", "down", "enter", "2")
        assert app.session.run is not None
        assert app.session.run.number == 2
        assert "warning" not in text_of(app).splitlines()[0]


async def test_runs_shows_warnings_first_and_in_full(explorer: Callable[..., Explorer], warned: Path) -> None:
    app = explorer(warned)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "1")
        details = app.screen.query_one("#details").text()  # type: ignore[attr-defined]
        flat = " ".join(details.replace("! warning", "").split())
        assert " ".join(FIRST.split()) in flat
        assert details.index("! warning") < details.index("architecture") < details.index("! data")
        assert "\x1b" not in details
        panel = app.screen.query_one("#lower")
        await press(pilot, "tab", *["pagedown"] * 5)
        assert panel.scroll_y == panel.max_scroll_y > 0


def test_the_report_and_info_name_the_warnings(warned: Path) -> None:
    info = neurontui("info", warned)
    assert f"run 1: {FIRST.strip()}" in info.out
    assert "run 2:" not in info.out
    assert "\x1b" not in info.out
    report = neurontui("report", warned)
    assert "what the model read" in report.out
    assert FIRST.strip() in report.out
    rows = neurontui("query", warned, "notes", "--run", 1, "--format", "csv").out.splitlines()
    assert [row.partition(",")[0].strip('"') for row in rows] == [
        "topic",
        "prompts",
        "prompts",
        "data",
    ]
