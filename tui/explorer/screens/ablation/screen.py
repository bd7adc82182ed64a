"""Ablation: answers with neurons ablated, against controls, by dose and language, and under several values."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from textual.containers import Horizontal
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.ablation import (
    MEAN,
    OFF,
    accuracy_bars,
    accuracy_matrix,
    cell_lines,
    forced_note,
    labels_of,
    mean_lines,
)
from neurontui.tui.charts.builders.controls import EXPLANATION, control_fields, control_lines, control_table
from neurontui.tui.charts.builders.notes import notes_of
from neurontui.tui.charts.builders.sharing import bar_lines
from neurontui.tui.charts.model import Bars, Drawing, Matrix
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.screens.ablation.interventions import Agreement, HeatView, OffTarget, Patching, Steering
from neurontui.tui.explorer.screens.ablation.views import (
    MEASURES,
    NEEDED,
    OFF_TARGET_MEASURES,
    UNJUDGED,
    AblationView,
    AccuracyBars,
    Conditions,
    Controls,
    Dose,
    Options,
    following,
)
from neurontui.tui.explorer.screens.chart_page import ChartPage
from neurontui.tui.explorer.screens.published import PublishedTable
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.notice import Step
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span


class AblationPage(ChartPage):
    """Conditions by language, bars, matched controls, dose; for interventions matrix, values, patching, steering."""

    PAGE = "ablation"
    HEADING = "Ablation"
    NO_CORPUS = "which has no answers to measure ablation by"
    ABOUT = (
        "Accuracy with neurons ablated: those of each type in each example, random neurons, and controls, which are "
        "other active neurons with a similar contribution, equally many where there are enough. Cells are colored by "
        "the change from the baseline on the same inputs; ▼ ▲ mark changes whose 95 % interval excludes zero. The line "
        "below gives the cell under the cursor with its interval, and the numbers of answers lost and gained. Numbers "
        "of the paper show for its own model and task; p shows those of other models. Views: bars; "
        "each type against its control; change against dose; and, in runs that have them: matrix (whose neurons matter "
        "for which language), values (whether zero, mean, resample and others agree), patching by layer, steering. "
        "o chooses the value, w whose neurons, d what is shown of them."
    )
    STYLES = ("lines", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "measure",
            "measure",
            tooltip="Generated answers, rank among the choices, rank of the first token, or invalid answers",
        ),
        Binding("o", "value", "value", tooltip="What ablated weights are set to: one of the values, or all"),
        Binding("w", "sets", "whose", tooltip="Whose neurons: another rule, or another language steered to"),
        Binding("d", "part", "shown", tooltip="Set, control or difference; inputs patched; outputs, answers"),
        Binding("p", "paper", "paper", tooltip="The numbers of the paper's next table, or none"),
    ]

    def __init__(self) -> None:
        self.options, self.paper = Options(), PublishedTable()
        self.table, self.dose = Conditions(self.options), Dose(self.options)
        self.controls, self.bars = Controls(self.options), AccuracyBars(self.options)
        more = (kind(self.options) for kind in (OffTarget, Agreement, Patching, Steering))
        super().__init__(self.table, self.bars, self.controls, self.dose, *more)
        self._choices: tuple[bool | None, ...] = ()

    def body(self) -> Iterable[Widget]:
        """The widgets of all views."""
        yield StyledText(id="title")
        with Horizontal(id="heat-row"):
            yield Heat(id="conditions")
            yield StyledText(id="means")
        yield Heat(id="matrix")
        yield StyledText(id="cell")
        yield StyledText(id="bars")
        yield Grid(id="controls", noun="condition")
        yield StyledText(id="control")
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
        for widget in ("#heat-row", "#matrix", "#bars", "#controls", "#chart-row"):
            self.query_one(widget).display = widget == self.shown_view.widget
        self.query_one("#cell").display = self.view is self.table or isinstance(self.view, HeatView)
        self.query_one("#control").display = self.view is self.controls or self.view.name == "steering"
        if self.view is self.table:
            self.query_one(self.bars.widget).display = self._room_for_bars
        table = self.answers.get(self.shown_view.drawn_from)
        if table is None:
            return
        if not self._has_values(table):
            self.say_absent()
            return
        self.clear_notice()
        self._title()
        self._draw_view()
        self._refresh_keys()

    def _refresh_keys(self) -> None:
        """Show the keys of what there is to choose, which depends on the answers."""
        choices = tuple(self.check_action(action, ()) for action in ("value", "sets", "part", "paper"))
        if choices != self._choices:
            self._choices = choices
            self.refresh_bindings()

    def notes(self) -> list[str]:
        """Notes of the view's own query; in the views of accuracy, how all answers were judged."""
        judged = [] if self.shown_view.optional else [self._forced_note]
        return [*filter(None, judged), *notes_of(self.answers.get(self.shown_view.drawn_from))]

    def _draw_view(self) -> None:
        if self.view is self.table:
            self._table()
        elif self.view is self.bars:
            self._bars()
        elif self.view is self.controls:
            self._controls()
        elif isinstance(self.view, HeatView):
            self._heat(self.view)
        else:
            super().redraw()
            self.query_one("#control", StyledText).show(self.shown_view.size_lines(self.answers))

    def _heat(self, view: HeatView) -> None:
        """The heatmap of the view, and words about its cell."""
        assert self.scope is not None
        heat = self.query_one("#matrix", Heat)
        heat.name_axes(*view.axes)
        heat.show(view.matrix(self.answers, self.scope))
        self._say_heat(view)

    def _say_heat(self, view: HeatView) -> None:
        heat = self.query_one("#matrix", Heat)
        column = heat.matrix.columns[heat.column] if heat.matrix.columns else ""
        self.query_one("#cell", StyledText).show([[], *view.words(self.answers, heat.row, column)])

    def _title(self) -> None:
        if isinstance(self.view, HeatView):
            lines = ([Span(text, "dim")] for text in self.view.remarks(self.answers))
            self.query_one("#title", StyledText).show([[Span(self.view.title(), bold=True)], *lines])
            return
        words = f" · {MEASURES[self.options.measure]}{self._value_words}"
        note = self._forced_note
        head = [
            Span(self.shown_view.title(), bold=True),
            Span(words.replace("generated ", "") if note else words, "dim"),
            Span(self._source(), "second"),
        ]
        below = (note.capitalize(), EXPLANATION if self.view is self.controls else "")
        self.query_one("#title", StyledText).show([head, *([Span(text, "dim")] for text in below if text)])

    @property
    def _value_words(self) -> str:
        """The chosen value, where there are several."""
        values = self._values()
        return "" if len(values) < 2 else f" · value {self.options.value or 'all: o chooses'}"

    def _values(self) -> list[str]:
        """What ablated weights were set to."""
        rows = AblationView.accuracy_rows(self.answers)
        return list(dict.fromkeys(row["value"] for row in rows if row["kind"] not in UNJUDGED))

    @property
    def _forced_note(self) -> str:
        """How far teacher-forced verdicts agree with generated ones; empty for other verdicts."""
        return "" if self.options.measure == "rank" else forced_note(self.answers.get("judge"))

    def _has_values(self, table: pa.Table) -> bool:
        """Whether there is anything to show: a run may lack the measure, or the conditions of the view."""
        if self.shown_view.optional:
            return bool(table.num_rows)
        columns = [name for name in ("accuracy", "change", "logprob") if name in table.column_names]
        if self.view in (self.table, self.bars):
            columns = ["accuracy"]
        return any(table.column(name).null_count < table.num_rows for name in columns)

    def _source(self) -> str:
        """The source of the published numbers in the table, which are of generated answers."""
        published = self.answers.get("published") if self.options.measure == "generation" else None
        return self.paper.heading(published, self.run) if self.view is self.table else ""

    def _rows(self) -> list[dict[str, Any]]:
        return self.options.of_value(AblationView.accuracy_rows(self.answers))

    def _published(self) -> list[dict[str, Any]]:
        """Rows of the chosen table of the paper, which has generated answers only."""
        if self.options.measure != "generation":
            return []
        return self.paper.rows(self.answers.get("published"), self.run)

    @property
    def _room_for_bars(self) -> bool:
        """Whether the bars fit below the table: a line for each condition, the frame, and the lines between."""
        rows = self._rows()
        conditions = len({row["condition"] for row in rows})
        lines = len(labels_of(rows, self._published()))
        return not self.wide and lines + conditions + 10 + bool(self._forced_note) <= self.size.height

    def _table(self) -> None:
        heat = self.query_one("#conditions", Heat)
        heat.name_axes("condition", "language")
        heat.show(self._matrix())
        self._say_cell()
        means = self.query_one("#means", StyledText)
        lines = mean_lines(self._rows(), self._published(), means.content_size.width or 40)
        means.display = self.wide and len(lines) + 9 <= self.size.height
        means.show(lines)
        self.query_one("#bars").display = self._room_for_bars
        if self._room_for_bars:
            self._bars()

    def _matrix(self) -> Matrix:
        better = self.options.more_is_better
        matrix = accuracy_matrix(self._rows(), self.languages, self._published(), better)
        return replace(matrix, title=f"{self.options.subject} when neurons are switched off")

    def _accuracy_bars(self) -> Bars:
        bars = accuracy_bars(self._rows())
        return replace(bars, title=f"{self.options.subject} when neurons are switched off")

    def _say_cell(self) -> None:
        heat = self.query_one("#conditions", Heat)
        rows, better = self._rows(), self.options.more_is_better
        labels = labels_of(rows, self._published())
        column = heat.matrix.columns[heat.column] if heat.matrix.columns else OFF
        language = None if column in (OFF, MEAN) else column
        lines = cell_lines(rows, labels[heat.row], language, better) if heat.row < len(labels) else []
        what = "off: neurons switched off, % of all neurons · mean: over all inputs"
        third = [[Span(what, "dim")]] if column in (OFF, MEAN) and len(lines) < 2 else [[]]
        self.query_one("#cell", StyledText).show([[], *lines, *third])

    def on_heat_moved(self, _: Heat.Moved) -> None:
        """Another cell."""
        if isinstance(self.view, HeatView):
            self._say_heat(self.view)
        else:
            self._say_cell()

    def _bars(self) -> None:
        sheet = self.query_one("#bars", StyledText)
        sheet.show(
            bar_lines(
                self._accuracy_bars(),
                sheet.content_size.width or self.size.width - 2,
                names=22,
            )[1:]
        )

    def _controls(self) -> None:
        answered = self.answers["controls"]
        if self.options.value in answered["value"].to_pylist():
            answered = answered.filter(pc.equal(answered["value"], self.options.value))
        table = control_table(answered, self.options.more_is_better)
        self.query_one("#controls", Grid).show(table, control_fields(self.size.width, self.options.word))
        self._say_control()

    def _say_control(self) -> None:
        """The row under the cursor in words."""
        row = self.query_one("#controls", Grid).row_values()
        lines = control_lines(row, self.options.word) if row else []
        self.query_one("#control", StyledText).show([[], *lines])

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Another row of the controls."""
        self._say_control()

    def say_absent(self) -> None:
        """Say what the run lacks, from what it has: an ablation, the view's conditions, or the measure."""
        if "measures" not in self.answers:
            return
        present = self.present()
        view, measure = self.shown_view, self.options.measure
        others = [name for name in MEASURES if name != measure and NEEDED[name] in present]
        if "ablation" not in present:
            super().say_absent()
        elif view.needs and view.needs not in present:
            head, how = view.lacking
            self.notice(head or f"This run has no {view.needs}", *([how] if how else []), step=self.next_step("view"))
        elif view.judged and NEEDED[measure] not in present and others:
            step = Step(f"show {MEASURES[others[0]]}", partial(self._measure, others[0]))
            self.notice(
                f"This run has no {MEASURES[measure]}", "Their measure was not taken, or not defined.", step=step
            )
        else:
            self.notice("Nothing to show for this selection", step=self.next_step("languages"))

    def update(self) -> None:
        """Update, and put the focus on what is shown."""
        super().update()
        if self.is_current and not self.without_corpus and self.query("#conditions"):
            target, movable = self.shown_view.focus, {"conditions", "controls", "chart", "matrix"}
            if target and (self.focused is None or self.focused.id in movable):
                self.query_one(target).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that choose are shown where there is a choice."""
        if not self.ready or action not in ("value", "sets", "part", "paper"):
            return super().check_action(action, parameters)
        view = self.shown_view
        if action == "paper":
            return None if view.optional else True
        if action == "value":
            has_choice = len(self._values()) > 1 and not isinstance(view, (Agreement, Patching, Steering))
            return True if has_choice else None
        return True if len(view.sets(self.answers) if action == "sets" else view.parts(self.answers)) > 1 else None

    def action_value(self) -> None:
        """Another value, or all of them."""
        self.options.value = following(["", *self._values()], self.options.value)
        self.redraw()

    def action_sets(self) -> None:
        """Other sets of neurons."""
        self.shown_view.set_index += 1
        self.redraw()

    def action_part(self) -> None:
        """Something else of the same sets."""
        self.shown_view.part_index += 1
        self.redraw()

    def action_measure(self) -> None:
        """Another measure."""
        if isinstance(self.view, OffTarget):
            self.options.off_target_measure = following(OFF_TARGET_MEASURES, self.options.off_target_measure)
            self.update()
            return
        self._measure(following(MEASURES, self.options.measure))

    def _measure(self, name: str) -> None:
        self.options.measure = name
        self.update()

    def action_style(self) -> None:
        """Another style of the dose curves, the only curves here."""
        if self.shown_view.widget == self.dose.widget:
            super().action_style()
        else:
            self.view = self.dose
            self.update()

    def action_paper(self) -> None:
        """The next of the paper's tables, then none."""
        self.paper.next(self.answers.get("published"), self.run)
        self.redraw()

    def drawings(self) -> Sequence[Drawing]:
        """The heatmap and the bars, or the chart."""
        if self.shown_view.widget == self.dose.widget:
            return super().drawings()
        if isinstance(self.view, HeatView):
            ready = self.scope is not None and self.view.drawn_from in self.answers
            return [self.view.matrix(self.answers, self.scope)] if ready and self.scope is not None else []
        rows = self._rows()
        return [self._matrix(), self._accuracy_bars()] if rows else []

    def remark(self, drawing: Drawing) -> str:
        """How answers are judged, or what the view says."""
        if isinstance(self.view, HeatView):
            return " · ".join(self.view.remarks(self.answers))
        return super().remark(drawing) if self.shown_view.optional else MEASURES[self.options.measure]

    def sample(self) -> str:
        """Ablation may be measured on a part of the examples."""
        n = (row["n"] for row in self._rows() if row["kind"] == "baseline" and row["language"] is None)
        return "".join(f"n = {count:,} inputs" for count in n)
