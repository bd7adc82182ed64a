"""The views of the Languages screen for a run that read a corpus."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.corpora import (
    DETECTORS,
    agreement_lines,
    agreement_matrix,
    corpora_matrix,
    corpus_line,
    detectors_chart,
    detectors_matrix,
    reliability_lines,
    reliability_matrix,
    selected_bars,
    similarity_matrix,
)
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.sharing import language_bars, pair
from neurontui.tui.charts.model import Bars, Chart, Matrix
from neurontui.tui.common.number_formats import percent
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.languages.views import LanguageView, language_of
from neurontui.tui.explorer.screens.view import Answers
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class CorpusView(LanguageView):
    """A view of a corpus; beside the heatmap, the number of neurons that LAPE selects."""

    has_chart = False
    too_few = "Detectors compare languages: two are needed"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The query of the view, and the sizes of the sets."""
        return {self.matrix_query: QueryRequest.of(self.matrix_query, **_chosen(scope)), "detectors": detectors(scope)}

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """Neurons that LAPE selects, by language."""
        table = answers.get("detectors")
        return selected_bars(table, "LAPE", scope.languages) if table is not None and table.num_rows else None

    def exported_bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """As shown."""
        return self.bars(answers, scope)


class Corpora(CorpusView):
    """Texts, tokens and loss by language, and the profile of the detectors over the layers."""

    name = "corpora"
    title = "Corpora · tokens, loss in nats, perplexity, neurons active at a token"
    matrix_query = "corpora"
    has_chart = True
    least = 1

    def matrix(self, answers: Answers, scope: Scope) -> Matrix | None:
        """A row for each language; None until its table is available."""
        table = answers.get("corpora")
        return None if table is None else corpora_matrix(table)

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The language in words."""
        rows = answers["corpora"].to_pylist() if "corpora" in answers else []
        return [[], *(corpus_line(line) for line in rows if line["language"] == matrix.rows[row])]

    def curve(self, answers: Answers, scope: Scope, row: str, column: str, others: bool) -> Chart | None:
        """The detectors over the layers, for the language of the row."""
        table, layers = answers.get("detectors"), answers.get("layers")
        if table is None or layers is None or not table.num_rows:
            return None
        return detectors_chart(table, row, layers)


class Similarity(CorpusView):
    """Correlation of the languages over neurons."""

    name = "similarity"
    title = "Similarity · correlation over neurons of how often they are active"
    matrix_query = "activity-matrix"

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by languages."""
        return similarity_matrix(table, scope.languages)

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """LAPE sets that the row's language has in common with every other."""
        table, language = answers.get("activity-matrix"), language_of(scope)
        if table is None:
            return None
        rows = [
            {"other": other, "ratio": number(values["jaccard"])}
            for other in scope.languages
            if (values := pair(table, language, other))
        ]
        return language_bars(f"LAPE with {language}", rows, "other")

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The cell, and the LAPE sets of both languages."""
        one, other = matrix.rows[row], matrix.columns[column]
        table = answers.get("activity-matrix")
        values = pair(table, one, other) if table is not None else None
        if not values:
            return []
        r = "–" if values["correlation"] is None else f"{values['correlation']:.3f}"
        first, second = (values["n"], values["n_other"]) if values["language"] == one else (
            values["n_other"], values["n"]
        )  # fmt: skip
        words = f"  LAPE selects {first:,} and {second:,} neurons, {values['n_both']:,} for both ("
        jaccard = "–" if values["jaccard"] is None else f"{percent(values['jaccard'])} %"
        return [[], [Span(f"{one} and {other}: r = {r}", bold=True), Span(f"{words}Jaccard {jaccard})", "dim")]]


class Agreement(CorpusView):
    """Agreement of every two detectors, by language."""

    name = "agreement"
    title = "Agreement of detectors · % of the neurons that either of two selects (Jaccard)"
    matrix_query = "detector-agreement"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """With the specific neurons of the second run, if it is of the same model."""
        types = scope.second.number if scope.second is not None and not scope.second.is_corpus else None
        request = QueryRequest.of(self.matrix_query, **_chosen(scope), types_run=types)
        return {self.matrix_query: request, "detectors": detectors(scope)}

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by pairs of detectors."""
        return agreement_matrix(table, scope.languages)

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The cell against chance."""
        table = answers[self.matrix_query]
        return [[], *agreement_lines(table, matrix.rows[row], matrix.columns[column])]


class Reliability(CorpusView):
    """Agreement of a detector on both halves of the texts, by language."""

    name = "reliability"
    title = "Reliability · % of the neurons that either half of the texts selects (Jaccard)"
    matrix_query = "detector-reliability"

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by detectors."""
        return reliability_matrix(table, scope.languages)

    def below(self, answers: Answers, matrix: Matrix, row: int, column: int) -> list[Spans]:
        """The cell against chance, and the rank correlation."""
        table = answers[self.matrix_query]
        return [[], *reliability_lines(table, matrix.rows[row], matrix.columns[column])]


class DetectorLayers(CorpusView):
    """What a detector selects for each language, by layer."""

    name = "by layer"
    title = "{measure} by layer · % of the layer's neurons that it selects for the language"
    matrix_query = "detectors"

    def __init__(self) -> None:
        self.detector = DETECTORS[0]

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The sizes of the sets."""
        return {"detectors": detectors(scope)}

    def heading(self, scope: Scope, answers: Answers) -> str:
        """The title, filled in."""
        return self.title.format(measure=self.detector)

    def cells(self, table: pa.Table, scope: Scope, layers: pa.Table) -> Matrix:
        """Languages by layers."""
        return detectors_matrix(table, self.detector, scope.languages, layers)

    def pointed(self, scope: Scope, matrix: Matrix, column: int) -> tuple[int, int] | None:
        """The column is the selected layer."""
        return super().pointed(scope, matrix, scope.selection.layer)

    def selected(self, matrix: Matrix, row: int, column: int) -> dict[str, Any]:
        """Language and layer."""
        return {"language": matrix.rows[row], "layer": column}

    def bars(self, answers: Answers, scope: Scope) -> Bars | None:
        """All layers together."""
        table = answers.get("detectors")
        return None if table is None else selected_bars(table, self.detector, scope.languages)

    def next_detector(self, answers: Answers) -> None:
        """The next detector that the run has."""
        rows = answers["detectors"].column("detector").to_pylist() if "detectors" in answers else []
        present = [name for name in DETECTORS if name in rows] or [self.detector]
        place = present.index(self.detector) if self.detector in present else -1
        self.detector = present[(place + 1) % len(present)]


def detectors(scope: Scope) -> QueryRequest:
    """The neurons that each detector selects, by layer."""
    return QueryRequest.of("detectors-by-layer", **_chosen(scope))


def selected_neurons(scope: Scope) -> QueryRequest:
    """The neurons that LAPE selects."""
    return QueryRequest.of("lape-neurons", **_chosen(scope))


def _chosen(scope: Scope) -> dict[str, Any]:
    return {"run": scope.run.number, "languages": scope.languages}
