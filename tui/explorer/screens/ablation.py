"""Ablation: accuracy when a type of neurons is switched off, against controls, by dose, and beside the paper."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.charts.builders.ablation import (
    MEAN,
    OFF,
    accuracy_bars,
    accuracy_matrix,
    cell_lines,
    control_fields,
    control_table,
    dose_chart,
    labels_of,
    mean_lines,
    sources,
)
from neurontui.tui.charts.builders.sharing import bar_lines
from neurontui.tui.charts.model import Chart, Drawing
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.views import ChartPage
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span

MEASURES = ("generation", "rank", "invalid")
WORDS = {
    "generation": "generated answers",
    "rank": "likeliest of the choices",
    "invalid": "answers that are none of the choices",
}
TABLE, BARS, CONTROLS, DOSE = range(4)


class AblationPage(ChartPage):
    """A table of conditions by language, bars, matched controls, and dose."""

    PAGE = "ablation"
    HEADING = "Ablation"
    ABOUT = (
        "Accuracy with neurons switched off: of each type in each example, random ones, and matched controls, which "
        "are as many other active neurons with as much contribution. Cells are coloured by the change from the "
        "baseline on the same inputs, ▼ ▲ where its interval leaves nought out; below stands the cell under the cursor with its 95 % interval, and how many "
        "inputs were lost and gained. Views: bars; type against its control; change against dose."
    )
    VIEWS = ("table", "bars", "controls", "dose")
    STYLES = ("lines", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "measure",
            "measure",
            tooltip="Generated answers, rank among the choices, or invalid answers",
        ),
        Binding("p", "paper", "paper", tooltip="The paper's numbers, from its next table, or none"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.measure = 0
        self.paper = 0
        """Which of the paper's tables shows; beyond the last one, none."""

    def body(self) -> Iterable[Widget]:
        """One widget a view, of which one shows."""
        yield StyledText(id="title")
        with Horizontal(id="heat-row"):
            yield Heat(id="conditions")
            yield StyledText(id="means")
        yield StyledText(id="cell")
        yield StyledText(id="bars")
        yield Grid(id="controls")
        yield self.chart_row()

    def question(self, run: RunInfo) -> dict[str, QueryRequest]:
        """What the view asks."""
        asked = {"run": run.number, "languages": self.languages, "measure": MEASURES[self.measure]}
        accuracy = {"accuracy": QueryRequest.of("ablation-accuracy", **asked)}
        if self.view == CONTROLS:
            return {"controls": QueryRequest.of("ablation-controls", **asked), **accuracy}
        if self.view == DOSE:
            return {"dose": QueryRequest.of("ablation-dose", **asked), **accuracy}
        return {
            **accuracy,
            "published": QueryRequest.of("published-ablation", run=run.number),
        }

    def on_resize(self) -> None:
        """The bars join the table where there is room."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """The widget of the view."""
        for view, name in (
            (TABLE, "#heat-row"),
            (TABLE, "#cell"),
            (BARS, "#bars"),
            (CONTROLS, "#controls"),
            (DOSE, "#chart-row"),
        ):
            also = name == "#bars" and self.view == TABLE and self._room_for_bars
            self.query_one(name).display = view == self.view or also
        key = ("accuracy", "accuracy", "controls", "dose")[self.view]
        table = self.answers.get(key)
        if table is None:
            return
        if not table.num_rows:
            self.say_absent()
            return
        self.clear_notice()
        self._title()
        (self._table, self._bars, self._controls, super().redraw)[self.view]()

    def _title(self) -> None:
        head = (
            "Accuracy when a type is switched off",
            "Accuracy, all inputs",
            "A type against its matched control",
            "Change by dose",
        )
        words = f" · {WORDS[MEASURES[self.measure]]}"
        self.query_one("#title", StyledText).show(
            [[Span(head[self.view], bold=True), Span(words, "dim"), Span(self._source(), "second")]]
        )

    def _source(self) -> str:
        """Whose numbers stand below ours."""
        rows = self._published() if self.view == TABLE else []
        return f"   {rows[0]['source']}: {str(rows[0]['model']).rpartition('/')[2]}" if rows else ""

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.answers["accuracy"].to_pylist()) if "accuracy" in self.answers else []

    def _published(self) -> list[dict[str, Any]]:
        """One table of the paper, or none: for generated answers only."""
        table = self.answers.get("published")
        found = sources(table)
        if self.measure or table is None or self.paper >= len(found):
            return []
        return [row for row in table.to_pylist() if row["source"] == found[self.paper]]

    @property
    def _room_for_bars(self) -> bool:
        """Whether the bars fit below the table: a line a condition, the frame's and those between."""
        rows = self._rows()
        conditions = len({row["condition"] for row in rows})
        lines = len(labels_of(rows, self._published()))
        return not self.wide and lines + conditions + 10 <= self.size.height

    def _table(self) -> None:
        heat = self.query_one("#conditions", Heat)
        heat.show(accuracy_matrix(self._rows(), self.languages, self._published()))
        self._say_cell()
        means = self.query_one("#means", StyledText)
        lines = mean_lines(self._rows(), self._published(), means.content_size.width or 40)
        means.display = self.wide and len(lines) + 9 <= self.size.height
        means.show(lines)
        self.query_one("#bars").display = self._room_for_bars
        if self._room_for_bars:
            self._bars()

    def _say_cell(self) -> None:
        heat = self.query_one("#conditions", Heat)
        rows = self._rows()
        labels = labels_of(rows, self._published())
        column = heat.matrix.columns[heat.column] if heat.matrix.columns else OFF
        language = None if column in (OFF, MEAN) else column
        lines = cell_lines(rows, labels[heat.row], language) if heat.row < len(labels) else []
        self.query_one("#cell", StyledText).show([[], *lines, []])

    def on_heat_moved(self, _: Heat.Moved) -> None:
        """Another cell."""
        self._say_cell()

    def _bars(self) -> None:
        sheet = self.query_one("#bars", StyledText)
        sheet.show(
            bar_lines(
                accuracy_bars(self._rows()),
                sheet.content_size.width or self.size.width - 2,
                names=22,
            )[1:]
        )

    def _controls(self) -> None:
        self.query_one("#controls", Grid).show(control_table(self.answers["controls"]), control_fields(self.size.width))

    def chart(self) -> Chart | None:
        """Dose."""
        return dose_chart(self.answers["dose"]) if self.view == DOSE and "dose" in self.answers else None

    def say_absent(self) -> None:
        """Say how to get what is missing."""
        if self.view in (CONTROLS, DOSE) and "accuracy" in self.answers and self.answers["accuracy"].num_rows:
            self.notice("This run has no such conditions", "Choose another view with v.")
        elif self.measure:
            self.notice("This task has no choices to rank", "Press r for generated answers.")
        else:
            self.absent(
                "ablation",
                "No ablation in this run",
                "Measure it as well: neurontui run … --measures types,attribution,ablation. It needs answers in the task.",
            )

    def update(self) -> None:
        """Bring everything up, and the focus to what is shown."""
        super().update()
        if self.is_current and self.query("#conditions"):
            wanted = {TABLE: "#conditions", CONTROLS: "#controls", DOSE: "#chart"}.get(self.view)
            shown = {"conditions", "controls", "chart"}
            if wanted is not None and (self.focused is None or self.focused.id in shown):
                self.query_one(wanted).focus()

    def action_measure(self) -> None:
        """Another measure."""
        self.measure = (self.measure + 1) % len(MEASURES)
        self.update()

    def action_style(self) -> None:
        """Another style of the dose curves, the only ones here."""
        if self.view == DOSE:
            super().action_style()
        else:
            self.view = DOSE
            self.update()

    def action_paper(self) -> None:
        """The next of the paper's tables, then none."""
        self.paper = (self.paper + 1) % (len(sources(self.answers.get("published"))) + 1)
        self.redraw()

    def drawings(self) -> Sequence[Drawing]:
        """The heatmap and the bars, or the chart."""
        if self.view == DOSE:
            return super().drawings()
        rows = self._rows()
        return [accuracy_matrix(rows, self.languages, self._published()), accuracy_bars(rows)] if rows else []
