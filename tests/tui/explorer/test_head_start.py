"""The first screen's query runs while Textual is imported, once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from neurontui.queries.running_query import Job
from neurontui.store.errors import NeurontuiError, QueryError
from neurontui.tui.explorer import head_start, terminal
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.head_start import begin_claims
from neurontui.tui.explorer.session import Session, open_files
from tests.tui.driving import NARROW, settle, until

WITHOUT_TEXTUAL = """
import sys
import neurontui.tui.explorer.terminal
sys.exit("Textual is imported before the query begins" if "textual" in sys.modules else 0)
"""


@pytest.fixture
def session(store: Path) -> Iterator[Session]:
    opened = Session(open_files([store], None), [store])
    yield opened
    opened.query_runner.close()


def test_the_query_begins_before_textual_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TEXTUAL], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_the_explorer_opens_with_its_query_in_progress(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(head_start, "_answer", lambda session, request: order.append(request.name))
    monkeypatch.setattr(
        "neurontui.tui.explorer.app.explore", lambda session: order.append(session.run.key and "screen")
    )
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    terminal.open_explorer([store])

    assert sorted(order) == ["claims", "screen"]


async def test_the_screen_waits_for_that_query(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    go = threading.Event()
    run = session.query_runner.run

    def held(job: Job, *arguments: object) -> pa.Table:
        if not job._values["note"]:
            ran.append(job._values["run"])
        assert go.wait(30)
        return run(job, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(session.query_runner, "run", held)
    begin_claims(session)
    assert session.run is not None
    app = Explorer(session)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: app.page is not None and app.page.waiting)
        go.set()
        await until(pilot, lambda: app.page is not None and "claims" in app.page.answers)
        await settle(pilot)

    assert sorted(ran, key=str) == [one.number for one in session.runs], "a query ran twice"  # one for each run


async def test_esc_stops_it_too(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[bool] = []

    def held(job: Job, *_: object) -> pa.Table:
        stopped.append(job._stop.wait(30))
        raise QueryError("The query was cancelled.")

    monkeypatch.setattr(session.query_runner, "run", held)
    begin_claims(session)
    session.first_query.job = session.query_runner.results.job("claims", {"run": 1})
    app = Explorer(session)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: app.page is not None and app.page.waiting)
        await pilot.press("escape")
        await until(pilot, lambda: session.first_query.stopped)


def test_a_file_without_runs_begins_nothing(tmp_path: Path) -> None:
    from neurontui.store import schema

    schema.create(tmp_path / "empty.duckdb")
    empty = Session(open_files([tmp_path / "empty.duckdb"], None), [tmp_path / "empty.duckdb"])
    begin_claims(empty)
    empty.query_runner.close()

    assert empty.run is None


def test_files_are_closed_if_the_screen_cannot_open(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[Session] = []

    def fail(session: Session) -> None:
        sessions.append(session)
        raise NeurontuiError("no")

    monkeypatch.setattr("neurontui.tui.explorer.app.explore", fail)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with pytest.raises(NeurontuiError, match="no"):
        terminal.open_explorer([store])

    with pytest.raises(NeurontuiError):
        sessions[0].query_runner.answer(head_start.claims_of(sessions[0].runs[0]))
