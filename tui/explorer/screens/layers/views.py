"""The views of the Layers screen."""

from neurontui.tui.charts.builders.corpora import detectors_chart
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.builders.types import (
    by_count,
    by_threshold,
    correctness,
    difference,
    inactive,
    inactive_in_all_layers,
    overlay,
    totals,
    type_chart,
)
from neurontui.tui.charts.model import Chart
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Absent, Answers, Block, View, last_token_request

DENOMINATORS = (
    "all   of all neurons",
    "last  of those inactive",
    "      at the last token",
    "non   of the non-activated",
)
"""Denominators of the curves of the view `every token`."""


class ByLayer(View):
    """Type ratio by layer; a second run beside it, or the difference between the two."""

    name = "by layer"
    absent = Absent("No type ratios for this choice", "Press L and switch more languages on.", step="languages")
    compares = True

    def __init__(self) -> None:
        self.differing = False
        """Whether the difference between two runs shows instead of the curves of both."""

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Ratios of the run; with a second run, its ratios and the difference."""
        second, shared = scope.second, scope.shared_languages
        queries = {"ratios": self._ratios(scope, scope.run, shared or scope.languages)}
        if second is None:
            return {**queries, "last-token": last_token_request(scope)}
        queries["second"] = self._ratios(scope, second, shared or second.languages)
        if not self.differing:
            return queries
        both = QueryRequest.of(
            "compare-runs",
            run=scope.run.number,
            other=second.number,
            languages=shared,
            threshold=self.threshold(scope),
        )
        return {"both": both, **queries}

    def _ratios(self, scope: Scope, run: RunInfo, languages: tuple[str, ...]) -> QueryRequest:
        threshold = self.threshold(scope)
        return QueryRequest.of(
            "type-ratio-by-layer",
            run=run.number,
            languages=languages,
            threshold=threshold if threshold in run.thresholds else None,
        )

    def threshold(self, scope: Scope) -> float:
        """The chosen threshold, if all shown runs were measured at it."""
        run, second, chosen = scope.run, scope.second, scope.selection.threshold
        if chosen not in run.thresholds:
            return run.threshold
        return run.threshold if second is not None and chosen not in second.thresholds else chosen

    def next_threshold(self, scope: Scope, current: float) -> float | None:
        """The threshold after `current`, cyclically; None if there is no other."""
        second = scope.second
        common = [t for t in scope.run.thresholds if second is None or t in second.thresholds]
        place = common.index(current) if current in common else -1
        return common[(place + 1) % len(common)] if len(common) > 1 else None

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """Types of one run, curves of both, or their difference."""
        first, second, both = (answers.get(key) for key in ("ratios", "second", "both"))
        if first is None:
            return None
        if scope.second is not None and self.differing and both is not None:
            return difference(both, answers.get("layers"))
        if scope.second is not None and second is not None:
            return overlay(first, second, scope.second.name, active_only=style == "active")
        return type_chart(first, stacked=style == "stacked", active_only=style == "active")

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Number of examples and neurons, or which runs are compared."""
        table = answers.get("ratios")
        which = self._which(scope)
        if chart.zero and scope.second is not None:
            return f"this run minus {scope.second.name}{which}"
        if table is None or not table.num_rows:
            return ""
        examples, neurons = (max(table.column(name).to_pylist()) for name in ("n_examples", "n_neurons"))
        return which.removeprefix(" ") or f"mean of {examples:,} examples · % of {neurons:,}"

    def _which(self, scope: Scope) -> str:
        """Over which languages two runs are compared, unless over all selected ones."""
        if scope.second is None or scope.shared_languages == scope.languages:
            return ""
        count = len(scope.shared_languages)
        return f" over the {count} languages of both" if count else " they have no language in common"

    def totals(self, answers: Answers, chart: Chart) -> list[Block]:
        """All layers together, below the layer under the cursor."""
        table = answers.get("ratios")
        which = "all layers, first run" if any(series.reference for series in chart.series) else "all layers"
        return [] if table is None or chart.zero else [(which, totals(table))]

    def foot(self, scope: Scope, chart: Chart) -> list[str]:
        """The key for the difference."""
        return ["d: difference"] if scope.second is not None and not chart.zero else []

    def crumb(self, answers: Answers, scope: Scope) -> str:
        """The layer under the cursor."""
        return layer_name(answers.get("layers"), scope.selection.layer)

    def options(self) -> object:
        """Whether the difference shows."""
        return self.differing


class ByLanguageCount(View):
    """Neurons by the number of languages that they are active in, against chance."""

    name = "by languages"
    absent = Absent("At least three languages are needed", "Press L and switch more on.", step="languages")

    def missing(self, answers: Answers, scope: Scope) -> Absent:
        """The run itself may have too few languages."""
        count = len(scope.run.languages)
        return self.absent if count > 2 else Absent(self.absent.head, f"This run has {count}.", step="view")

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Ratio by number of languages."""
        return {"counts": _of("type-ratio-by-language-count", scope), "last-token": last_token_request(scope)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """Observed and by chance."""
        table = answers.get("counts")
        return None if table is None else by_count(table)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """What a position is, and the gray curve."""
        return "all sets of that size; gray: by chance"


class ByThreshold(View):
    """Type ratio against activation threshold."""

    name = "by threshold"
    absent = ByLayer.absent

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Ratio by threshold, over all layers."""
        name = "type-ratio-by-threshold"
        return {
            "thresholds": QueryRequest.of(name, run=scope.run.number, languages=scope.languages, by_layer=False),
        }

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each type."""
        table = answers.get("thresholds")
        return None if table is None else by_threshold(table)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """What the numbers cover."""
        return "all layers"


class EveryToken(View):
    """Neurons that are inactive at every token of the prompt."""

    name = "every token"
    absent = Absent(
        "Activity at every token was not counted in this run",
        "Measure it as well: neurontui run … --measures types.",
        "tokens",
    )

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Share of inactive neurons by layer and language."""
        together = QueryRequest.of(
            "inactive-across-tokens", run=scope.run.number, languages=scope.languages, by_layer=False
        )
        return {"inactive": _of("inactive-across-tokens", scope), "together": together}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """Three shares with three denominators."""
        table = answers.get("inactive")
        return None if table is None else inactive(table, answers.get("layers"), scope.inputs)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Unit."""
        return "% of neurons"

    def totals(self, answers: Answers, chart: Chart) -> list[Block]:
        """All layers together."""
        table = answers.get("together")
        return [] if table is None else [("all layers", inactive_in_all_layers(table))]

    def foot(self, scope: Scope, chart: Chart) -> list[str]:
        """The denominators."""
        return [*DENOMINATORS]


class Detectors(View):
    """The neurons that detectors of language-specific neurons select from a corpus."""

    name = "detectors"
    absent = Absent(
        "Detectors compare languages: two are needed", "Press L and switch more languages on.", step="languages"
    )

    def missing(self, answers: Answers, scope: Scope) -> Absent:
        """The run itself may have one language only."""
        count = len(scope.run.languages)
        return self.absent if count > 1 else Absent(self.absent.head, f"This run has {count}.")

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Neurons by detector, language and layer."""
        return {"detectors": QueryRequest.of("detectors-by-layer", run=scope.run.number, languages=scope.languages)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each detector."""
        table = answers.get("detectors")
        return None if table is None else detectors_chart(table, scope.inputs, answers.get("layers"))

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """The language, and what percentages refer to."""
        which = f"for {scope.inputs}" if scope.inputs else f"for a language, mean of {len(scope.languages)}"
        return f"{which} · % of the layer's neurons"


class RightOrWrong(View):
    """Difference in type ratio between inputs answered correctly and incorrectly."""

    name = "right or wrong"
    absent = Absent(
        "No answers were judged in this run",
        "Measure them as well: neurontui run … --measures types,ablation.",
        "answers",
    )

    def missing(self, answers: Answers, scope: Scope) -> Absent:
        """Without answers of both kinds there is no difference."""
        table = answers.get("correctness")
        row = table.slice(0, 1).to_pylist() if table is not None else []
        right, wrong = (row[0]["n_right"] or 0, row[0]["n_wrong"] or 0) if row else (0, 0)
        if not right + wrong:
            return self.absent
        kind = "right" if right else "wrong"
        head = f"All {right + wrong:,} answers are {kind}"
        return Absent(head, "Without answers of the other kind there is no difference to show.", step="examples")

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Type ratios by correctness."""
        return {"correctness": _of("types-by-correctness", scope)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """Correct minus incorrect, in percentage points."""
        table = answers.get("correctness")
        return None if table is None else correctness(table, answers.get("layers"))

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Unit."""
        return "percentage points of type ratio"


def _of(name: str, scope: Scope) -> QueryRequest:
    return QueryRequest.of(name, run=scope.run.number, languages=scope.languages)
