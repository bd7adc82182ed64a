"""Layers: how many neurons of each layer are of each type. Switch a language and every curve answers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.builders.types import (
    by_count,
    by_threshold,
    correctness,
    difference,
    inactive,
    overlay,
    totals,
    type_chart,
)
from neurontui.tui.charts.model import Chart
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.views import Block, ChartPage
from neurontui.tui.explorer.selection import Selection

OF_WHICH = (
    "all   of all neurons",
    "last  of those inactive",
    "      at the last token",
    "non   of the non-activated",
)
"""Beside activity at every token: what each curve is a share of."""


class LayersPage(ChartPage):
    """Type ratio by layer: stacked or as lines, with a second run beside it or their difference."""

    PAGE = "layers"
    HEADING = "Layers"
    ABOUT = (
        "The share of each layer's neurons that are all-shared (A), partial-shared (P), specific (S) and "
        "non-activated (N) at the last prompt token, as the mean over examples. The read-out gives the layer "
        "under the cursor with its 95 % interval. Languages that are switched off do not count: types are told "
        "again over those that are on. Other views: by number of languages (grey: were languages independent), "
        "by threshold, neurons inactive at every token, and right against wrong answers."
    )
    VIEWS = ("by layer", "by languages", "by threshold", "every token", "right or wrong")
    STYLES = ("stacked", "lines", "active", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "neurons", "neurons", tooltip="The neurons of this layer"),
        Binding("t", "threshold", "threshold", tooltip="The next measured activation threshold"),
        Binding(
            "d",
            "difference",
            "difference",
            show=False,
            tooltip="The compared run's curves, or the difference to it",
        ),
        Binding(
            "u",
            "language",
            "language",
            show=False,
            tooltip="Every token: inputs in one language, then the next",
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.differing = False

    @property
    def threshold(self) -> float:
        """The chosen one for type ratios by layer, where all runs in sight were measured at it."""
        run, second, chosen = self.run, self.second, self.selection.threshold
        if run is None or self.view or chosen not in run.thresholds:
            return super().threshold
        return run.threshold if second is not None and chosen not in second.thresholds else chosen

    @property
    def compares(self) -> bool:
        """Type ratios by layer do."""
        return self.view == 0

    def reflect(self) -> None:
        """Without a second run there is no difference to show."""
        self.differing = self.differing and self.second is not None
        super().reflect()

    def beside(self) -> None:
        """Type ratios by layer."""
        self.view = 0
        self.update()

    def question(self, run: RunInfo) -> dict[str, QueryRequest]:
        """What the view asks; beside a second run, its ratios too."""
        languages = self.languages
        if self.view == 0:
            return self._ratios(run)
        name = (
            "",
            "type-ratio-by-language-count",
            "type-ratio-by-threshold",
            "inactive-across-tokens",
            "types-by-correctness",
        )[self.view]
        by_layer = {"by_layer": False} if self.view == 2 else {}
        return {name: QueryRequest.of(name, run=run.number, languages=languages, **by_layer)}

    def _ratios(self, run: RunInfo) -> dict[str, QueryRequest]:
        second = self.second
        questions = {"ratios": self._ratio(run, self._common or self.languages)}
        if second is None:
            return questions
        questions["second"] = self._ratio(second, self._common or second.languages)
        if self.differing:
            both = QueryRequest.of(
                "compare-runs",
                run=run.number,
                other=second.number,
                languages=self._common,
                threshold=self.threshold,
            )
            return {"both": both, **questions}
        return questions

    @property
    def _common(self) -> tuple[str, ...]:
        """The chosen languages that all runs in sight have: types over others are other types."""
        second = self.second
        return tuple(code for code in self.languages if not second or code in second.languages)

    def _ratio(self, run: RunInfo, languages: tuple[str, ...]) -> QueryRequest:
        threshold = self.threshold if self.threshold in run.thresholds else None
        return QueryRequest.of("type-ratio-by-layer", run=run.number, languages=languages, threshold=threshold)

    def chart(self) -> Chart | None:
        """The view's chart."""
        layers = self.answers.get("layers")
        if self.view == 0:
            return self._ratio_chart()
        if self.view == 1 and (counts := self.answers.get("type-ratio-by-language-count")) is not None:
            return by_count(counts)
        if self.view == 2 and (thresholds := self.answers.get("type-ratio-by-threshold")) is not None:
            return by_threshold(thresholds)
        if self.view == 3 and (silent := self.answers.get("inactive-across-tokens")) is not None:
            return inactive(
                silent,
                layers,
                self.selection.language if self.selection.language in self.languages else "",
            )
        if self.view == 4 and (right := self.answers.get("types-by-correctness")) is not None:
            return correctness(right, layers)
        return None

    def _ratio_chart(self) -> Chart | None:
        first, second, both = (self.answers.get(key) for key in ("ratios", "second", "both"))
        if first is None:
            return None
        style = self.STYLES[self.style]
        if self.second is not None and self.differing and both is not None:
            return difference(both, self.answers.get("layers"))
        if self.second is not None and second is not None:
            return overlay(first, second, self.second.name, active_only=style == "active")
        return type_chart(first, stacked=style == "stacked", active_only=style == "active")

    def about(self, chart: Chart) -> str:
        """Over how many examples, and of how many neurons."""
        table = self.answers.get("ratios")
        if self.view == 0 and chart.zero and self.second is not None:
            return f"this run less {self.second.name}{self._which}"
        if self.view == 0 and table is not None and table.num_rows:
            examples, neurons = (
                max(table.column("n_examples").to_pylist()),
                max(table.column("n_neurons").to_pylist()),
            )
            means = f"mean of {examples:,} examples · % of {neurons:,}"
            return self._which.removeprefix(" ") or means
        words = (
            "",
            "all sets of that size; grey: by chance",
            "all layers",
            "% of neurons",
            "points of type ratio",
        )
        return words[self.view]

    @property
    def _which(self) -> str:
        """Over which languages two runs are compared, where those are not all that are switched on."""
        if self.second is None or self._common == self.languages:
            return ""
        count = len(self._common)
        return f" over the {count} languages of both" if count else " they have no language in common"

    def blocks(self, chart: Chart, index: int) -> tuple[list[Block], list[str]]:
        """All layers together below the layer."""
        blocks, foot = super().blocks(chart, index)
        table = self.answers.get("ratios")
        if self.view == 0 and table is not None and not chart.zero:
            blocks = [("all layers", totals(table))]
        if self.view == 3:
            foot = [*foot, *OF_WHICH]
        if self.second is not None and self.view == 0 and not chart.zero:
            foot = [*foot, "d: difference"]
        return blocks, foot

    def say_absent(self) -> None:
        """Say how to get what is missing."""
        again = "Measure it as well: neurontui run …"
        ways = {
            1: ("", "At least three languages are needed", "Press L and switch more languages on."),
            3: (
                "tokens",
                "Activity at every token was not counted in this run",
                f"{again} --measures types.",
            ),
            4: (
                "answers",
                "No answers were judged in this run",
                f"{again} --measures types,ablation.",
            ),
        }
        measure, head, way = ways.get(
            self.view, ("", "No type ratios for this choice", "Switch more languages on with L.")
        )
        if measure:
            self.absent(measure, head, way)
        else:
            self.notice(head, way)

    def cache_key(self) -> object:
        """Curves of both runs, or their difference."""
        return self.differing

    def action_threshold(self) -> None:
        """The next threshold that every run in sight was measured at."""
        if (threshold := self._next_threshold) is not None:
            self.view = 0
            self.select(threshold=threshold)
        elif self.run is not None:
            which = "This run was" if self.second is None else "Both runs were"
            self.notify(f"{which} measured at one threshold; --thresholds 0,0.1,… measures more.")

    @property
    def _next_threshold(self) -> float | None:
        """The one after the present one, around the end; None where there is no other."""
        run, second = self.run, self.second
        known = run.thresholds if run is not None else ()
        common = [each for each in known if second is None or each in second.thresholds]
        place = common.index(self.threshold) if self.threshold in common else -1
        return common[(place + 1) % len(common)] if len(common) > 1 else None

    def next_selections(self) -> Iterator[Selection]:
        """The next threshold, too."""
        yield from super().next_selections()
        if self.view == 0 and (threshold := self._next_threshold) is not None:
            yield replace(self.selection, threshold=threshold)

    def action_difference(self) -> None:
        """Curves of both runs, or their difference."""
        if self.second is None:
            self.notify("Choose a second run first: press c.", markup=False)
            return
        self.differing = not self.differing
        self.view = 0
        self.update()

    def action_language(self) -> None:
        """The next language for the view of every token; after the last one, all of them."""
        codes = ["", *self.languages]
        place = codes.index(self.selection.language) if self.selection.language in codes else 0
        self.select(language=codes[(place + 1) % len(codes)])

    def action_neurons(self) -> None:
        """Down to the neurons of the layer."""
        self.host.open_detail("persistence", layer_filter=self.selection.layer)

    def crumbs(self) -> tuple[str, ...]:
        """The layer one looks at."""
        return (layer_name(self.answers.get("layers"), self.selection.layer),) if self.view == 0 else super().crumbs()
