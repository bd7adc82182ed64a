"""Slow answers that come out of order, keys typed before they come, and what the explorer then shows."""

import hashlib
import re
import threading
import time
from typing import Any

import pyarrow as pa
import pytest
from textual import events
from textual.pilot import Pilot

from neurontui.queries.running_query import Job
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.query_runner import QueryRequest, QueryRunner, RunningQuery
from tests.tui.driving import settle, text_of

SHORTEST, LONGEST = 0.02, 0.2
CHARACTERS = {"space": " "}


def slow_down(monkeypatch: pytest.MonkeyPatch, longest: float = LONGEST) -> None:
    """Delay every answer by a time that depends on the question alone: later ones often come first."""
    answer = QueryRunner._answer

    def late(query_runner: QueryRunner, request: QueryRequest, running: RunningQuery | None) -> pa.Table:
        digest = hashlib.sha256(repr(request).encode()).digest()[0] / 255
        time.sleep(SHORTEST + (longest - SHORTEST) * digest)
        return answer(query_runner, request, running)

    run = QueryRunner.run

    def run_late(query_runner: QueryRunner, job: Job, *more: Any) -> pa.Table:
        time.sleep(SHORTEST)
        return run(query_runner, job, *more)

    monkeypatch.setattr(QueryRunner, "_answer", late)
    monkeypatch.setattr(QueryRunner, "run", run_late)


def hold_answers(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold every answer back until the event is set."""
    answer, released = QueryRunner._answer, threading.Event()

    def held(query_runner: QueryRunner, request: QueryRequest, running: RunningQuery | None) -> pa.Table:
        assert released.wait(60)
        return answer(query_runner, request, running)

    monkeypatch.setattr(QueryRunner, "_answer", held)
    return released


def type_ahead(app: Explorer, *keys: str) -> None:
    """Type keys at once, without waiting for anything."""
    for key in keys:
        character = CHARACTERS.get(key, key if len(key) == 1 else None)
        app.post_message(events.Key(key, character))


async def type_slowly(pilot: Pilot[None], *keys: str) -> None:
    """Type keys, each when everything has come that the one before it asked for."""
    for key in keys:
        type_ahead(pilot.app, key)  # type: ignore[arg-type]
        await settle(pilot)


def outcome(app: Explorer) -> dict[str, object]:
    """Everything that keys can have changed."""
    return {
        "screens": [type(screen).__name__ for screen in app.screen_stack],
        "selection": app.session.selection,
        "clipboard": _rounded(app.clipboard),
        "text": re.sub(r"in \d+\.\d\d s", "in a moment", text_of(app)),
    }


def _rounded(text: str) -> str:
    """Numbers of a text to six digits: threads may add up a sum in another order."""
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda number: f"{float(number[0]):.6g}", text)
