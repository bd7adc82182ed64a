"""Closes the files while a merge waits for them, and opens them again when it is finished."""

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.message import Message

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.file_watcher import EVERY, FileStatus, look, stamps_of
from neurontui.tui.explorer.query_runner import QueryRunner
from neurontui.tui.explorer.session import Session


class FilesChecked(Message):
    """The files and journals were checked."""

    def __init__(self, status: FileStatus) -> None:
        super().__init__()
        self.status = status


class Reloader:
    """Checks the files in a thread; closes and opens them from the thread of the user interface."""

    def __init__(
        self,
        app: App[Any],
        session: Session,
        on_release: Callable[[str], None],
        on_reopen: Callable[[QueryRunner], None],
    ) -> None:
        self._app, self._session = app, session
        self._on_release, self._on_reopen = on_release, on_reopen
        self._looking = False
        self._stamps = session.stamps
        self.status = FileStatus((), ())
        self.released = False
        """Whether the files are closed at present."""

    def start(self) -> None:
        """Check now and then regularly."""
        self.look()
        self._app.set_interval(EVERY, self.look)

    def look(self) -> None:
        """Check in a thread, unless the last check has not finished."""
        if not self._looking:
            self._looking = True
            self._app.run_worker(self._look, thread=True, exit_on_error=False)

    def _look(self) -> None:
        try:
            self._app.post_message(FilesChecked(look(self._session.paths)))
        finally:
            self._looking = False

    def checked(self, status: FileStatus) -> None:
        """Close or open the files as their status requires."""
        self.status = status
        if status.merging and not self.released:
            self._release()
        elif self.released and not status.merging:
            self._reopen()
        elif not self.released and status.stamps != self._stamps and (0, 0, 0) not in status.stamps:
            self._release()
            self._reopen()

    def _release(self) -> None:
        """Close the files. Waiting for queries to stop happens in a thread."""
        self.released = True
        self._on_release(", ".join(self.status.merging) or "another process")
        self._app.run_worker(self._session.query_runner.close, thread=True, exit_on_error=False)

    def _reopen(self) -> None:
        self._app.run_worker(self._open, thread=True, exit_on_error=False)

    def _open(self) -> None:
        """In a thread: open the files; if another process still writes them, the next check tries again."""
        self._session.query_runner.close()  # DuckDB returns the old file while a connection to it is open
        stamps = stamps_of(self._session.paths)
        try:
            query_runner = QueryRunner(self._session.open())
        except NeurontuiError:
            return
        self._app.call_from_thread(partial(self._use, query_runner, stamps))

    def _use(self, query_runner: QueryRunner, stamps: tuple[tuple[int, int, int], ...]) -> None:
        if not self.released:
            query_runner.close()
            return
        self.released, self._stamps = False, stamps
        self._on_reopen(query_runner)
