"""Steps aside while a merge waits for the files, and opens them again when it is over."""

from functools import partial
from typing import TYPE_CHECKING

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.file_watcher import EVERY, FilesChecked, FileStatus, look, stamps_of
from neurontui.tui.explorer.query_runner import QueryRunner

if TYPE_CHECKING:
    from neurontui.tui.explorer.app import Explorer


class Reloader:
    """Watches in a thread, acts on the user interface's thread."""

    def __init__(self, explorer: "Explorer") -> None:
        self._explorer = explorer
        self._looking = False
        self._stamps = stamps_of(explorer.paths)  # of the files that were opened a moment ago
        self.sight = FileStatus((), ())
        self.released = False
        """Whether the files are let go of at present."""

    def start(self) -> None:
        """Look now, and again and again."""
        self.look()
        self._explorer.set_interval(EVERY, self.look)

    def look(self) -> None:
        """Take a look in a thread, unless the last one is still at it."""
        if not self._looking:
            self._looking = True
            self._explorer.run_worker(self._look, thread=True, exit_on_error=False)

    def _look(self) -> None:
        try:
            self._explorer.post_message(FilesChecked(look(self._explorer.paths)))
        finally:
            self._looking = False

    def looked(self, sight: FileStatus) -> None:
        """Act on what was seen."""
        self.sight = sight
        if sight.merging and not self.released:
            self._step_aside()
        elif self.released and not sight.merging:
            self._come_back()
        elif not self.released and sight.stamps != self._stamps and (0, 0, 0) not in sight.stamps:
            self._step_aside()
            self._come_back()

    def _step_aside(self) -> None:
        """Let go of the files. Waiting for queries to stop happens in a thread."""
        self.released = True
        explorer = self._explorer
        for page in explorer.pages():
            page.forget()
        if explorer.page is not None:
            names = ", ".join(self.sight.merging) or "another process"
            explorer.page.notice(
                "Merging …",
                f"The file is being written ({names}). It opens again when that is done.",
            )
        explorer.run_worker(explorer.query_runner.close, thread=True, exit_on_error=False)

    def _come_back(self) -> None:
        self._explorer.run_worker(self._reopen, thread=True, exit_on_error=False)

    def _reopen(self) -> None:
        """In a thread: open again; while somebody still writes, the next look tries again."""
        explorer = self._explorer
        explorer.query_runner.close()  # DuckDB would hand out the old file while a connection to it is open
        stamps = stamps_of(explorer.paths)
        try:
            query_runner = QueryRunner(explorer.open())
        except NeurontuiError:
            return
        explorer.call_from_thread(partial(self._use, query_runner, stamps))

    def _use(self, query_runner: QueryRunner, stamps: tuple[tuple[int, int, int], ...]) -> None:
        if not self.released:
            query_runner.close()
            return
        self.released, self._stamps = False, stamps
        self._explorer.take(query_runner)
