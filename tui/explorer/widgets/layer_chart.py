"""A chart over layers with a cursor."""

from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.terminal.axes import Plot
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.draw import draw_cursor, draw_data
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import palette_of
from neurontui.tui.explorer.widgets.veil import Veil

_AXES = {"languages": "number of languages", "examples": "number of examples"}
"""What an axis counts, where its title alone could be what is moved."""
LABEL = 8
"""Cells on both sides of the cursor that its label may change on the axis."""


class LayerChart(Veil, Widget, can_focus=True):
    """Draws a `Chart`; arrows, a click or a drag move the cursor."""

    DEFAULT_CSS = "LayerChart { width: 1fr; height: 1fr; min-height: 5; }"

    HELP: ClassVar[str] = "In the chart"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "layer", key_display="←→", tooltip="The previous layer or position"),
        Binding("right,l", "move(1)", "layer", show=False, tooltip="The next layer or position"),
        Binding("g,home", "edge(0)", "first layer", show=False, tooltip="The first layer or position"),
        Binding("G,end", "edge(-1)", "last layer", show=False, tooltip="The last layer or position"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor is at another position."""

        def __init__(self, chart: "LayerChart", index: int) -> None:
            super().__init__()
            self.chart, self.index = chart, index

    def __init__(self, *, id: str | None = None, titled: bool = False) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.titled = titled
        """Whether the title is drawn in the plot."""
        self.chart: Chart | None = None
        self._plots: list[Plot] = []
        """Where the data are, one for each panel."""
        self._base = Canvas(0, 0)
        self._strips: list[Strip] = []
        self._drawn: tuple[object, ...] | None = None

    def show(self, chart: Chart | None) -> None:
        """Set what to draw; None leaves the space empty."""
        if chart != self.chart:
            before, self.chart = self.key_label("move(1)"), chart
            self.refresh()
            if self.key_label("move(1)") != before:
                self.screen.refresh_bindings()

    def key_label(self, action: str) -> str | None:
        """What the arrow keys move along: the x axis."""
        axis = self.chart.x_title if self.chart is not None else "layer"
        return _AXES.get(axis, axis) if action.startswith("move") else None

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor inside the chart."""
        last = (self.chart.n if self.chart else cursor + 1) - 1
        return min(max(cursor, 0), max(last, 0))

    def watch_cursor(self, before: int, after: int) -> None:
        """Draw only the columns that the cursor leaves and enters, and the axis."""
        if not self._plots or self._drawn is None or self._drawn[0] is not self.chart:
            self.refresh()
            return
        left, top = self.gutter.left, self.gutter.top
        for plot in self._plots:
            for index in (before, after):
                column = left + plot.column(index)
                self.refresh(Region(column, top + plot.top, 1, plot.height))
                self.refresh(Region(max(column - LABEL, left), top + plot.top + plot.height, 2 * LABEL + 1, 2))
        if self.titled:
            self.refresh(Region(left, top, self.content_size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A line of the drawing, which is made again only if something it depends on has changed."""
        self._draw()
        if y >= len(self._strips):
            return Strip.blank(self.content_size.width, self.rich_style)
        return self._strips[y].apply_style(self.rich_style)

    def _draw(self) -> None:
        palette = palette_of(self)
        data = (self.chart, self.content_size, palette, self.titled)
        if (*data, self.cursor) == self._drawn:
            return
        if self._drawn is None or data != self._drawn[:-1]:
            self._base = self._draw_data(palette.textured)
        self._drawn = (*data, self.cursor)
        canvas = self._base.copy()
        for plot in self._plots:
            draw_cursor(canvas, plot, self.cursor, palette.textured)
        if self._plots:
            self._write_title(canvas)
        self._strips = canvas.strips(palette)

    def _draw_data(self, textured: bool) -> Canvas:
        """Everything except the cursor, which changes more often."""
        canvas = Canvas(self.content_size.width, self.content_size.height)
        chart, self._plots = self.chart, []
        if chart is None:
            return canvas
        self._plots = draw_data(canvas, chart, textured, int(self.titled))
        if not self._plots and chart.n:
            canvas.text(0, 0, "too small to draw", "dim")
        return canvas

    def _write_title(self, canvas: Canvas) -> None:
        """The title, then the values at the cursor."""
        chart, at = self.chart, self.cursor
        if not self.titled or chart is None or at >= chart.n:
            return
        x = canvas.text(0, 0, f"{chart.title} ({chart.unit}) · {chart.x_title} {chart.labels[at]}", "dim")
        for series in chart.series:
            if not series.reference:
                x = canvas.text(x + 2, 0, f"{series.letter} ", series.ink, bold=True)
                x = canvas.text(x, 0, series.text(at))

    def action_move(self, step: int) -> None:
        """Move the cursor by `step` positions."""
        self._go(self.cursor + step)

    def action_edge(self, index: int) -> None:
        """Move the cursor to the first or last position."""
        self._go(index if index >= 0 or self.chart is None else self.chart.n - 1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the cursor to the layer under the mouse."""
        self.capture_mouse()
        self._follow(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow a drag."""
        if self.app.mouse_captured is self:
            self._follow(event)

    def on_mouse_up(self) -> None:
        """End of a drag."""
        self.release_mouse()

    def _follow(self, event: events.MouseEvent) -> None:
        if self._plots:
            self._go(min(self._plots, key=lambda plot: plot.away(event.x, event.y)).index(event.x))

    def _go(self, index: int) -> None:
        before, self.cursor = self.cursor, index
        if self.cursor != before:
            self.post_message(self.Moved(self, self.cursor))
