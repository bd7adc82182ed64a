"""A view: one way to show a screen's subject. Its queries and its chart follow from their arguments alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from neurontui.tui.charts.model import Chart, Reading
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope

Answers = Mapping[str, pa.Table]
"""Tables by the names that `View.queries` gave their queries."""
Block = tuple[str, tuple[Reading, ...]]


@dataclass(frozen=True)
class Absent:
    """The notice shown when a view's query has no rows."""

    head: str
    sentence: str
    measure: str = ""
    """The measure that the run lacks; the notice lists other runs that have it."""
    step: str = ""
    """Where the notice points, which enter does: `languages`, `view` or the name of a screen."""


def last_token_request(scope: Scope) -> QueryRequest:
    """How much last tokens matter, over all languages of the run: its note is shown where sharing is."""
    return QueryRequest.of("last-token-effect", run=scope.run.number)


class View:
    """One view. Subclasses hold only what a key of theirs changes, such as a variant."""

    name: ClassVar[str]
    absent: ClassVar[Absent] = Absent("Nothing was measured for this view", "Choose another view with v.", step="view")
    compares: ClassVar[bool] = False
    """Whether it shows the second run too."""
    needs: ClassVar[str] = ""
    """What the view needs beyond the screen's measure, as the query `measures` names it."""
    optional: ClassVar[bool] = False
    """Whether the key for the next view skips it in runs without what it needs."""

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Queries by name, the most important first."""
        raise NotImplementedError

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """The chart; None until its tables are available."""
        return None

    def missing(self, answers: Answers, scope: Scope) -> Absent:
        """Why there is nothing to draw, from the tables as they are."""
        return self.absent

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Text after the title: n, and what percentages refer to."""
        return ""

    def threshold(self, scope: Scope) -> float:
        """Activation threshold of the numbers. All but type ratios by layer are stored at one threshold only."""
        return scope.run.threshold

    def totals(self, answers: Answers, chart: Chart) -> list[Block]:
        """Further blocks of the read-out."""
        return []

    def foot(self, scope: Scope, chart: Chart) -> list[str]:
        """Further lines below the read-out."""
        return []

    def crumb(self, answers: Answers, scope: Scope) -> str:
        """The last breadcrumb; empty for the view's name and number."""
        return ""

    def options(self) -> object:
        """What else decides the chart: a value that changes with it."""
        return None
