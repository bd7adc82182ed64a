"""Begins the query of the first screen as soon as the files are open: importing Textual takes as long as half of it.

The screen waits for the query in progress, which the query runner does not run twice. This module and what it imports
work without Textual.
"""

import threading
from contextlib import suppress

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.session import Session


def claims_of(run: RunInfo) -> QueryRequest:
    """The claims, tested on a run, without the note on last tokens, which the first screen adds later."""
    return QueryRequest.of("claims", run=run.number, note=False)


def begin_claims(session: Session) -> None:
    """Read the runs, and test the claims on the selected one in a thread.

    Raises NeurontuiError if a file cannot be read.
    """
    session.read_runs()
    if session.run is not None:
        request = claims_of(session.run)
        threading.Thread(target=_answer, args=(session, request), name="first query", daemon=True).start()


def _answer(session: Session, request: QueryRequest) -> None:
    """Failures are ignored: they occur again, and are shown, when the screen runs the query."""
    with suppress(NeurontuiError):
        session.query_runner.answer(request, session.first_query)
