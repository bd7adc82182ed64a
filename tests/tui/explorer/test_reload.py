"""Runs in progress, and closing the file for a merge in another process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.store.journal.journal import Journal
from neurontui.store.journal.position import Level, PositionFile
from neurontui.store.writer import PAUSE
from neurontui.tui.explorer import file_watcher as watch
from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import WIDE, page_of, press, settle, text_of, until
from tests.tui.sample import Plan, journalled, write_sample

SMALL = Plan(examples=10, neurons=16, layers=3, attribution=False, ablation=False)
MERGE = """
import sys
from pathlib import Path
from neurontui.store.merge.merge import merge
merge(Path(sys.argv[1]), Path(sys.argv[2]), wait=lambda *_: None)
"""


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurontui.tui.explorer.reload.EVERY", 0.1)


def test_a_merge_waits_less_than_two_seconds_for_an_open_explorer() -> None:
    """At worst a whole round of each: the explorer looks, lets go, and the merge tries again."""
    assert watch.EVERY + PAUSE < 1.5


async def test_a_run_in_progress_shows_how_far_it_is(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    path = write_sample(tmp_path / "r.duckdb", SMALL)
    with Journal.open(path, journalled(Plan(name="being measured · fact", seed=5), n_batches=4)[0]) as journal:
        app = explorer(path)
        async with app.run_test(size=WIDE) as pilot:
            await press(pilot, "1")
            await until(pilot, lambda: "being measured · fact" in text_of(app))
            shown = text_of(app)
            assert "0 of 4 batches" in shown
            assert "measuring" in shown
            assert "measuring 0/4" in shown.splitlines()[0]
            position = (Level("being measured · fact"), Level("batch", 0, 4), Level("condition", 4, 17))
            PositionFile(journal.path).show(position)
            await pilot.pause(0.5)
            shown = text_of(app)
            assert "batch 1 of 4 · condition 5 of 17" in shown
            assert "measuring 0/4 · 6%" in shown.splitlines()[0]
    assert journal.path.exists()


async def test_the_explorer_closes_the_file_for_a_merge_and_shows_the_new_run(
    explorer: Callable[..., Explorer], tmp_path: Path
) -> None:
    path = write_sample(tmp_path / "r.duckdb", SMALL)
    manifest, tables = journalled(
        Plan(
            name="arrived · fact",
            examples=10,
            neurons=16,
            layers=3,
            attribution=False,
            ablation=False,
            seed=5,
        )
    )
    with Journal.open(path, manifest) as journal:
        journal.write(0, tables, seconds=1.0, tokens=10)
    app = explorer(path)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "2")
        assert len(app.session.runs) == 1
        merging = subprocess.Popen([sys.executable, "-c", MERGE, str(journal.path), str(path)])
        try:
            await until(pilot, lambda: len(app.session.runs) == 2 and merging.poll() is not None)
            assert merging.wait(10) == 0
        finally:
            merging.kill()
        await settle(pilot)
        assert [run.name for run in app.session.runs] == [SMALL.name, "arrived · fact"]
        assert page_of(pilot).PAGE == "layers"
        assert "Type ratio by layer" in text_of(app)
        await press(pilot, "1")
        assert "arrived · fact" in text_of(app)


async def test_a_file_that_was_replaced_is_read_again(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    path = write_sample(tmp_path / "r.duckdb", SMALL)
    other = write_sample(
        tmp_path / "other.duckdb",
        Plan(
            name="replaced · fact",
            examples=10,
            neurons=16,
            layers=3,
            attribution=False,
            ablation=False,
        ),
    )
    app = explorer(path)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "2")
        await pilot.pause(0.5)  # the file has been looked at
        other.rename(path)
        await until(pilot, lambda: app.session.runs and app.session.runs[0].name == "replaced · fact")
        await settle(pilot)
        assert app.session.run is not None
        assert app.session.run.name == "replaced · fact"
        assert "replaced · fact" in text_of(app)
