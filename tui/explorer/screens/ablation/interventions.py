"""Views of interventions: sets by language asked, values compared, patches by layer, and steering."""

from collections.abc import Sequence
from typing import ClassVar

from neurontui.tui.charts.builders.interventions import (
    agreement_cell,
    agreement_lines,
    agreement_matrix,
    patching_chart,
    patching_totals,
)
from neurontui.tui.charts.builders.off_target import ARMS, MARKS, off_target_lines, off_target_matrix, selections
from neurontui.tui.charts.builders.steering import (
    OUTCOMES,
    Way,
    steering_chart,
    steering_sizes,
    undetermined_line,
    ways,
)
from neurontui.tui.charts.model import Chart, Matrix
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.ablation.views import MEASURES, OFF_TARGET_MEASURES, AblationView
from neurontui.tui.explorer.screens.view import Answers, Block


class HeatView(AblationView):
    """A view that is a heatmap, with words about the cell under the cursor below it."""

    optional = True
    widget = "#matrix"
    focus = "#matrix"
    axes: ClassVar[tuple[str, str]]

    def matrix(self, answers: Answers, scope: Scope) -> Matrix:
        """The heatmap of the view's table."""
        raise NotImplementedError

    def words(self, answers: Answers, row: int, column: str) -> list[Spans]:
        """The lines below the heatmap."""
        raise NotImplementedError


class OffTarget(HeatView):
    """Whose neurons matter for which language: set, control, or their difference."""

    name = "matrix"
    heading = "Whose neurons matter for which language"
    drawn_from = "off-target"
    needs = "selected"
    lacking = (
        "This run has no sets selected for languages",
        "Measure them: neurontui run … --measures types,attribution,ablation --ablation-sets lape.",
    )
    axes = ("set", "language")

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The matrix."""
        measure = self._options.off_target_measure
        run, languages = scope.run.number, scope.languages
        matrix = QueryRequest.of("off-target", run=run, languages=languages, measure=measure)
        return {"off-target": matrix, **self.accuracy(scope)}

    def sets(self, answers: Answers) -> Sequence[str]:
        """The rules that selected the sets."""
        table = answers.get("off-target")
        return [] if table is None else list(dict.fromkeys(rule for rule, _ in selections(table)))

    def parts(self, answers: Answers) -> Sequence[str]:
        """Difference, set, control."""
        return list(ARMS)

    def _selection(self, answers: Answers) -> tuple[str, str]:
        """Rule, and the chosen value, or the first one if the rule was not measured with it."""
        rule = self.chosen(self.sets(answers), self.set_index)
        values = [value for name, value in selections(answers["off-target"]) if name == rule]
        return rule, self._options.value if self._options.value in values else values[0]

    @property
    def _unit(self) -> str:
        return "nats" if self._options.off_target_measure == "logprob" else "points"

    def matrix(self, answers: Answers, scope: Scope) -> Matrix:
        """Sets by languages."""
        arm = self.chosen(self.parts(answers), self.part_index)
        return off_target_matrix(answers["off-target"], *self._selection(answers), scope.languages, arm, self._unit)

    def words(self, answers: Answers, row: int, column: str) -> list[Spans]:
        """The cell, and what the marks mean."""
        lines = off_target_lines(answers["off-target"], *self._selection(answers), (row, column), self._unit)
        arm = self.chosen(self.parts(answers), self.part_index)
        return [*lines, [Span(MARKS[arm] + " · ? no interval", "dim")]]

    def remarks(self, answers: Answers) -> list[str]:
        """Set, value, what is compared, what the cells are, and what the rows' names give."""
        rule, value = self._selection(answers)
        arm = self.chosen(self.parts(answers), self.part_index)
        measure = OFF_TARGET_MEASURES[self._options.off_target_measure]
        unit = off_target_matrix(answers["off-target"], rule, value, (), arm, self._unit).unit_text
        first = f"{rule} · value {value} · {ARMS[arm]} · {measure}, {unit}"
        return [first, "rows: neurons of a language, set|control in % of all · own−oth.: specificity"]


class Agreement(HeatView):
    """Whether the values of an intervention agree."""

    name = "values"
    heading = "Do the values agree?"
    drawn_from = "agreement"
    needs = "values"
    judged = False
    lacking = (
        "This run has one value of the intervention",
        "Measure several: neurontui run … --measures types,attribution,ablation --ablation-value zero,mean,resample.",
    )
    axes = ("set", "value")

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Agreement of each two values."""
        run, languages = scope.run.number, scope.languages
        agreement = QueryRequest.of("intervention-agreement", run=run, languages=languages)
        return {"agreement": agreement, **self.accuracy(scope)}

    def matrix(self, answers: Answers, scope: Scope) -> Matrix:
        """Sets by values."""
        return agreement_matrix(answers["agreement"], self.accuracy_rows(answers))

    def words(self, answers: Answers, row: int, column: str) -> list[Spans]:
        """The cell in words, and what the marks mean."""
        cell = agreement_cell(answers["agreement"], self.accuracy_rows(answers), row, column)
        return [*cell, [Span("▼ ▲ the 95 % interval excludes zero · ? no interval", "dim")]]

    def remarks(self, answers: Answers) -> list[str]:
        """How far each two values agree, and what the cells are."""
        unit = agreement_matrix(answers["agreement"], self.accuracy_rows(answers)).unit_text
        about = f"cells: change of the answer's log-probability, {unit} · %: share of all neurons"
        return [*("".join(span.text for span in line) for line in agreement_lines(answers["agreement"])), about]


class Patching(AblationView):
    """Change of the answer with a layer patched from another language."""

    name = "patching"
    heading = "Patching from another language, by layer"
    optional = True
    drawn_from = "patching"
    needs = "patches"
    judged = False
    widget = "#chart-row"
    focus = "#chart"
    lacking = (
        "This run has no layers patched from another language",
        "Measure them: neurontui run … --measures types,ablation --ablation-scope last --ablation-value patch:en.",
    )

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Changes by layer."""
        run, languages = scope.run.number, scope.languages
        return {"patching": QueryRequest.of("patching", run=run, languages=languages), **self.accuracy(scope)}

    def parts(self, answers: Answers) -> Sequence[str]:
        """Languages of the inputs; all others than the source first."""
        table = answers.get("patching")
        return (
            [""]
            if table is None
            else list(dict.fromkeys(["", *(code or "" for code in table["language"].to_pylist())]))
        )

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each source."""
        table = answers.get("patching")
        return None if table is None else patching_chart(table, answers.get("layers"), self._language(answers))

    def _language(self, answers: Answers) -> str:
        return self.chosen(self.parts(answers), self.part_index)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Unit."""
        return "change, nats"

    def totals(self, answers: Answers, chart: Chart) -> list[Block]:
        """All layers together."""
        return [("all layers together", patching_totals(answers["patching"], self._language(answers)))]

    def options(self) -> object:
        """The language of the inputs."""
        return self.part_index


class Steering(AblationView):
    """Language of the outputs and answers kept, by strength."""

    name = "steering"
    heading = "Steering the language of the answer"
    optional = True
    drawn_from = "steering"
    needs = "steered"
    judged = False
    widget = "#chart-row"
    focus = "#chart"
    lacking = (
        "This run has no steering",
        "Measure it: neurontui run … --measures types,attribution,ablation --ablation-sets lape "
        "--ablation-value scale:0,scale:4 --ablation-judge generated --ablation-prompt-baseline.",
    )

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Outcomes by strength."""
        return {"steering": self.query("steering", scope), **self.accuracy(scope)}

    def sets(self, answers: Answers) -> Sequence[Way]:
        """Language steered to, rule, and kind of value."""
        table = answers.get("steering")
        return [] if table is None else ways(table)

    def parts(self, answers: Answers) -> Sequence[str]:
        """Language of outputs, answers, log-probability."""
        return list(OUTCOMES)

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each arm."""
        table = answers.get("steering")
        if table is None or not self.sets(answers):
            return None if table is None else Chart("Steering", (), ())
        return steering_chart(table, self._way(answers), self._outcome(answers))

    def _way(self, answers: Answers) -> Way:
        return self.chosen(self.sets(answers), self.set_index)

    def _outcome(self, answers: Answers) -> str:
        return self.chosen(self.parts(answers), self.part_index)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """How answers are judged."""
        return "" if self._outcome(answers) == "logprob" else MEASURES[self._options.measure]

    def size_lines(self, answers: Answers) -> list[Spans]:
        """What the curves are, sizes of set, control and random neurons, and outputs of unknown language."""
        if not self.sets(answers):
            return []
        table, way, outcome = answers["steering"], self._way(answers), self._outcome(answers)
        unknown = [undetermined_line(table, way, letters=True)] if outcome == "switched" else []
        return [[Span(OUTCOMES[outcome], "dim")], steering_sizes(table, way), *unknown]

    def options(self) -> object:
        """Whose neurons, and which outcome."""
        return self.set_index, self.part_index, self._options.measure
