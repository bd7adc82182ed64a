"""The first screen: what the runs say of every claim, and the way from a claim to its evidence."""

from collections.abc import Callable

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.screen_registry import make_page
from neurontui.tui.explorer.screens.findings.evidence import EVIDENCE
from neurontui.tui.explorer.widgets.grid import Grid
from tests.tui.driving import NARROW, page_of, press, settle, text_of


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
