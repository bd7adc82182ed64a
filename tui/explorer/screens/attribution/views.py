"""The views of the Attribution screen."""

from typing import ClassVar

from neurontui.tui.charts.builders.attribution import contribution, largest_effects, top_share
from neurontui.tui.charts.builders.truth import truth_about, truth_chart, truth_totals
from neurontui.tui.charts.model import Chart
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Absent, Answers, Block, View

VARIANTS = {
    "values": "every neuron in every example",
    "neuron-means": "neuron means",
    "layer-maxima": "layer maxima",
}
"""What effective scores are averaged over, in words."""
_NO_CONTRIBUTION = Absent(
    "No attribution in this run",
    "Measure contribution scores as well: neurontui run … --measures types,attribution.",
    "attribution",
)
_NO_EFFECTS = Absent(
    "No effective scores in this run",
    "They need answers in the task, and a stack whose output reaches the logits (not an encoder). "
    "Measure them: neurontui run … --measures types,attribution.",
    "effects",
)


class TopShare(View):
    """Types of the 5 % of neurons with the largest contribution."""

    name = "top 5 %"
    absent = _NO_CONTRIBUTION

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Shares by layer and language."""
        return {"top": QueryRequest.of("contribution-top-share", run=scope.run.number, languages=scope.languages)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each type."""
        table = answers.get("top")
        return None if table is None else top_share(table, answers.get("layers"), scope.inputs)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Denominator and inputs."""
        return _about("% of them", scope)


class Contribution(View):
    """Contribution of a type's neurons to the layer's output."""

    absent = _NO_CONTRIBUTION
    what: ClassVar[str]

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Contribution by type and layer."""
        return {"contribution": _of("contribution-by-type", scope)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each type."""
        table = answers.get("contribution")
        return None if table is None else contribution(table, answers.get("layers"), scope.inputs, self.what)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Denominator and inputs."""
        return _about("% of the layer", scope)


class OneNeuron(Contribution):
    """Mean contribution of one neuron of a type."""

    name = "one neuron"
    what = "average"


class AllNeurons(Contribution):
    """Total contribution of all neurons of a type."""

    name = "all neurons"
    what = "total"


class LargestEffect(View):
    """The largest effective score of each layer."""

    name = "largest effect"
    absent = _NO_EFFECTS

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Maxima by layer."""
        return {"largest": _of("effective-score-max-by-layer", scope)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each type."""
        table = answers.get("largest")
        return None if table is None else largest_effects(table, answers.get("layers"), scope.inputs)

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Unit and inputs."""
        return _about(chart.unit, scope)


class EffectiveScores(View):
    """Tables 1 and 3 of the paper: effective scores by type. A table instead of a chart."""

    name = "effective scores"
    absent = _NO_EFFECTS

    def __init__(self) -> None:
        self.variant = next(iter(VARIANTS))

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Scores of the run, and the paper's."""
        run, languages = scope.run.number, scope.languages
        return {
            "scores": QueryRequest.of("effective-score-by-type", run=run, languages=languages, variant=self.variant),
            "published": QueryRequest.of("published-effective-scores", run=run),
        }


class TopNeurons(View):
    """The neurons with the largest mean contribution. A table instead of a chart."""

    name = "top neurons"
    absent = _NO_CONTRIBUTION

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The largest contributions to the chosen inputs."""
        languages = (scope.inputs,) if scope.inputs else scope.languages
        return {"top-neurons": QueryRequest.of("top-neurons", run=scope.run.number, languages=languages)}

    def heading(self, scope: Scope) -> tuple[str, str]:
        """What the neurons are, and of which inputs."""
        inputs = f"{scope.inputs} inputs" if scope.inputs else "all inputs"
        return "Neurons with the largest contribution", f" · mean over {inputs}"


class ExactEffects(View):
    """Rank correlation of each score with exact effects of single neurons, by layer."""

    name = "exact effects"
    needs = "truth"
    optional = True
    absent = Absent(
        "No exact effects in this run",
        "Measure those of single neurons, chosen at random: neurontui run … --measures types,attribution,gradient "
        "--truth-neurons 16.",
        "truth",
    )

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Correlations by layer."""
        return {"truth": QueryRequest.of("attribution-truth", run=scope.run.number, languages=scope.languages)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each score."""
        table = answers.get("truth")
        return None if table is None else truth_chart(table, answers.get("layers"))

    def about(self, answers: Answers, scope: Scope, chart: Chart) -> str:
        """Number of effects."""
        return truth_about(answers["truth"])

    def totals(self, answers: Answers, chart: Chart) -> list[Block]:
        """All layers together."""
        return [("all layers", truth_totals(answers["truth"]))]

    def foot(self, scope: Scope, chart: Chart) -> list[str]:
        """The contribution score has no sign."""
        return ["C: with the effect's size"]


def _of(name: str, scope: Scope) -> QueryRequest:
    run, languages = scope.run.number, scope.languages
    return QueryRequest.of(name, run=run, languages=languages, language=scope.inputs or None)


def _about(what: str, scope: Scope) -> str:
    return what if scope.inputs else f"{what}, all inputs"
