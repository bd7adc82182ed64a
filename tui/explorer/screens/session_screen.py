"""A screen of the application: its session, and the selection with its runs."""

from typing import ClassVar, cast

from neurontui.tui.explorer.query_runner import QueryRunner
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.filtering import FilteredScreen
from neurontui.tui.explorer.screens.host import Host
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.session import Session


class SessionScreen(FilteredScreen):
    """What all screens read from the session."""

    NO_CORPUS: ClassVar[str] = ""
    """What a corpus lacks for the screen, as in `which has no examples`; empty for screens that show a corpus."""

    @property
    def host(self) -> Host:
        """The application around the screen."""
        return cast("Host", self.app)

    @property
    def session(self) -> Session:
        """Open files, runs and selection."""
        return self.host.session

    @property
    def query_runner(self) -> QueryRunner:
        """The open files."""
        return self.session.query_runner

    @property
    def selection(self) -> Selection:
        """The selection of all screens."""
        return self.session.selection

    @property
    def scope(self) -> Scope | None:
        """The selection with its runs; None if the file has no run."""
        return self.session.scope(self.selection)

    @property
    def run(self) -> RunInfo | None:
        """The selected run; None if the file has no run."""
        return self.session.run

    @property
    def without_corpus(self) -> bool:
        """Whether the selected run read a corpus and the screen has nothing to show for it."""
        return bool(self.NO_CORPUS) and self.run is not None and self.run.is_corpus

    @property
    def second(self) -> RunInfo | None:
        """The run to compare with."""
        return self.session.second

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the selected languages."""
        return self.selection.active(self.run.languages) if self.run else ()
