"""Screens that show one chart over layers at a time: a title, the chart, and a read-out beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.charts.model import Chart, Drawing, Series
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.readout import ReadOut, Row
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

Block = tuple[str, tuple[Row, ...]]
_DIGITS = {"logits": 2}
"""Digits of values by their unit, where one is too few."""


_EMPTY = pa.table({})


class _Made(NamedTuple):
    """A chart, and what it was made from."""

    answers: tuple[pa.Table, ...]
    origin: tuple[object, ...]
    chart: Chart | None


class ChartPage(Page):
    """A screen with several views, each a chart. Subclasses say what to ask and what to draw for each."""

    VIEWS: ClassVar[tuple[str, ...]] = ()
    STYLES: ClassVar[tuple[str, ...]] = ("stacked", "lines", "panels")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view(1)", "view", tooltip="The next view of this screen"),
        Binding("V", "view(-1)", "view before", show=False, tooltip="The view before"),
        Binding("s", "style", "style", tooltip="Stacked areas, lines, or a panel for each"),
    ]

    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(
        ("view", "style", "threshold", "difference", "language", "variant", "measure", "neurons"),
        (),
    )

    def __init__(self) -> None:
        super().__init__()
        self.view = 0
        self.style = 0
        self.cursors: dict[int, int] = {}
        self._made: _Made | None = None

    def body(self) -> Iterable[Widget]:
        """Title, chart and read-out."""
        yield StyledText(id="title")
        yield self.chart_row()

    def chart_row(self) -> Widget:
        """Chart and read-out, side by side."""
        return Horizontal(LayerChart(id="chart"), ReadOut(id="readout"), id="chart-row")

    # -- what subclasses say ------------------------------------------------------------------------------------

    def question(self, run: RunInfo) -> dict[str, QueryRequest]:
        """What the present view asks."""
        return {}

    def chart(self) -> Chart | None:
        """The present view's chart from the answers; None while there is no answer."""
        return None

    def about(self, chart: Chart) -> str:
        """Quiet words behind the title: n, and what the percentages are of."""
        return ""

    def blocks(self, chart: Chart, index: int) -> tuple[list[Block], list[str]]:
        """More of the read-out, and its foot."""
        return [], ["± 95 % interval"] if any(series.half for series in chart.series) else []

    def layer_of(self, chart: Chart) -> bool:
        """Whether the x axis is layers, which all screens share."""
        return chart.x_title == "layer"

    # -- the page -----------------------------------------------------------------------------------------------

    def wants(self, run: RunInfo) -> dict[str, QueryRequest]:
        """The layers, what was measured, and what the view asks."""
        return {**self.question(run), "layers": QueryRequest.of("layers", run=run.number)}

    def draw(self, key: str, table: pa.Table) -> None:
        """Draw what there is."""
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
        view = self.query_one(LayerChart)
        view.show(chart)
        wanted = self.selection.layer if self.layer_of(chart) else self.cursors.get(self.view, 0)
        view.cursor = min(wanted, max(chart.n - 1, 0))
        self._write(chart, view.cursor)

    def say_absent(self) -> None:
        """The query had no rows: say what is missing."""
        self.notice("Nothing was measured for this view", "Choose another view with v.")

    def styled(self) -> Chart | None:
        """The chart in the chosen style; made anew only when something else than the cursor has changed."""
        answers = tuple(self.answers.values())
        chosen = replace(self.selection, layer=0, neuron=0, example=0)
        made_from = (chosen, self.view, self.style, self.cache_key())
        made = self._made
        if made is None or made.origin != made_from or not _same(made.answers, answers):
            made = self._made = _Made(answers, made_from, self._style_chart())
        return made.chart

    def cache_key(self) -> object:
        """What else decides the chart: whatever a subclass keeps for itself."""
        return None

    def _style_chart(self) -> Chart | None:
        chart = self.chart()
        if chart is None:
            return None
        style = self.STYLES[self.style % len(self.STYLES)]
        if style == "panels":
            return replace(chart, stacked=False, panels=True)
        return chart if style == "stacked" else replace(chart, stacked=False)

    def _write(self, chart: Chart, index: int) -> None:
        head: list[Span] = [
            Span(chart.title, "text", bold=True),
            Span(f" · {self.about(chart)}" if self.about(chart) else "", "dim"),
        ]
        lines: list[Spans] = [head]
        lines += [[Span(note, "second")] for note in self.notes()]
        self.query_one("#title", StyledText).show(lines)
        label = chart.labels[index] if index < chart.n else ""
        blocks, foot = self.blocks(chart, index)
        own = [_row(each, index, chart) for each in _order(chart) if not each.reference]
        first = (f"{chart.x_title} {label}", tuple(own))
        references = tuple(_row(each, index, chart) for each in _order(chart) if each.reference)
        other = [(chart.grey, references)] if references else []
        used = sum(2 + len(rows) for _, rows in (first, *other, *blocks)) + len(foot) + 2
        room = self.query_one("#chart-row").size.height - used
        table = every_position(chart, index, room) if self.tall else ()
        self.query_one(ReadOut).show_blocks(first, *other, *blocks, foot=tuple(foot), table=table)

    def notes(self) -> list[str]:
        """What the queries say about few languages."""
        found: set[str] = set()
        for key in self.shown():
            table = self.answers.get(key, _EMPTY)
            if "note" in table.column_names:
                found |= {str(note) for note in table.column("note").unique().to_pylist() if note}
        return sorted(found)

    def on_layer_chart_moved(self, message: LayerChart.Moved) -> None:
        """Another layer, or another position of the view."""
        chart = message.chart.chart
        if chart is None:
            return
        self.cursors[self.view] = message.index
        if self.layer_of(chart):
            self.select(layer=message.index)
        else:
            self.redraw()

    def action_view(self, step: int) -> None:
        """Another view."""
        self.view = (self.view + step) % max(len(self.VIEWS), 1)
        self.clear_notice()
        self.update()

    def action_style(self) -> None:
        """Another style."""
        self.style = (self.style + 1) % len(self.STYLES)
        self.redraw()

    def crumbs(self) -> tuple[str, ...]:
        """The view, where there are several."""
        return (view_crumb(self.VIEWS, self.view),) if self.VIEWS else ()

    def drawings(self) -> Sequence[Drawing]:
        """The chart as it is shown."""
        chart = self.styled()
        return [replace(chart, panels=False)] if chart is not None else []


def _same(before: Sequence[pa.Table], now: Sequence[pa.Table]) -> bool:
    """Whether these are the very same tables; comparing their values would take longer than drawing."""
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def every_position(chart: Chart, index: int, room: int) -> tuple[Spans, ...]:
    """Values of the chart's own curves, a line a position: those around `index` that fit into `room` lines."""
    if room < 2:
        return ()
    start = max(min(index - room // 2, chart.n - room), 0)
    series = [each for each in _order(chart) if not each.reference][:5]
    digits = _DIGITS.get(chart.unit, 1)
    head = "".join(f"{each.letter[:5]:>6}" for each in series)
    lines: list[Spans] = [[Span(f"{chart.x_title[:5]:<5}", "dim"), Span(head, "dim")]]
    for place, label in list(enumerate(chart.labels))[start : start + room]:
        values = [each.values[place] if place < len(each.values) else None for each in series]
        text = "".join("     –" if v is None else f"{v:>6.{digits}f}" for v in values)
        ink, here = ("text", True) if place == index else ("dim", False)
        lines.append([Span(f"{label:>4} {text}", ink, bold=here)])
    return tuple(lines)


def view_crumb(views: tuple[str, ...], view: int) -> str:
    """The view's name, and that there are others."""
    return f"{views[view]} {view + 1}/{len(views)}"


def _order(chart: Chart) -> list[Series]:
    """The read-out lists a stack from the top."""
    return (
        list(reversed(chart.series))
        if chart.stacked or not chart.series or chart.series[0].letter == "A"
        else list(chart.series)
    )


def _row(series: Series, index: int, chart: Chart) -> Row:
    digits = _DIGITS.get(chart.unit, 1)
    return Row(series.letter, series.name, series.text(index, digits), series.role)
