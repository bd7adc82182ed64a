"""Layers: how many neurons of each layer are of each type. Switch a language and every curve answers."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import pyarrow as pa
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.asking import Question
from neurontui.tui.catalog import RunInfo
from neurontui.tui.charts.model import Chart, Drawing
from neurontui.tui.screens.page import Page
from neurontui.tui.shape.types import difference, overlay, totals, type_chart
from neurontui.tui.widgets.layer_chart import LayerChart
from neurontui.tui.widgets.readout import ReadOut, Row
from neurontui.tui.widgets.sheet import Sheet
from neurontui.tui.widgets.paint import Part

VIEWS = ("stacked", "lines", "active types only")


class LayersPage(Page):
    """Type ratio by layer: stacked or as lines, with a second run beside it or their difference."""

    PAGE = "layers"
    HEADING = "Layers"
    ABOUT = (
        "The share of each layer's neurons that are all-shared (A), partial-shared (P), specific (S) and "
        "non-activated (N) at the last prompt token, as the mean over examples. The read-out gives the layer "
        "under the cursor with its 95 % interval. Languages that are switched off do not count: types are told "
        "again over those that are on."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s",
            "view",
            "stacked/lines",
            tooltip="Stacked areas, lines, or lines without non-activated",
        ),
        Binding(
            "d",
            "difference",
            "difference",
            show=False,
            tooltip="The compared run's curves, or the difference to it",
        ),
        Binding("enter", "neurons", "neurons", tooltip="The neurons of this layer"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.view = 0
        self.differing = False

    def body(self) -> Iterable[Widget]:
        """Title, chart and read-out."""
        yield Sheet(id="title")
        with Horizontal():
            yield LayerChart(id="chart")
            yield ReadOut(id="readout")

    def wants(self, run: RunInfo) -> dict[str, Question]:
        """Ratios of the run, and of the second one where there is one."""
        both = {"ratios": self._question(run)}
        if self.second is not None:
            both["second"] = self._question(self.second)
        return both

    def _question(self, run: RunInfo) -> Question:
        languages = tuple(code for code in self.languages if code in run.languages) or None
        threshold = self.selection.threshold if self.selection.threshold in run.thresholds else None
        return Question.of(
            "type-ratio-by-layer", run=run.number, languages=languages, threshold=threshold
        )

    def draw(self, key: str, table: pa.Table) -> None:
        """New ratios."""
        self._draw()

    def reflect(self) -> None:
        """The cursor may have moved on another screen."""
        if self.second is None:
            self.answers.pop("second", None)
            self.asked.pop("second", None)
            self.differing = False
        self.query_one(LayerChart).cursor = self.selection.layer
        self._draw()

    def _draw(self) -> None:
        chart = self._chart()
        if chart is None:
            return
        self._write_title(chart)
        view = self.query_one(LayerChart)
        view.show(chart)
        view.cursor = min(self.selection.layer, max(chart.n - 1, 0))
        self._read_out(chart)

    def _chart(self) -> Chart | None:
        first, second = self.answers.get("ratios"), self.answers.get("second")
        if first is None:
            return None
        view = VIEWS[self.view]
        if second is None or self.second is None:
            return type_chart(
                first, stacked=view == "stacked", active_only=view == "active types only"
            )
        if self.differing:
            return difference(first, second)
        return overlay(first, second, active_only=view == "active types only")

    def _write_title(self, chart: Chart) -> None:
        table = self.answers["ratios"]
        examples = max(table.column("n_examples").to_pylist(), default=0)
        neurons = max(table.column("n_neurons").to_pylist(), default=0)
        notes = {note for note in table.column("note").to_pylist() if note}
        head = [
            Part(chart.title, "text", bold=True),
            Part(f" · mean of {examples:,} examples · % of {neurons:,}", "dim"),
        ]
        extra = [[Part(f"{note}", "second")] for note in sorted(notes)]
        self.query_one("#title", Sheet).show([head, *extra])

    def _read_out(self, chart: Chart) -> None:
        index = self.query_one(LayerChart).cursor
        label = chart.labels[index] if index < chart.n else ""
        rows = tuple(Row(s.letter, s.name, s.text(index), s.role) for s in reversed(chart.series))
        overall = totals(self.answers["ratios"]) if not chart.zero else ()
        self.query_one(ReadOut).show_blocks(
            (f"layer {label}", rows),
            *([("all layers", overall)] if overall else []),
            foot=("±: 95 % interval",),
        )

    def on_layer_chart_moved(self, message: LayerChart.Moved) -> None:
        """Another layer."""
        chart = message.chart.chart
        if chart is not None:
            self.select(layer=message.index)

    def action_view(self) -> None:
        """The next way to draw."""
        self.view = (self.view + 1) % len(VIEWS)
        self._draw()

    def action_difference(self) -> None:
        """Curves of both runs, or their difference."""
        if self.second is None:
            self.notify("Choose a second run first: press c.", markup=False)
            return
        self.differing = not self.differing
        self._draw()

    def action_neurons(self) -> None:
        """Down to the neurons of the layer."""
        self.explorer.drill("persistence", within=self.selection.layer)

    def drawings(self) -> Sequence[Drawing]:
        """The chart as it is shown."""
        chart = self._chart()
        return [chart] if chart is not None else []
