"""The views of the Languages screen: a heatmap each, with bars beside it and text or a curve below."""

from dataclasses import replace
from typing import Any, ClassVar

import pyarrow as pa

from neurontui.tui.charts.builders.distances import agreement_line, agreement_note
from neurontui.tui.charts.builders.families import family_lines
from neurontui.tui.charts.builders.rows import half_width, layer_name
from neurontui.tui.charts.builders.sharing import (
    UNITS,
    bar_lines,
    language_bars,
    language_chart,
    lift_matrix,
    over_layers,
    pair,
    sharing_matrix,
)
from neurontui.tui.charts.model import Bars, Chart, Matrix
from neurontui.tui.common.number_formats import percent, plus_minus
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Answers, View, last_token_request
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

MEASURES = {
    "phi": "phi, −1 to 1, 0 is chance",
    "lift": "lift, times chance",
    "jaccard": "Jaccard, % of those active in either",
}
"""Measures of sharing against chance, in words."""


def language_of(scope: Scope) -> str:
    """The language of the row under the cursor."""
    return scope.language or scope.languages[0]


class LanguageView(View):
    """A heatmap whose rows are languages."""

    title: ClassVar[str]
    """The heading, and what the cells are; `{language}` and `{measure}` are filled in."""
    matrix_query: ClassVar[str]
    """Name of the query that the heatmap is made from."""
    panes: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Ids of the widgets drawn from a query, where these are not the screen's."""
    has_chart: ClassVar[bool] = True
    least: ClassVar[int] = 2
    """Number of languages that it needs."""
    too_few: ClassVar[str] = "Sharing needs two languages"

    def heading(self, scope: Scope, answers: Answers) -> str:
        """The title, filled in."""
        return self.title.format(language=language_of(scope), measure="")

    def matrix(self, answers: Answers, scope: Scope) -> Matrix | None:
        """The heatmap; None until its tables are available."""
        table, layers = answers.get(self.matrix_query), answers.get("layers")
        return None if table is None or layers is None else self.cells(table, scope, layers)

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """The heatmap of a table."""
        raise NotImplementedError

    def pointed(self, scope: Scope, matrix: Matrix, column: int) -> tuple[int, int] | None:
        """Row and column of the cursor; None to leave it where it is."""
        language = language_of(scope)
        return (matrix.rows.index(language), column) if language in matrix.rows else None

    def selected(self, matrix: Matrix, row: int, column: int) -> dict[str, Any]:
        """What a move of the cursor selects."""
        return {"language": matrix.rows[row]}

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """The bars beside the heatmap."""
        return _partial_bars(f"partial with {language_of(scope)}", answers)

    def beside(self, answers: Answers, scope: Scope, width: int) -> list[Spans]:
        """Lines beside the heatmap."""
        bars = self.bars(answers, scope)
        return [] if bars is None else bar_lines(bars, width)

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """Bars that are exported with the heatmap."""
        return _partial_bars(f"Partial sharing with {language_of(scope)}", answers)

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """Lines below the heatmap: the value of a cell, in a layer."""
        value = matrix.values[row][column]
        words = f"{matrix.rows[row]} in {layer_name(answers.get('layers'), column)}"
        return [[], [Span("–" if value is None else f"{percent(value)} %", bold=True), Span(f" {words}", "dim")]]

    def curve(self, answers: Answers, scope: Scope, row: str, column: str, others: bool) -> Chart | None:
        """The curve over layers below; `others` adds the other languages in gray."""
        return None


class Sharing(LanguageView):
    """Of the neurons active in one language, the share active in another."""

    name = "sharing"
    title = "Sharing · of neurons active in the row's language, % active in the column's"
    matrix_query = "matrix"
    panes: ClassVar = {"partial": ("below-chart",), "partial-layers": ("beside",)}

    def __init__(self) -> None:
        self.one_layer = False
        """Whether the matrix and the bars are of the selected layer alone."""

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The matrix, the row's partners, and the curve over layers."""
        layer = scope.selection.layer if self.one_layer else None
        partners = (
            {"partial-layers": _partial(scope)} if self.one_layer else {"partial-all": _partial(scope, by_layer=False)}
        )
        matrix = QueryRequest.of("sharing-matrix", **_chosen(scope), layer=layer)
        return {
            "matrix": matrix,
            **partners,
            "partial": _partial(scope),
            "last-token": last_token_request(scope),
            "agreement": QueryRequest.of("sharing-reliability", **_chosen(scope), layer=layer),
        }

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by languages, in one layer or in all."""
        matrix = sharing_matrix(table, scope.languages)
        if not self.one_layer:
            return matrix
        return replace(matrix, title=f"{matrix.title}, {layer_name(layers, scope.selection.layer)}")

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """The row's partners, in the layer of the matrix."""
        table = answers.get("partial-layers")
        if not self.one_layer or table is None:
            return super().bars(answers, scope)
        rows = [row for row in table.to_pylist() if row["layer"] == scope.selection.layer]
        return language_bars(f"partial with {language_of(scope)}", rows, "other")

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """The bars as they are shown, with the layer in their title."""
        bars = self.bars(answers, scope)
        if not self.one_layer or bars is None:
            return super().exported_bars(answers, scope)
        return replace(bars, title=f"{bars.title}, {layer_name(answers.get('layers'), scope.selection.layer)}")

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The value of the cell with its interval."""
        cell = self._cell(answers.get("matrix"), matrix.rows[row], matrix.columns[column])
        return [[], [*cell, *agreement_note(answers.get("agreement"), "shared")]]

    def _cell(self, table: pa.Table | None, row: str, column: str) -> Spans:
        values = pair(table, row, column) if table is not None else None
        if not values:
            return []
        return [
            Span(f"{plus_minus(values['ratio'], half_width(values))} %", "text", bold=True),
            Span(f" of the neurons active in {row} are active in {column} too", "dim"),
        ]

    def curve(self, answers: Answers, scope: Scope, row: str, column: str, others: bool) -> Chart | None:
        """What the row's language shares with the column's."""
        return _curve(f"partial-shared with {row}", answers, "partial", column, others)


class Specific(LanguageView):
    """The share of each language in the specific neurons, by layer."""

    name = "specific"
    title = "Specific neurons · share of each language in them, by layer, %"
    matrix_query = "specific"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """By layer, and over all layers."""
        return {"specific": _specific(scope), "specific-all": _specific(scope, by_layer=False)}

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by layers."""
        return over_layers("Specific neurons by layer", table, "language", scope.languages, layers)

    def pointed(self, scope: Scope, matrix: Matrix, column: int) -> tuple[int, int] | None:
        """The column is the selected layer."""
        return super().pointed(scope, matrix, scope.selection.layer)

    def selected(self, matrix: Matrix, row: int, column: int) -> dict[str, Any]:
        """Language and layer."""
        return {"language": matrix.rows[row], "layer": column}

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """All layers together."""
        table = answers.get("specific-all")
        return None if table is None else language_bars("all layers", table.to_pylist(), "language")

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """None."""
        return None

    def curve(self, answers: Answers, scope: Scope, row: str, column: str, others: bool) -> Chart | None:
        """The row's language."""
        return _curve("specific", answers, "specific", row, others)


class Partial(LanguageView):
    """Of one language's partial-shared neurons, the share active in another, by layer."""

    name = "partial"
    title = "Partial sharing · of {language}'s partial-shared neurons, % active in the row's too"
    matrix_query = "partial"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """By layer, and over all layers."""
        return {"partial": _partial(scope), "partial-all": _partial(scope, by_layer=False)}

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by layers."""
        title = f"Partial sharing with {language_of(scope)} by layer"
        return over_layers(title, table, "other", scope.languages, layers)

    def pointed(self, scope: Scope, matrix: Matrix, column: int) -> tuple[int, int] | None:
        """The cursor is free: rows are the other languages."""
        return None

    def selected(self, matrix: Matrix, row: int, column: int) -> dict[str, Any]:
        """The layer."""
        return {"layer": column}

    def curve(self, answers: Answers, scope: Scope, row: str, column: str, others: bool) -> Chart | None:
        """The row's language."""
        return _curve(f"partial-shared with {language_of(scope)}", answers, "partial", row, others)


class AgainstChance(LanguageView):
    """Sharing beyond what the languages' activity rates make expected."""

    name = "against chance"
    title = "Against chance · sharing beyond the activity rates: {measure}"
    matrix_query = "lift"
    has_chart = False

    def __init__(self) -> None:
        self.measure = next(iter(MEASURES))

    def heading(self, scope: Scope, answers: Answers) -> str:
        """The title, filled in."""
        return self.title.format(measure=MEASURES[self.measure])

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """All pairs, and pairs within and between families."""
        return {
            "lift": QueryRequest.of("sharing-lift", **_chosen(scope)),
            "family": QueryRequest.of("sharing-by-family", **_chosen(scope), measure=self.measure),
            "last-token": last_token_request(scope),
            "agreement": QueryRequest.of("sharing-reliability", **_chosen(scope)),
        }

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by languages."""
        return lift_matrix(table, scope.languages, self.measure)

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """The row's language with every other."""
        table = answers.get("lift")
        if table is None:
            return None
        low, high = f"{self.measure}_low", f"{self.measure}_high"
        rows = [
            {"other": other, "ratio": values[self.measure], "low": values[low], "high": values[high]}
            for other in scope.languages
            if (values := pair(table, language_of(scope), other)) and values[self.measure] is not None
        ]
        return language_bars(f"{self.measure} with {language_of(scope)}", rows, "other", UNITS[self.measure])

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """None."""
        return None

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """Related and unrelated languages."""
        lines = family_lines(answers.get("family"), self.measure)
        return [[], *lines, agreement_line(answers.get("agreement"), self.measure)]


def _chosen(scope: Scope) -> dict[str, Any]:
    return {"run": scope.run.number, "languages": scope.languages}


def _partial(scope: Scope, **options: bool) -> QueryRequest:
    return QueryRequest.of("partial-sharing-with", **_chosen(scope), language=language_of(scope), **options)


def _specific(scope: Scope, **options: bool) -> QueryRequest:
    return QueryRequest.of("specific-by-language", **_chosen(scope), **options)


def _partial_bars(title: str, answers: Answers) -> Bars | None:
    table = answers.get("partial-all")
    return None if table is None else language_bars(title, table.to_pylist(), "other")


def _curve(title: str, answers: Answers, query: str, name: str, others: bool) -> Chart | None:
    table, layers = answers.get(query), answers.get("layers")
    return None if table is None or layers is None else language_chart(title, table, name, layers, others=others)
