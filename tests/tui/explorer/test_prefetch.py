"""Queries that the next key is likely to need are prefetched, and no query runs twice."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from unittest.mock import Mock

import pyarrow as pa
import pytest
from textual.pilot import Pilot
from textual.timer import Timer

from neurontui.queries.results import open_results
from neurontui.queries.running_query import Job
from neurontui.store.errors import QueryError, UsageError
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.prefetch import Prefetcher
from neurontui.tui.explorer.query_runner import QueryRequest, QueryRunner, RunningQuery
from neurontui.tui.explorer.screens.examples import ExamplesPage
from tests.tui.driving import NARROW, press, settle, until

SLOW = QueryRequest.of("type-ratio-by-layer", run=1)


@pytest.fixture
def query_runner(store: Path) -> QueryRunner:
    """A query runner on the sample store."""
    return QueryRunner(open_results(store))


def _held(query_runner: QueryRunner, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Job], threading.Event]:
    ran: list[Job] = []
    go = threading.Event()
    run = query_runner.run

    def waiting(job: Job, started: RunningQuery | None = None, max_rows: int | None = None) -> pa.Table:
        ran.append(job)
        assert go.wait(30)
        return run(job, started, max_rows)

    monkeypatch.setattr(query_runner, "run", waiting)
    return ran, go


def test_a_running_query_is_waited_for(query_runner: QueryRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    ran, go = _held(query_runner, monkeypatch)
    answers: list[pa.Table] = []
    threads = [threading.Thread(target=lambda: answers.append(query_runner.answer(SLOW))) for _ in range(3)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)

    assert len(ran) == 1
    assert len(answers) == 3
    assert answers[0] is answers[1] is answers[2]
    query_runner.close()


def test_a_waiting_thread_can_be_stopped(query_runner: QueryRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    _, go = _held(query_runner, monkeypatch)
    first = threading.Thread(target=query_runner.answer, args=(SLOW,))
    first.start()
    stopped = RunningQuery()
    stopped.cancel()
    with pytest.raises(QueryError):
        query_runner.answer(SLOW, stopped)
    go.set()
    first.join(30)
    assert query_runner.cached(SLOW) is not None
    query_runner.close()


def test_every_caller_gets_the_failure(query_runner: QueryRunner) -> None:
    for _ in range(2):
        with pytest.raises(UsageError):
            query_runner.answer(QueryRequest.of("no-such-query"))
    query_runner.close()


def test_requests_that_are_no_longer_needed_are_stopped(query_runner: QueryRunner) -> None:
    prefetcher = Prefetcher()
    other = QueryRequest.of("layers", run=1)
    prefetch_task = prefetcher.begin(query_runner, [SLOW, other, SLOW])
    assert list(prefetch_task.requests) == [SLOW, other]

    prefetcher.stop(but=[other])
    assert [running.stopped for running in prefetch_task.requests.values()] == [True, False]
    prefetch_task()
    assert query_runner.cached(SLOW) is None
    assert query_runner.cached(other) is not None
    query_runner.close()


def test_a_failed_request_is_not_repeated_until_something_happens(query_runner: QueryRunner) -> None:
    prefetcher, failing = Prefetcher(), QueryRequest.of("no-such-query")
    assert prefetcher.begin(query_runner, [failing])(), "it ran to its end"
    assert not prefetcher.begin(query_runner, [failing]).requests
    prefetcher.wait(Mock(spec=Timer))
    assert list(prefetcher.begin(query_runner, [failing]).requests) == [failing]


def test_closing_waits_for_a_job_that_is_being_made(query_runner: QueryRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB refuses to close a connection that another thread uses."""
    entered, go = threading.Event(), threading.Event()
    make = query_runner.results.job
    order: list[str] = []

    def slow_job(name: str, values: Mapping[str, object]) -> Job:
        entered.set()
        assert go.wait(30)
        order.append("made")
        return make(name, values)

    def asking() -> None:
        with suppress(QueryError):
            query_runner.answer(SLOW)

    monkeypatch.setattr(query_runner.results, "job", slow_job)
    thread = threading.Thread(target=asking)
    thread.start()
    assert entered.wait(30)
    threading.Timer(0.2, go.set).start()
    query_runner.close()
    order.append("closed")
    thread.join(30)
    assert order == ["made", "closed"]


async def until_cached(pilot: Pilot[None], requests: Iterable[QueryRequest]) -> None:
    """Wait until the results of all requests are cached."""
    assert isinstance(pilot.app, Explorer)
    query_runner, prefetched = pilot.app.session.query_runner, list(requests)
    assert prefetched
    await until(pilot, lambda: all(query_runner.cached(request) is not None for request in prefetched))


async def test_the_chip_under_the_cursor_and_those_beside_it_are_prefetched(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "L", "right")
        page = app.page
        assert page is not None
        own = page.languages
        scopes = [app.session.scope(selection) for selection in islice(page.next_selections(), 3)]
        expected = [tuple(code for code in own if code != own[place]) for place in (1, 2, 0)]
        assert [scope.languages for scope in scopes if scope is not None] == expected
        await until_cached(pilot, (r for scope in scopes if scope is not None for r in page.wants(scope).values()))
        assert page.languages == own


async def test_the_next_threshold_and_neighboring_rows_are_prefetched(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        for key, least in (("2", 1), ("3", 1)):
            await press(pilot, key)
            page = app.page
            assert page is not None
            assert len(list(page.next_selections())) >= least
            await until_cached(pilot, page.prefetch_queries())


async def test_neighboring_neurons_and_the_next_view_are_prefetched(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "6")
        page = app.page
        assert page is not None
        layer, neuron = page.selection.card
        near = {selection.card for selection in page.next_selections()}
        assert (layer, neuron + 1) in near
        assert len(near) >= 3, "the layers above and below too, where they exist"
        prefetched = list(page.prefetch_queries())
        assert "similar-neurons" in {request.name for request in prefetched}
        await until_cached(pilot, prefetched)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: page.selection.card == (layer, neuron + 1))
        assert not page.waiting, "everything it shows was prefetched"


async def test_neighboring_examples_and_the_next_picture_are_prefetched(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4")
        page = app.page
        assert isinstance(page, ExamplesPage)
        assert [selection.example for selection in page.next_selections()] == [1, 0]
        prefetched = list(page.prefetch_queries())
        assert "example-matrix" in {request.name for request in prefetched}
        await until_cached(pilot, prefetched)
        await settle(pilot)
        monkeypatch.setattr(ExamplesPage, "schedule_prefetch", lambda _: None)
        page.prefetcher.wait(page.set_timer(100, lambda: None))
        app.session.query_runner._cache.clear()
        page._prefetch()
        await until(pilot, lambda: "neuron-token-values" in {request.name for request in page.prefetch_queries()})
        await until_cached(pilot, page.prefetch_queries())
        await pilot.press("d")
        await pilot.pause()
        assert not page.waiting, "the activation of the first neuron was prefetched as well"
        assert page.neuron is not None
        await press(pilot, "d")
        assert "neurons-by-correctness" not in {request.name for request in page.prefetch_queries()}, "reads all"


async def test_a_query_of_a_view_that_was_left_is_stopped(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explorer()
    query_runner = app.session.query_runner
    run = query_runner.run
    stopped: list[bool] = []

    def held(job: Job, started: RunningQuery | None = None, max_rows: int | None = None) -> pa.Table:
        if "neurons-by-correctness" in {request.name for request in query_runner._in_progress} and started is not None:
            started.job = job
            stopped.append(job._stop.wait(10))
        return run(job, started, max_rows)

    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4", "d", "d")
        page = app.page
        assert isinstance(page, ExamplesPage)
        await until_cached(pilot, page.prefetch_queries())
        monkeypatch.setattr(query_runner, "run", held)
        await pilot.press("d")
        await until(pilot, lambda: page.waiting)
        await pilot.press("d")
        await until(pilot, lambda: stopped)
        await settle(pilot)
        assert stopped[0], "it was cancelled, not waited for"
        assert "top" in page.answers
        assert "differs" not in page.answers
