"""Attribution: which types contribute to the layers' output, and which to the answer."""

from collections.abc import Iterable
from typing import ClassVar

import pyarrow as pa
from textual.widget import Widget

from neurontui.tui.charts.builders.attribution import (
    contribution,
    largest_effects,
    score_fields,
    score_table,
    top_share,
)
from neurontui.tui.charts.model import Chart
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.views import ChartPage
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span

VARIANTS = ("values", "neuron-means", "layer-maxima")
SCORES = 4
"""The view that is a table."""


class AttributionPage(ChartPage):
    """Top-5 % composition, average and total contribution, effective scores by layer and as the paper's tables."""

    PAGE = "attribution"
    HEADING = "Attribution"
    ABOUT = (
        "Contribution scores (CS, Eq. 9) say what share of a layer's output a neuron makes; effective scores (ES, "
        "Eq. 10) how far it moves the logit of the right answer. Views: types of the 5 % of neurons that contribute "
        "most; contribution of one neuron of a type, and of all of them; the largest effective score of each layer; "
        "and Tables 1 and 3 with the paper's numbers beside them. u looks at inputs in one language."
    )
    VIEWS = ("top 5 %", "one neuron", "all neurons", "largest effect", "effective scores")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "u",
            "language",
            "language",
            tooltip="Inputs in one language, then in the next, then in all",
        ),
        Binding(
            "r",
            "variant",
            "variant",
            show=False,
            tooltip="Effective scores over all values, neuron means, or layer maxima",
        ),
        Binding("enter", "neurons", "neurons", show=False, tooltip="The neurons of this layer"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.variant = 0

    def body(self) -> Iterable[Widget]:
        """The chart, and the table that takes its place."""
        yield from super().body()
        yield Grid(id="scores")

    @property
    def language(self) -> str:
        """Inputs in this language alone; empty for all."""
        return self.selection.language if self.selection.language in self.languages else ""

    def question(self, run: RunInfo) -> dict[str, QueryRequest]:
        """What the view asks."""
        both = {"run": run.number, "languages": self.languages}
        language = self.language or None
        if self.view == 0:
            return {"top": QueryRequest.of("contribution-top-share", **both)}
        if self.view in (1, 2):
            return {"contribution": QueryRequest.of("contribution-by-type", **both, language=language)}
        if self.view == 3:
            return {"largest": QueryRequest.of("effective-score-max-by-layer", **both, language=language)}
        return {
            "scores": QueryRequest.of("effective-score-by-type", **both, variant=VARIANTS[self.variant]),
            "published": QueryRequest.of("published-effective-scores", run=run.number),
        }

    def chart(self) -> Chart | None:
        """The view's chart."""
        layers, answers = self.answers.get("layers"), self.answers
        if self.view == 0 and "top" in answers:
            return top_share(answers["top"], layers, self.language)
        if self.view in (1, 2) and "contribution" in answers:
            what = "average" if self.view == 1 else "total"
            return contribution(answers["contribution"], layers, self.language, what)
        if self.view == 3 and "largest" in answers:
            return largest_effects(answers["largest"], layers, self.language)
        return None

    def about(self, chart: Chart) -> str:
        """What the numbers are shares of."""
        inputs = "" if self.language else "all inputs"
        return (
            f"% of them, {inputs}",
            f"% of the layer, {inputs}",
            f"% of the layer, {inputs}",
            f"{chart.unit}, {inputs}",
        )[self.view].strip(", ")

    def redraw(self) -> None:
        """A chart, or the table."""
        table = self.view == SCORES
        self.query_one("#chart-row").display = not table
        self.query_one(Grid).display = table
        if not table:
            super().redraw()
        elif "scores" in self.answers:
            self._show_scores(self.answers["scores"])

    def _show_scores(self, table: pa.Table) -> None:
        if not table.num_rows:
            self.say_absent()
            return
        self.clear_notice()
        published = self.answers.get("published")
        paper = published is not None and published.num_rows > 0
        self.query_one(Grid).show(score_table(table, published), score_fields(paper))
        words = {
            "values": "every neuron in every example",
            "neuron-means": "neuron means",
            "layer-maxima": "layer maxima",
        }
        source = ""
        if published is not None and paper:
            same = published.column("same_model")[0].as_py()
            source = f"   paper: {published.column('model')[0]}{'' if same else ', another model'}"
        head = [
            Span("Effective scores", "text", bold=True),
            Span(f" · over {words[VARIANTS[self.variant]]}, logits", "dim"),
        ]
        self.query_one("#title", StyledText).show([[*head, Span(source, "second")]])

    def say_absent(self) -> None:
        """Say how to get what is missing."""
        if self.view in (3, SCORES):
            self.absent(
                "effects",
                "No effective scores in this run",
                "They need answers in the task, and a stack whose output reaches the logits (not an encoder). "
                "Measure them: neurontui run … --measures types,attribution.",
            )
        else:
            self.absent(
                "attribution",
                "No attribution in this run",
                "Measure contribution scores as well: neurontui run … --measures types,attribution.",
            )

    def update(self) -> None:
        """Bring everything up, and the focus to what is shown."""
        super().update()
        if self.is_current and self.query("#scores"):
            wanted = self.query_one(Grid) if self.view == SCORES else self.query_one(LayerChart)
            if self.focused in (None, self.query_one(Grid), self.query_one(LayerChart)):
                wanted.focus()

    def action_language(self) -> None:
        """All inputs, those of the first language, of the next."""
        codes = ["", *self.languages]
        place = codes.index(self.language)
        self.select(language=codes[(place + 1) % len(codes)])

    def action_variant(self) -> None:
        """Another reading of the paper's tables."""
        self.variant = (self.variant + 1) % len(VARIANTS)
        self.view = SCORES
        self.update()

    def action_neurons(self) -> None:
        """Down to the neurons of the layer."""
        if self.view != SCORES:
            self.host.open_detail("persistence", layer_filter=self.selection.layer)
