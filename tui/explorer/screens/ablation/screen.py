"""Ablation: accuracy with neurons of a type ablated, against controls, by dose, and beside the paper's."""

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
    labels_of,
    mean_lines,
    sources,
)
from neurontui.tui.charts.builders.sharing import bar_lines
from neurontui.tui.charts.model import Drawing
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.screens.ablation.views import (
    MEASURES,
    AblationView,
    AccuracyBars,
    Conditions,
    Controls,
    Dose,
    Options,
)
from neurontui.tui.explorer.screens.chart_page import ChartPage
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span


class AblationPage(ChartPage):
    """A table of conditions by language, bars, matched controls, and dose."""

    PAGE = "ablation"
    HEADING = "Ablation"
    ABOUT = (
        "Accuracy with neurons ablated: those of each type in each example, random neurons, and matched controls, "
        "which are equally many other active neurons with a similar contribution. Cells are colored by the change "
        "from the baseline on the same inputs; ▼ ▲ mark changes whose 95 % interval excludes zero. The line below "
        "gives the cell under the cursor with its interval, and the numbers of answers lost and gained. Views: bars; "
        "each type against its control; change against dose."
    )
    STYLES = ("lines", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "measure",
            "measure",
            tooltip="Generated answers, rank among the choices, or invalid answers",
        ),
        Binding("p", "paper", "paper", tooltip="The numbers of the paper's next table, or none"),
    ]

    def __init__(self) -> None:
        self.options = Options()
        self.table, self.dose = Conditions(self.options), Dose(self.options)
        self.controls, self.bars = Controls(self.options), AccuracyBars(self.options)
        super().__init__(self.table, self.bars, self.controls, self.dose)

    def body(self) -> Iterable[Widget]:
        """The widgets of all views."""
        yield StyledText(id="title")
        with Horizontal(id="heat-row"):
            yield Heat(id="conditions")
            yield StyledText(id="means")
        yield StyledText(id="cell")
        yield StyledText(id="bars")
        yield Grid(id="controls")
        yield self.chart_row()

    def on_resize(self) -> None:
        """The bars appear below the table if there is room."""
        self.call_after_refresh(self.redraw)

    @property
    def shown_view(self) -> AblationView:
        """The view, by its own type."""
        assert isinstance(self.view, AblationView)
        return self.view

    def redraw(self) -> None:
        """The widgets of the view."""
        for view in (self.table, self.bars, self.controls, self.dose):
            self.query_one(view.widget).display = view is self.view
        self.query_one("#cell").display = self.view is self.table
        if self.view is self.table:
            self.query_one(self.bars.widget).display = self._room_for_bars
        table = self.answers.get(self.shown_view.drawn_from)
        if table is None:
            return
        if not table.num_rows:
            self.say_absent()
            return
        self.clear_notice()
        self._title()
        self._draw_view()

    def _draw_view(self) -> None:
        if self.view is self.table:
            self._table()
        elif self.view is self.bars:
            self._bars()
        elif self.view is self.controls:
            self._controls()
        else:
            super().redraw()

    def _title(self) -> None:
        words = f" · {MEASURES[self.options.measure]}"
        head = [Span(self.shown_view.heading, bold=True), Span(words, "dim"), Span(self._source(), "second")]
        self.query_one("#title", StyledText).show([head])

    def _source(self) -> str:
        """The source of the published numbers in the table."""
        rows = self._published() if self.view is self.table else []
        return f"   {rows[0]['source']}: {str(rows[0]['model']).rpartition('/')[2]}" if rows else ""

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.answers["accuracy"].to_pylist()) if "accuracy" in self.answers else []

    def _published(self) -> list[dict[str, Any]]:
        """Rows of the chosen table of the paper, which has generated answers only."""
        table = self.answers.get("published")
        names = sources(table)
        if self.options.measure != "generation" or table is None or self.options.paper >= len(names):
            return []
        return [row for row in table.to_pylist() if row["source"] == names[self.options.paper]]

    @property
    def _room_for_bars(self) -> bool:
        """Whether the bars fit below the table: a line for each condition, the frame, and the lines between."""
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

    def say_absent(self) -> None:
        """Say what is missing and how to get it."""
        has_accuracy = "accuracy" in self.answers and self.answers["accuracy"].num_rows
        if self.view in (self.controls, self.dose) and has_accuracy:
            self.notice("This run has no such conditions", "Choose another view with v.")
        elif self.options.measure != "generation":
            self.notice("This task has no choices to rank", "Press r for generated answers.")
        else:
            super().say_absent()

    def update(self) -> None:
        """Update, and put the focus on what is shown."""
        super().update()
        if self.is_current and self.query("#conditions"):
            target, movable = self.shown_view.focus, {"conditions", "controls", "chart"}
            if target and (self.focused is None or self.focused.id in movable):
                self.query_one(target).focus()

    def action_measure(self) -> None:
        """Another measure."""
        names = list(MEASURES)
        self.options.measure = names[(names.index(self.options.measure) + 1) % len(names)]
        self.update()

    def action_style(self) -> None:
        """Another style of the dose curves, the only curves here."""
        if self.view is self.dose:
            super().action_style()
        else:
            self.view = self.dose
            self.update()

    def action_paper(self) -> None:
        """The next of the paper's tables, then none."""
        self.options.paper = (self.options.paper + 1) % (len(sources(self.answers.get("published"))) + 1)
        self.redraw()

    def drawings(self) -> Sequence[Drawing]:
        """The heatmap and the bars, or the chart."""
        if self.view is self.dose:
            return super().drawings()
        rows = self._rows()
        return [accuracy_matrix(rows, self.languages, self._published()), accuracy_bars(rows)] if rows else []
