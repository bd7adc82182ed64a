"""Widgets that show colored text: a single line, or several."""

from itertools import zip_longest

from textual import events
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from neurontui.tui.charts.palette import DARK, Palette
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, click_at, plain, strip_of
from neurontui.tui.explorer.widgets.veil import Veil


def palette_of(widget: Widget) -> Palette:
    """The palette of the application's theme."""
    palette = getattr(widget.app, "palette", DARK)
    return palette if isinstance(palette, Palette) else DARK


class Line(Widget):
    """One line. Subclasses give its spans for a width."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    _drawn: Spans | None = None

    def parts(self, width: int) -> Spans:
        """Spans from left to right."""
        raise NotImplementedError

    def renew(self) -> None:
        """Draw the line again if it differs."""
        if self._drawn != self.parts(self.content_size.width):
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line in the colors of the theme."""
        width = self.content_size.width
        self._drawn = self.parts(width)
        return strip_of(self._drawn if y == 0 else (), width, palette_of(self), self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the span under the mouse."""
        action = click_at(self.parts(self.content_size.width), event.x - self.gutter.left)
        if action is not None:
            await self.run_action(action)

    def text(self) -> str:
        """The line as plain text."""
        return plain([self.parts(self.content_size.width)])


class StyledText(Veil, Widget):
    """Lines of spans, either set by `show` or made for a width by a subclass."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)
    """As in Textual, which lays the screen out a second time after each layout that gives a widget another size."""

    DEFAULT_CSS = "StyledText { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id, classes=classes)
        self._lines: list[Spans] = []
        self._made: tuple[int, list[Spans]] | None = None

    def show(self, lines: list[Spans]) -> None:
        """Replace the content."""
        self._lines = lines
        self.renew()

    def renew(self) -> None:
        """Make the lines again, and draw those that differ."""
        before = None if self._made is None else self._made[1]
        self._made = None
        after = self.lines(max(self.content_size.width, 1))
        if before is None or (len(before) != len(after) and self.styles.is_auto_height):
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip_longest(before, after)):
            if old != new:
                self.refresh(Region(0, y, self.content_size.width, 1))  # counted from the content, not from the border

    def make(self, width: int) -> list[Spans]:
        """The lines for a width."""
        return self._lines

    def lines(self, width: int) -> list[Spans]:
        """The lines, cached for one width."""
        if self._made is None or self._made[0] != width:
            self._made = (width, self.make(width))
        return self._made[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Number of lines."""
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        """One of the lines, or an empty one."""
        width = self.content_size.width
        lines = self.lines(width)
        return strip_of(lines[y] if y < len(lines) else (), width, palette_of(self), self.rich_style)

    def text(self) -> str:
        """The lines as plain text."""
        return plain(self.lines(max(self.content_size.width, 80)))


def title(text: str, right: str = "") -> list[Span]:
    """A heading, with dim text on its right."""
    return [Span(text, "text", bold=True), *([Span("  " + right, "dim")] if right else [])]
