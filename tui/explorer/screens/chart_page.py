"""Screens that show one chart at a time: a title, the chart, and a read-out beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, NamedTuple, TypeVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.charts.builders.notes import note_lines, notes_of
from neurontui.tui.charts.model import Chart, Drawing, Reading, Series
from neurontui.tui.common.number_formats import cell
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.screens.view import View
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.notice import Step
from neurontui.tui.explorer.widgets.readout import ReadOut
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

_DIGITS = {"logits": 2, "nats": 2, "ρ": 2}
"""Decimals by unit, where one is too few."""
AnyView = TypeVar("AnyView", bound=View)


class _CachedChart(NamedTuple):
    """A chart, and what it was made from."""

    answers: tuple[pa.Table, ...]
    origin: tuple[object, ...]
    chart: Chart | None


class ChartPage(Page):
    """A screen with several views, each a chart. Subclasses pass their views."""

    STYLES: ClassVar[tuple[str, ...]] = ("stacked", "lines", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view(1)", "view", tooltip="The next view of this screen"),
        Binding("V", "view(-1)", "previous view", show=False, tooltip="The previous view"),
        Binding("s", "style", "style", tooltip="Stacked areas, lines, or a panel for each curve"),
    ]

    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(
        ("view", "style", "threshold", "difference", "language", "variant", "measure", "neurons"),
        (),
    )

    def __init__(self, *views: View) -> None:
        super().__init__()
        self.views = views
        self.view = views[0]
        self.style = 0
        self._cursors: dict[View, int] = {}
        self._cached: _CachedChart | None = None

    def body(self) -> Iterable[Widget]:
        """Title, chart and read-out."""
        yield StyledText(id="title")
        yield self.chart_row()

    def chart_row(self) -> Widget:
        """Chart and read-out, side by side."""
        return Horizontal(LayerChart(id="chart"), ReadOut(id="readout"), id="chart-row")

    @property
    def threshold(self) -> float:
        """Activation threshold of the view's numbers."""
        return self.view.threshold(self.scope) if self.scope is not None else 0.0

    @property
    def compares(self) -> bool:
        """Whether the view shows the second run."""
        return self.view.compares

    def chart(self) -> Chart | None:
        """The view's chart; None until its tables are available."""
        style = self.STYLES[self.style % len(self.STYLES)]
        return self.view.chart(self.answers, self.scope, style) if self.scope is not None else None

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Queries of the view, and the layers."""
        return {**self.view.queries(scope), "layers": QueryRequest.of("layers", run=scope.run.number)}

    def draw(self, key: str, table: pa.Table) -> None:
        """Draw what is available."""
        self.drawing_once(self.redraw)

    def reflect(self) -> None:
        """The cursor may have moved, here or on another screen."""
        if not self.outdated:
            self.drawing_once(self.redraw)

    def redraw(self) -> None:
        """Title, chart and read-out."""
        chart = self.styled()
        if chart is None:
            return
        if not any(series.values for series in chart.series):
            self.say_absent()
            return
        self.clear_notice()
        widget = self.query_one(LayerChart)
        widget.show(chart)
        index = self.selection.layer if over_layers(chart) else self._cursors.get(self.view, 0)
        widget.cursor = min(index, max(chart.n - 1, 0))
        self._write(chart, widget.cursor)

    def say_absent(self) -> None:
        """The query had no rows: say what is missing and how to get it."""
        if self.scope is None:
            return
        absent = self.view.missing(self.answers, self.scope)
        if absent.measure:
            self.absent(absent.measure, absent.head, absent.sentence)
        else:
            self.notice(absent.head, absent.sentence, step=self.next_step(absent.step))

    def next_step(self, name: str) -> Step | None:
        """The next view is this screen's own."""
        return Step("the next view", partial(self.action_view, 1)) if name == "view" else super().next_step(name)

    def styled(self) -> Chart | None:
        """The chart in the chosen style; made again only if something other than the cursor has changed."""
        answers = tuple(self.answers.values())
        chosen = replace(self.selection, layer=0, neuron=0, example=0)
        origin = (chosen, self.view, self.style, self.view.options())
        cached = self._cached
        if cached is None or cached.origin != origin or not _same(cached.answers, answers):
            cached = self._cached = _CachedChart(answers, origin, self._style_chart())
        return cached.chart

    def _style_chart(self) -> Chart | None:
        chart = self.chart()
        if chart is None:
            return None
        style = self.STYLES[self.style % len(self.STYLES)]
        if style == "panels":
            return replace(chart, stacked=False, panels=True)
        return chart if style == "stacked" else replace(chart, stacked=False)

    def _write(self, chart: Chart, index: int) -> None:
        scope = self.scope
        if scope is None:
            return
        self._write_title(chart, self.view.about(self.answers, scope, chart))
        label = chart.labels[index] if index < chart.n else ""
        blocks = self.view.totals(self.answers, chart)
        intervals = ["± 95 % interval"] if any(series.half for series in chart.series) else []
        foot = [*intervals, *self.view.foot(scope, chart)]
        first = (f"{chart.x_title} {label}", tuple(_row(s, index, chart) for s in _order(chart) if not s.reference))
        references = tuple(_row(series, index, chart) for series in _order(chart) if series.reference)
        other = [(chart.grey, references)] if references else []
        used = sum(2 + len(rows) for _, rows in (first, *other, *blocks)) + len(foot) + 2
        room = self.query_one("#chart-row").size.height - used
        table = every_position(chart, index, room) if self.tall else ()
        self.query_one(ReadOut).show_blocks(first, *other, *blocks, foot=tuple(foot), table=table)

    def _write_title(self, chart: Chart, about: str) -> None:
        head = [Span(chart.title, "text", bold=True), Span(f" · {about}" if about else "", "dim")]
        width = max(self.size.width - 2, 20)
        notes = (line for note in self.notes() for line in note_lines(note, width))
        self.query_one("#title", StyledText).show([head, *notes])

    def notes(self) -> list[str]:
        """Notes of the queries: on few selected languages, and on last tokens."""
        return sorted({note for key in self.shown() for note in notes_of(self.answers.get(key))})

    def on_layer_chart_moved(self, message: LayerChart.Moved) -> None:
        """Another layer, or another position of the view."""
        chart = message.chart.chart
        if chart is None:
            return
        self._cursors[self.view] = message.index
        if over_layers(chart):
            self.select(layer=message.index)
        else:
            self.redraw()

    def offered(self) -> Sequence[View]:
        """The views that the key goes through, always with the current one."""
        present = self.present()
        return [view for view in self.views if not view.optional or view.needs in present or view is self.view]

    def present(self) -> set[str]:
        """What the run has, from the query `measures`; empty until it is known."""
        rows = self.answers["measures"].to_pylist() if "measures" in self.answers else []
        return {row["measure"] for row in rows if row["present"]}

    def action_view(self, step: int) -> None:
        """Another view."""
        self.view = next_view(self.offered(), self.view, step)
        self.clear_notice()
        self.update()

    def choose_view(self, name: str) -> None:
        """Another view by its name."""
        self.view = view_named(self.views, name, self.view)

    def action_style(self) -> None:
        """Another style."""
        self.style = (self.style + 1) % len(self.STYLES)
        self.redraw()

    def crumbs(self) -> tuple[str, ...]:
        """The view, or what it shows."""
        own = self.view.crumb(self.answers, self.scope) if self.scope is not None else ""
        return (own or view_crumb(self.offered(), self.view),)

    def drawings(self) -> Sequence[Drawing]:
        """The chart as it is shown."""
        chart = self.styled()
        return [chart] if chart is not None else []

    def remark(self, drawing: Drawing) -> str:
        """The words after the title."""
        scope = self.scope
        return self.view.about(self.answers, scope, drawing) if scope and isinstance(drawing, Chart) else ""


def next_view(views: Sequence[AnyView], view: AnyView, step: int) -> AnyView:
    """The view `step` places further, cyclically."""
    return views[(views.index(view) + step) % len(views)]


def view_named(views: Sequence[AnyView], name: str, otherwise: AnyView) -> AnyView:
    """The view of this name, or another one if there is none."""
    return next((view for view in views if view.name == name), otherwise)


def over_layers(chart: Chart) -> bool:
    """Whether the x axis is layers: their cursor is shared by all screens."""
    return chart.x_title == "layer"


def _same(before: Sequence[pa.Table], now: Sequence[pa.Table]) -> bool:
    """Whether these are the same table objects. Comparing their values would take longer than drawing."""
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def every_position(chart: Chart, index: int, room: int) -> tuple[Spans, ...]:
    """Values of the chart's own curves, one line for each position around `index` that fits into `room` lines."""
    if room < 2:
        return ()
    start = max(min(index - room // 2, chart.n - room), 0)
    curves = [series for series in _order(chart) if not series.reference][:5]
    digits = _DIGITS.get(chart.unit, 1)
    head = "".join(f"{series.letter[:5]:>6}" for series in curves)
    lines: list[Spans] = [[Span(f"{chart.x_title[:5]:<5}", "dim"), Span(head, "dim")]]
    for place, label in list(enumerate(chart.labels))[start : start + room]:
        values = [series.values[place] if place < len(series.values) else None for series in curves]
        text = "".join(f"{cell(value, least=digits):>6}" for value in values)
        ink, here = ("text", True) if place == index else ("dim", False)
        lines.append([Span(f"{label:>4} {text}", ink, bold=here)])
    return tuple(lines)


def view_crumb(views: Sequence[View], view: View) -> str:
    """Name, number and count of the view."""
    return f"{view.name} {views.index(view) + 1}/{len(views)}"


def _order(chart: Chart) -> list[Series]:
    """Curves in the order of the read-out: a stack from the top."""
    return (
        list(reversed(chart.series))
        if chart.stacked or not chart.series or chart.series[0].letter == "A"
        else list(chart.series)
    )


def _row(series: Series, index: int, chart: Chart) -> Reading:
    digits = _DIGITS.get(chart.unit, 1)
    return Reading(series.letter, series.name, series.text(index, digits), series.ink)
