"""Sharing by distance: how far languages are from each other, and whether closer ones share more."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.distances import available, distance_bars, distance_lines, distance_matrix
from neurontui.tui.charts.builders.sharing import bar_lines
from neurontui.tui.charts.model import Bars, Matrix
from neurontui.tui.charts.spans import Spans
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.languages.views import LanguageView, language_of
from neurontui.tui.explorer.screens.view import Answers


class ByDistance(LanguageView):
    """One distance of each pair of languages, and the correlation of every distance with sharing."""

    name = "by distance"
    title = "By distance · {measure} distance, 0: equal, 1: nothing in common"
    matrix_query = "distances"
    has_chart = False

    def __init__(self) -> None:
        self.kind = "syntactic"
        """The distance that was chosen; another one is shown where it is unknown."""

    def heading(self, scope: Scope, answers: Answers) -> str:
        """The title, filled in."""
        return self.title.format(measure=self.shown(answers.get(self.matrix_query)))

    def shown(self, table: pa.Table | None) -> str:
        """The chosen distance, or the first one that is known."""
        kinds = available(table)
        return self.kind if self.kind in kinds or not kinds else kinds[0]

    def step(self, answers: Answers) -> None:
        """Choose the next distance that is known."""
        table = answers.get(self.matrix_query)
        if kinds := available(table):
            self.kind = kinds[(kinds.index(self.shown(table)) + 1) % len(kinds)]

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """All pairs, and the correlations."""
        chosen: dict[str, Any] = {"run": scope.run.number, "languages": scope.languages}
        return {
            "distances": QueryRequest.of("language-distances", **chosen),
            "by-distance": QueryRequest.of("sharing-by-distance", **chosen),
        }

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by languages."""
        return distance_matrix(table, scope.languages, self.shown(table))

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """The row's language to every other."""
        table = answers.get(self.matrix_query)
        return None if table is None else distance_bars(table, scope.languages, language_of(scope), self.shown(table))

    def beside(self, answers: Answers, scope: Scope, width: int) -> list[Spans]:
        """Distances with the sharing of the pair."""
        bars = self.bars(answers, scope)
        return [] if bars is None else bar_lines(bars, width)

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """None."""
        return None

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The correlation of every distance with sharing."""
        return [[], *distance_lines(answers.get("by-distance"))]
