"""The first screen: what the runs say of every claim, and the way from a claim to its evidence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.handed_sql import handed_sql
from neurontui.tui.explorer.screen_registry import make_page
from neurontui.tui.explorer.screens.findings.evidence import EVIDENCE
from neurontui.tui.explorer.screens.findings.screen import NOTED
from neurontui.tui.explorer.widgets.grid import Grid
from tests.queries.token_stores import Design, write_designs
from tests.tui.driving import NARROW, explorer_of, page_of, press, settle, text_of, until
from tests.tui.sample import Plan, write_sample


async def _wait_for_all(app: Explorer, pilot: object) -> None:
    while "…" in "".join(text_of(app).splitlines()[3:16]):
        await settle(pilot)  # type: ignore[arg-type]


async def test_the_explorer_opens_on_its_findings(explorer: Callable[..., Explorer]) -> None:
    app = explorer(start="findings")
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await _wait_for_all(app, pilot)
        shown = text_of(app)
        assert page_of(pilot).PAGE == "findings"
        assert shown.count("● ") >= 3, "three sentences"
        assert "●1 2 3" in shown
        tables = page_of(pilot).tables()["claims"]
        assert sorted(set(tables["run"].to_pylist())) == [1, 2, 3]
        assert set(tables["claim"].to_pylist()) == set(EVIDENCE)
        await press(pilot, "full_stop")
        await _wait_for_all(app, pilot)
        assert (page_of(pilot).PAGE, app.session.run and app.session.run.number) == ("findings", 2)
        assert " 1●2 3" in text_of(app)
        await press(pilot, "comma", "comma")
        assert app.session.run is not None
        assert app.session.run.number == 3


def test_every_claim_has_evidence_in_a_view_that_exists() -> None:
    for claim, evidence in EVIDENCE.items():
        views = [view.name for view in getattr(make_page(evidence.page), "views", ())]
        assert evidence.view in ("", *views), claim


@pytest.fixture
def one_run(tmp_path: Path) -> Path:
    write_sample(tmp_path / "one.duckdb", Plan(ablation=False, examples=20))
    return tmp_path / "one.duckdb"


@pytest.mark.parametrize("n_runs", [1, 2])
async def test_no_claim_is_cut(n_runs: int, one_run: Path, demo_runs: Path) -> None:
    app = explorer_of(one_run if n_runs == 1 else demo_runs, start="findings")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await until(pilot, lambda: len(set(page_of(pilot).tables()["claims"]["run"].to_pylist())) == n_runs)
        await settle(pilot)
        for width in (120, 80, 100, 160):
            await pilot.resize_terminal(width, 30)
            await settle(pilot)
            grid = page_of(pilot).query_one("#claims", Grid)
            texts = grid.table["words"].to_pylist()
            assert grid._column_widths is not None
            assert max(map(cell_len, texts)) <= (grid._column_widths[0] or 0), "cut"
            lines = text_of(app).splitlines()
            for words in texts[: grid.scrollable_content_region.height - 1]:
                assert any(line.strip().startswith(f"{words} ") for line in lines), words
            assert "…" not in "".join(lines[3:]), width
            assert max(map(cell_len, texts)) > (60 if width >= 120 else 28 if width == 100 else 20)


async def test_enter_opens_the_evidence_of_a_claim(explorer: Callable[..., Explorer]) -> None:
    app = explorer(start="findings")
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        claims = page_of(pilot).answers["claims"]["claim"].to_pylist()
        for claim in ("task-matters", "types-vary", "relatives-share-no-more", "all-shared-beyond-control"):
            await press(pilot, "0")
            page_of(pilot).query_one("#claims", Grid).move_cursor(row=claims.index(claim))
            await press(pilot, "enter")
            page = page_of(pilot)
            assert EVIDENCE[claim].page == page.PAGE, claim
            view = getattr(page, "view", None)
            assert EVIDENCE[claim].view in ("", view and view.name), claim
            if EVIDENCE[claim].other_task:
                assert app.session.second is not None
                assert app.session.second.name == "bloom-demo · xnli"
            await press(pilot, "escape")
            assert page_of(pilot).PAGE == "findings", claim


async def test_a_sorted_claim_keeps_its_words_and_evidence(one_run: Path) -> None:
    app = explorer_of(one_run, start="findings")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "greater_than_sign")
        grid = page_of(pilot).query_one("#claims", Grid)
        claim = grid.row_values()["claim"]
        assert claim != page_of(pilot).answers["claims"]["claim"][0].as_py()
        assert page_of(pilot)._claim()["claim"] == claim  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert EVIDENCE[claim].page == page_of(pilot).PAGE


async def test_the_note_on_last_tokens_is_added_later(tmp_path: Path) -> None:
    """The first table lacks the note; what is shown and exported in the end is the whole query."""
    write_designs(tmp_path / "tokens.duckdb", [Design(token=0.6, clusters=20, neurons=100, layers=2)])
    app = explorer_of(tmp_path / "tokens.duckdb", start="findings")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await until(pilot, lambda: f"{NOTED}1" in page_of(pilot).answers)
        results = app.session.query_runner.results
        quick, noted = (results.query("claims", run=1, note=note).to_pylist() for note in (False, True))
        shown = page_of(pilot).tables()["claims"].to_pylist()
        assert [row["finding"] for row in shown] == [row["finding"] for row in noted]
        assert [row["verdict"] for row in quick] == [row["verdict"] for row in noted]
        assert "WHERE true" in "".join(handed_sql(page_of(pilot).handed().values(), results))
