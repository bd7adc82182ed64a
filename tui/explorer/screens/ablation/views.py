"""The views of the Ablation screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from neurontui.tui.charts.builders.ablation import Rows, dose_chart
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.spans import Spans
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Absent, Answers, View

MEASURES = {
    "generation": "generated answers",
    "rank": "choice with the highest probability",
    "first": "reciprocal rank of the answer's first token",
    "invalid": "answers that are none of the choices",
}
"""How an answer is judged, in words."""
NEEDED = {"generation": "generated", "rank": "ranked", "first": "first", "invalid": "ranked"}
"""What a measure needs in a run, as the query `measures` names it."""
OFF_TARGET_MEASURES = {"logprob": "log-probability of the answer", **MEASURES}
"""What the matrix of sets and languages compares."""
UNJUDGED = ("baseline", "prompt")
"""Conditions that set no neuron to a value."""


@dataclass
class Options:
    """What keys change for all views together."""

    measure: str = "generation"
    off_target_measure: str = "logprob"
    value: str = ""
    """What ablated weights are set to; empty for all values that were measured."""

    def of_value(self, rows: Rows) -> Rows:
        """The rows of the chosen value, and those that no value applies to. Patched layers have a view of their own."""
        if not self.value:
            return [row for row in rows if row["kind"] != "layer"]
        return [row for row in rows if row["value"] == self.value or row["kind"] in UNJUDGED]

    @property
    def more_is_better(self) -> bool:
        """Whether larger numbers are better; not so for invalid answers."""
        return self.measure != "invalid"

    @property
    def subject(self) -> str:
        """What is counted, for headings."""
        return {"first": "Reciprocal rank", "invalid": "Invalid answers"}.get(self.measure, "Accuracy")

    @property
    def word(self) -> str:
        """What counted answers are."""
        return {"first": "rank", "invalid": "invalid"}.get(self.measure, "right")


Choice = TypeVar("Choice")


def following(choices: Iterable[str], current: str) -> str:
    """The choice after the current one, cyclically; the first one if that is none of them."""
    names = list(choices)
    return names[(names.index(current) + 1) % len(names)] if current in names else names[0]


class AblationView(View):
    """A view of the accuracy with neurons ablated."""

    absent = Absent(
        "No ablation in this run",
        "Measure it as well: neurontui run … --measures types,attribution,ablation. It needs answers in the task.",
        "ablation",
    )
    heading: ClassVar[str]
    drawn_from: ClassVar[str] = "accuracy"
    """The query that the view is drawn from."""
    widget: ClassVar[str]
    """The widget of the view."""
    focus: ClassVar[str] = ""
    """The widget that gets the focus."""
    judged: ClassVar[bool] = True
    """Whether it depends on how answers are judged."""
    lacking: ClassVar[tuple[str, str]] = ("", "")
    """Notice for runs without what it needs: head, and how to measure it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.set_index, self.part_index = 0, 0
        """Places of the chosen sets and of what is shown of them, in `sets` and `parts`, cyclically."""

    def sets(self, answers: Answers) -> Sequence[Any]:
        """The sets of neurons that a key chooses among."""
        return ()

    def parts(self, answers: Answers) -> Sequence[str]:
        """What a key shows of them, such as the set, its control, or the difference."""
        return ()

    @staticmethod
    def chosen(choices: Sequence[Choice], index: int) -> Choice:
        """One of the choices, counted cyclically."""
        return choices[index % len(choices)]

    def remarks(self, answers: Answers) -> list[str]:
        """Lines below the title."""
        return []

    def size_lines(self, answers: Answers) -> list[Spans]:
        """Sizes of set and control, where the rows do not give them."""
        return []

    @staticmethod
    def accuracy_rows(answers: Answers) -> Rows:
        """The rows of ablation-accuracy; empty until they are available."""
        return list(answers["accuracy"].to_pylist()) if "accuracy" in answers else []

    def accuracy(self, scope: Scope) -> dict[str, QueryRequest]:
        """Accuracy by condition and language, how it was judged, and what the run has at all; for every view."""
        measures = QueryRequest.of("measures", run=scope.run.number)
        judge = QueryRequest.of("ablation-judge", run=scope.run.number, languages=scope.languages)
        return {"accuracy": self.query("ablation-accuracy", scope), "judge": judge, "measures": measures}

    def title(self) -> str:
        """The heading, with what is counted."""
        return self.heading.format(subject=self._options.subject)

    def query(self, name: str, scope: Scope) -> QueryRequest:
        """A query of the chosen measure."""
        run, languages = scope.run.number, scope.languages
        return QueryRequest.of(name, run=run, languages=languages, measure=self._options.measure)

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Accuracy, and the paper's."""
        published = QueryRequest.of("published-ablation", run=scope.run.number)
        return {**self.accuracy(scope), "published": published}


class Conditions(AblationView):
    """Conditions by languages, as a heatmap."""

    name = "table"
    heading = "{subject} with neurons ablated"
    widget = "#heat-row"
    focus = "#conditions"


class AccuracyBars(AblationView):
    """A bar for each condition."""

    name = "bars"
    heading = "{subject}, all inputs, 0–100 %"
    widget = "#bars"


class Controls(AblationView):
    """Each type against its control."""

    name = "controls"
    heading = "A type against its control"
    drawn_from = "controls"
    needs = "controls"
    widget = "#controls"
    focus = "#controls"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Types and controls."""
        return {"controls": self.query("ablation-controls", scope), **self.accuracy(scope)}


class Dose(AblationView):
    """Change against the share of neurons ablated."""

    name = "dose"
    heading = "Change by dose"
    drawn_from = "dose"
    needs = "doses"
    widget = "#chart-row"
    focus = "#chart"

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """Doses."""
        return {"dose": self.query("ablation-dose", scope), **self.accuracy(scope)}

    def chart(self, answers: Answers, scope: Scope, style: str) -> Chart | None:
        """A curve for each type and control."""
        table = answers.get("dose")
        return None if table is None else dose_chart(table, self._options.value)

    def options(self) -> object:
        """The value."""
        return self._options.value
