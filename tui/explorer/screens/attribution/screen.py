"""Attribution: how much each type contributes to the layers' output, and to the answer."""

from collections.abc import Iterable
from typing import ClassVar

import pyarrow as pa
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.attribution import TOP_NEURON_FIELDS, score_fields, score_table
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.attribution.views import (
    VARIANTS,
    AllNeurons,
    EffectiveScores,
    ExactEffects,
    LargestEffect,
    OneNeuron,
    TopNeurons,
    TopShare,
)
from neurontui.tui.explorer.screens.chart_page import ChartPage
from neurontui.tui.explorer.screens.published import PublishedTable
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span


class AttributionPage(ChartPage):
    """Composition of the top 5 %, mean and total contribution, effective scores by layer and as in the paper."""

    PAGE = "attribution"
    HEADING = "Attribution"
    NO_CORPUS = "which has no prompts whose next token neurons contribute to"
    ABOUT = (
        "Contribution scores (CS, Eq. 9) give a neuron's share in its layer's output; effective scores (ES, Eq. 10) "
        "give how far it moves the logit of the correct answer. Views: types of the 5 % of neurons with the largest "
        "contribution; contribution of one neuron of a type, and of all of them; the largest effective score of each "
        "layer; Tables 1 and 3, with the paper's numbers for its own model and task (p shows those of other models); "
        "and the neurons with the largest contribution; in runs with exact effects of single neurons, their rank "
        "correlation with each score. u selects inputs in one language."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "language", "language", tooltip="Inputs in the next language, or in all"),
        Binding(
            "r",
            "variant",
            "variant",
            show=False,
            tooltip="Effective scores over all values, neuron means, or layer maxima",
        ),
        Binding("p", "paper", "paper", show=False, tooltip="The numbers of the paper's next table, or none"),
        Binding("enter", "neurons", "neurons", show=False, tooltip="List the neurons of this layer"),
    ]

    def __init__(self) -> None:
        self.scores, self.paper, self.top = EffectiveScores(), PublishedTable(), TopNeurons()
        super().__init__(TopShare(), OneNeuron(), AllNeurons(), LargestEffect(), self.scores, self.top, ExactEffects())

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Also whether scores include norms behind FFNs, a note below the title; and what the run has."""
        also = {name: QueryRequest.of(name, run=scope.run.number) for name in ("post-norm", "measures")}
        return {**super().wants(scope), **also}

    def body(self) -> Iterable[Widget]:
        """The chart, and the table that replaces it."""
        yield from super().body()
        yield Grid(id="scores", noun="type")
        yield Grid(id="top-neurons", noun="neuron")

    def redraw(self) -> None:
        """A chart, or one of the tables."""
        self.query_one("#chart-row").display = self.view not in (self.scores, self.top)
        self.query_one("#scores").display = self.view is self.scores
        self.query_one("#top-neurons").display = self.view is self.top
        if self.view is self.top and "top-neurons" in self.answers:
            self._show_top(self.answers["top-neurons"])
        elif self.view not in (self.scores, self.top):
            super().redraw()
        elif "scores" in self.answers:
            self._show_scores(self.answers["scores"])

    def _show_top(self, table: pa.Table) -> None:
        if not table.num_rows or self.scope is None:
            self.say_absent()
            return
        self.clear_notice()
        self.query_one("#top-neurons", Grid).show(table, TOP_NEURON_FIELDS)
        head, words = self.top.heading(self.scope)
        self.query_one("#title", StyledText).show([[Span(head, "text", bold=True), Span(words, "dim")]])

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """The card of a neuron."""
        row = self.query_one("#top-neurons", Grid).row_values()
        if row and self.view is self.top:
            self.host.open_detail("neuron", layer=row["layer"], neuron=row["neuron"])

    def _show_scores(self, table: pa.Table) -> None:
        if not table.num_rows:
            self.say_absent()
            return
        self.clear_notice()
        published = self.answers.get("published")
        rows, intervals = self.paper.rows(published, self.run), table.column("low").null_count < table.num_rows
        self.query_one("#scores", Grid).show(score_table(table, rows), score_fields(bool(rows), intervals))
        head = [
            Span("Effective scores", "text", bold=True),
            Span(f" · over {VARIANTS[self.scores.variant]}, logits", "dim"),
            Span(self.paper.heading(published, self.run), "second"),
        ]
        self.query_one("#title", StyledText).show([head, *([Span(note, "second")] for note in self.notes())])

    def update(self) -> None:
        """Update, and put the focus on what is shown."""
        super().update()
        if self.is_current and not self.without_corpus and self.query("#scores"):
            scores, top, chart = self.query_one("#scores"), self.query_one("#top-neurons"), self.query_one(LayerChart)
            if self.focused in (None, scores, top, chart):
                {self.scores: scores, self.top: top}.get(self.view, chart).focus()

    def action_language(self) -> None:
        """Inputs in all languages, in the first one, in the next one."""
        codes = ["", *self.languages]
        language = self.scope.inputs if self.scope is not None else ""
        self.select(inputs=codes[(codes.index(language) + 1) % len(codes)])

    def filters(self) -> tuple[str, ...]:
        """The language of the inputs."""
        return () if self.scope is None or not self.scope.inputs else (f"{self.scope.inputs} inputs",)

    def no_filters(self) -> None:
        """Inputs in all languages."""
        self.select(inputs="")

    def action_variant(self) -> None:
        """Average effective scores over something else."""
        variants = list(VARIANTS)
        self.scores.variant = variants[(variants.index(self.scores.variant) + 1) % len(variants)]
        self.view = self.scores
        self.update()

    def action_paper(self) -> None:
        """The next of the paper's tables, then none."""
        self.paper.next(self.answers.get("published"), self.run)
        self.redraw()

    def action_neurons(self) -> None:
        """List the neurons of the layer."""
        if self.view not in (self.scores, self.top):
            self.host.open_detail("persistence", layer_filter=self.selection.layer, speaks="")
