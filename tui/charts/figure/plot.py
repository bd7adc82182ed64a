"""Charts on one page, as an SVG document, PNG or PDF: the same bytes for the same numbers."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.figure import lines, panels
from neurontui.tui.charts.figure.style import (
    DASHES,
    HATCHES,
    INK,
    MARKERS,
    PAPER,
    SIZE,
    SMALL,
    WIDTH,
    color,
    rc,
)
from neurontui.tui.charts.figure.svg import on_white, tidy
from neurontui.tui.charts.model import Bars, Chart, Dots, Matrix, Panel, Series, panel_groups
from neurontui.tui.charts.palette import LETTERS
from neurontui.tui.common.sanitize import clean, shorten

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

LINE = 0.15
"""Inches that a picture grows by for each line of text around its panels."""
RESOLUTION = 200
"""Dots per inch of a PNG."""
_HEADING: dict[str, Any] = {"size": SIZE + 1, "weight": "bold"}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


class Page(Protocol):
    """Panels that are drawn together."""

    @property
    def slug(self) -> str:
        """What makes the ids in its SVG its own."""

    @property
    def title(self) -> str:
        """Its name, read aloud for those who cannot see it."""

    @property
    def caption(self) -> str:
        """What it shows, read aloud too."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The charts."""

    @property
    def columns(self) -> int:
        """Panels side by side; 0 lets `draw` choose."""

    @property
    def same_y(self) -> bool:
        """Whether the panels share their y axis."""


@dataclass(frozen=True)
class _Single:
    """One chart as a file of its own: a panel, or a panel a curve, with a heading and lines below."""

    slug: str
    title: str
    panels: tuple[Panel, ...]
    caption: str = ""
    columns: int = 1
    same_y: bool = False
    heading: str = ""
    """Title above several panels."""
    lines: tuple[str, ...] = ()
    """Lines below the panels."""


def draw(page: Page) -> str:
    """The SVG of a page, transparent, in the colors of white paper."""
    with _settings(page.slug):
        return tidy(_svg(_canvas(page)), f"{page.title}. {page.caption}")


def picture(panel: Panel, kind: str, lines: Sequence[str] = ()) -> bytes:
    """One chart as a file of its own on white, with lines below it: svg, png or pdf. Panels stay panels."""
    page = _page_of(panel, tuple(lines))
    if kind == "svg":
        return on_white(draw(page)).encode("utf-8", "replace")
    with _settings(page.slug):
        return _saved(_canvas(page), kind, facecolor="#ffffff")


def _page_of(panel: Panel, below: tuple[str, ...]) -> _Single:
    """A chart on a page; one with a panel for each curve on as many panels, two a row as in the terminal."""
    caption = ". ".join(below)
    if not (isinstance(panel, Chart) and panel.panels):
        return _Single("chart", panel.title, (panel,), caption, lines=below)
    charts = tuple(
        replace(panel, title=_panel_title(group[0]), series=group, panels=False) for group in panel_groups(panel)
    )
    columns = 2 if len(charts) > 1 else 1
    return _Single("chart", panel.title, charts, caption, columns, heading=panel.title, lines=below)


def _panel_title(series: Series) -> str:
    """A curve's letter and name; the name alone if they are the same."""
    return series.full_name if series.letter in ("", series.full_name) else f"{series.letter}  {series.full_name}"


def _svg(canvas: Canvas) -> str:
    out = io.StringIO()
    printer: Any = canvas.canvas
    printer.print_svg(out, metadata=_METADATA["svg"])  # savefig would draw twice: first to lay out
    return out.getvalue()


def _saved(canvas: Canvas, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    canvas.savefig(out, format=kind, dpi=RESOLUTION if kind == "png" else "figure", metadata=_METADATA[kind], **options)
    return out.getvalue()


@contextmanager
def _settings(salt: str) -> Iterator[None]:
    with rc_context(), warnings.catch_warnings():
        rcdefaults()  # ignore the user's own matplotlibrc
        for name, value in rc(salt).items():
            rcParams[name] = value
        # Letters that DejaVu lacks are drawn by the reader's fonts: text stays text in the SVG.
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
        # Names so long that they leave no room for the chart: the picture is still made, and no one reads stderr.
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield


def _canvas(page: Page) -> Canvas:
    across = page.columns or _across(len(page.panels))
    across = max(1, min(across, len(page.panels)))
    down = -(-len(page.panels) // across)
    canvas = Canvas(figsize=_size(page, across, down), layout="constrained")
    FigureCanvasSVG(canvas)
    grid = canvas.subplots(down, across, squeeze=False, sharey=page.same_y)
    flat: list[Axes] = list(grid.flat)
    for i, (axes, panel) in enumerate(zip(flat, page.panels, strict=False)):
        _panel(axes, panel, first=i % across == 0, ticks=max(3, round(10 / across)))
        left = i % across == 0 or not _same_unit(page.panels[i - 1], panel)
        _titles(axes, panel, across, left=left, bottom=i + across >= len(page.panels))
    for axes, panel in zip(flat, page.panels, strict=False):
        if _is_curves(panel):
            sharing = page.panels if page.same_y else (panel,)
            lines.y_axis(axes, [other for other in sharing if isinstance(other, Chart) and not other.stacked])
    for axes in flat[len(page.panels) :]:
        axes.set_visible(False)
    rows = _legend(canvas, page.panels, page.heading if isinstance(page, _Single) else "")
    if isinstance(page, _Single):
        below = _words_below(canvas, page.lines) if page.lines else 0
        canvas.set_figheight(canvas.get_figheight() + LINE * (below + max(rows - 1, 0)))
    _name_ends(canvas, page.panels, flat)
    return canvas


def _words_below(canvas: Canvas, below: Sequence[str]) -> int:
    """Lines below the panels, broken where they are too long; returns how many."""
    room = round(canvas.get_figwidth() * 18)
    broken = [line for text in below for line in wrapped(clean(text), room)]
    canvas.supxlabel("\n".join(broken), x=0.01, ha="left", fontsize=SMALL, color=INK)
    return len(broken)


def _is_curves(panel: Panel) -> bool:
    return isinstance(panel, Chart) and not panel.stacked


def _across(count: int) -> int:
    return count if count <= 3 else 4 if count % 4 == 0 or count > 6 else 3


def _size(page: Page, across: int, down: int) -> tuple[float, float]:
    """Inches. One panel is narrower than the page; rows of many panels are lower."""
    first = page.panels[0]
    if isinstance(first, Dots):
        return WIDTH, 0.9 + 0.21 * len(first.dots)
    if isinstance(first, Matrix):
        return _matrix_size(first, down)
    if isinstance(first, Bars):
        return 5.8, 0.9 + 0.21 * max(len(first.bars), 2)
    if across == 1:
        return 5.8, 3.0 * down + 0.2
    return WIDTH, {2: 2.7, 3: 2.3}.get(across, 1.95) * down + 0.3


def _matrix_size(matrix: Matrix, down: int) -> tuple[float, float]:
    """Inches of a column of matrices of the same rows and columns; marks need wider cells, and these higher ones."""
    cell = 0.56 if matrix.marks else 0.42
    names = min(24, max((len(name) for name in matrix.rows), default=0))
    width = max(1.2, 0.5 + 0.08 * names) + cell * max(len(matrix.columns), 4)
    return min(WIDTH, width), min(8.0, 0.9 + 0.62 * cell * max(len(matrix.rows), 4)) * down


def _panel(axes: "Axes", panel: Panel, first: bool, ticks: int) -> None:
    if isinstance(panel, Chart):
        (panels.columns if panel.stacked else lines.draw)(axes, panel, ticks)
    elif isinstance(panel, Bars):
        panels.bars(axes, panel)
    elif isinstance(panel, Dots):
        panels.dots(axes, panel, first)
    else:
        panels.heat(axes, panel)


def _same_unit(before: Panel, panel: Panel) -> bool:
    return isinstance(before, Chart) and isinstance(panel, Chart) and _y_title(before) == _y_title(panel)


def _y_title(chart: Chart) -> str:
    return chart.y_title or chart.unit


def _titles(axes: "Axes", panel: Panel, across: int, left: bool, bottom: bool) -> None:
    if panel.title:
        axes.set_title(shorten(_panel_heading(panel), round(112 / across)))
    if isinstance(panel, Chart):
        axes.set_xlabel(clean(panel.x_title) if bottom else "")
        axes.set_ylabel(clean(_y_title(panel)) if left else "")
    elif isinstance(panel, Matrix):
        axes.set_xlabel(clean(panel.column_title))
        axes.set_ylabel("\n".join(wrapped(clean(panel.row_title), max(12, 4 * len(panel.rows)))))
    else:
        axes.set_xlabel(clean(panel.unit if isinstance(panel, Dots) else panel.y_title or panel.unit))


def _panel_heading(panel: Panel) -> str:
    """The title, for a heatmap with what its colors or values are."""
    if not isinstance(panel, Matrix):
        return panel.title
    if panels.is_wide(panel) and panel.tint_unit:
        return f"{panel.title}: {panel.tint_unit}"
    return f"{panel.title} ({panel.unit if panels.is_wide(panel) else panel.unit_text})"


def _legend(canvas: Canvas, drawn: Sequence[Panel], heading: str) -> int:
    """Above all panels, for curves whose letter is not their name, below the heading of the page; returns its rows."""
    entries: dict[str, Artist] = {}
    room = round(canvas.get_figwidth() * 14)
    for chart in (panel for panel in drawn if isinstance(panel, Chart)):
        for series in chart.series:
            if series.name != series.letter or series.reference or len(series.letter) > lines.NAME:
                entries.setdefault(_entry(chart, series, room), _handle(series, chart.stacked))
    heading = shorten(heading, room)
    if entries:
        longest = max(len(name) for name in entries)
        columns = max(1, min(len(entries), int(canvas.get_figwidth() * 18 / (longest + 7))))
        canvas.legend(
            list(entries.values()), list(entries), loc="outside upper left", ncols=columns, columnspacing=1.4,
            borderaxespad=0.2, title=heading or None, alignment="left", title_fontproperties=_HEADING,
        )  # fmt: skip
    elif heading:
        canvas.suptitle(heading, x=0.01, ha="left", fontsize=_HEADING["size"], weight=_HEADING["weight"])
    return -(-len(entries) // columns) if entries else 0


def _entry(chart: Chart, series: Series, room: int) -> str:
    """The text of a legend entry, whole if a line has room for it: references share one."""
    if series.legend or series.reference:
        return shorten(series.legend or chart.grey, room)
    letter = LETTERS.get(series.type or "", series.letter)
    name = series.full_name
    return shorten(name if letter in ("", name) else f"{letter}  {name}", room)


def _handle(series: Series, filled: bool) -> "Artist":
    if filled:
        return Patch(facecolor=color(series.role), edgecolor=PAPER, hatch=HATCHES.get(series.type or "", ""))
    return Line2D(
        [], [], color=INK if series.hue else lines.hue(series), linestyle=DASHES[series.dash], alpha=series.alpha,
        marker=MARKERS.get(series.type or ""), markeredgewidth=0,
    )  # fmt: skip


def _name_ends(canvas: Canvas, drawn: Sequence[Panel], flat: "list[Axes]") -> None:
    """The layout has to be settled before names can be moved apart; then it is kept."""
    if not any(_is_curves(panel) for panel in drawn):
        return
    engine = canvas.get_layout_engine()
    assert engine is not None
    engine.execute(canvas)
    canvas.set_layout_engine("none")
    for axes, panel in zip(flat, drawn, strict=False):
        if isinstance(panel, Chart) and not panel.stacked:
            height = axes.get_position().height * canvas.get_figheight() * 72
            lines.label_ends(axes, panel, height)
