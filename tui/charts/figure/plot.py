"""A figure as an SVG document: the same bytes for the same numbers."""

import io
import warnings
from typing import TYPE_CHECKING

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from neurontui.tui.charts.figure import lines, panels
from neurontui.tui.charts.figure.style import (
    DASHES,
    HATCHES,
    INK,
    MARKERS,
    PAPER,
    WIDTH,
    color,
    rc,
    stroke,
)
from neurontui.tui.charts.figure.svg import tidy
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.common.sanitize import clean, shorten
from neurontui.tui.report.model import Bars, Columns, Dots, Figure, Heat, Line, Lines, Panel

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes


def draw(figure: Figure) -> str:
    """The SVG of a figure, transparent, in the colours of a white page."""
    with rc_context(), warnings.catch_warnings():
        rcdefaults()  # whatever the user's own matplotlibrc says
        for name, value in rc(figure.slug).items():
            rcParams[name] = value
        # Letters that DejaVu lacks are the reader's fonts' business: text stays text in the SVG.
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font")
        canvas = _canvas(figure)
        out = io.StringIO()
        canvas.savefig(
            out,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return tidy(out.getvalue(), f"{figure.title}. {figure.caption}")


def _canvas(figure: Figure) -> Canvas:
    across = figure.columns or _across(len(figure.panels))
    across = max(1, min(across, len(figure.panels)))
    down = -(-len(figure.panels) // across)
    canvas = Canvas(figsize=_size(figure, across, down), layout="constrained")
    FigureCanvasSVG(canvas)
    grid = canvas.subplots(down, across, squeeze=False, sharey=figure.same_y)
    flat: list[Axes] = list(grid.flat)
    for i, (axes, panel) in enumerate(zip(flat, figure.panels, strict=False)):
        _panel(axes, panel, first=i % across == 0, ticks=max(3, round(10 / across)))
        _titles(
            axes,
            panel,
            across,
            left=i % across == 0 or not _same_unit(figure.panels[i - 1], panel),
            bottom=i + across >= len(figure.panels),
        )
    for axes, panel in zip(flat, figure.panels, strict=False):
        if isinstance(panel, Lines):
            lines.y_axis(axes, [each for each in _sharing(figure, panel) if isinstance(each, Lines)])
    for axes in flat[len(figure.panels) :]:
        axes.set_visible(False)
    _legend(canvas, figure)
    _name_ends(canvas, figure, flat)
    return canvas


def _sharing(figure: Figure, panel: Panel) -> tuple[Panel, ...]:
    return figure.panels if figure.same_y else (panel,)


def _across(count: int) -> int:
    return count if count <= 3 else 4 if count % 4 == 0 or count > 6 else 3


def _size(figure: Figure, across: int, down: int) -> tuple[float, float]:
    """Inches. One panel is narrower than the page; rows of many panels are lower."""
    first = figure.panels[0]
    if isinstance(first, Dots):
        return WIDTH, 0.9 + 0.21 * len(first.dots)
    if isinstance(first, Heat):
        side = 0.42 * max(len(first.columns), 4)
        return min(WIDTH, 1.2 + side), min(8.0, 0.9 + 0.62 * side)
    if isinstance(first, Bars):
        return 5.8, 0.9 + 0.42 * len(first.groups)
    if across == 1:
        return 5.8, 3.0 * down + 0.2
    return WIDTH, {2: 2.7, 3: 2.3}.get(across, 1.95) * down + 0.3


def _panel(axes: "Axes", panel: Panel, first: bool, ticks: int) -> None:
    if isinstance(panel, Lines):
        lines.draw(axes, panel, ticks)
    elif isinstance(panel, Columns):
        panels.columns(axes, panel, ticks)
    elif isinstance(panel, Bars):
        panels.bars(axes, panel)
    elif isinstance(panel, Dots):
        panels.dots(axes, panel, first)
    else:
        panels.heat(axes, panel)


def _same_unit(before: Panel, panel: Panel) -> bool:
    return (
        isinstance(before, Lines | Columns) and isinstance(panel, Lines | Columns) and before.y_title == panel.y_title
    )


def _titles(axes: "Axes", panel: Panel, across: int, left: bool, bottom: bool) -> None:
    if panel.title:
        axes.set_title(shorten(panel.title, round(112 / across)))
    if isinstance(panel, Lines | Columns):
        axes.set_xlabel(clean(panel.x_title) if bottom else "")
        axes.set_ylabel(clean(panel.y_title) if left else "")
    elif isinstance(panel, Heat):
        axes.set_xlabel(clean(panel.column_title))
        axes.set_ylabel(clean(panel.row_title))
    else:
        axes.set_xlabel(clean(panel.x_title if isinstance(panel, Dots) else panel.y_title))


def _legend(canvas: Canvas, figure: Figure) -> None:
    """Above all panels, for lines whose mark does not say who they are."""
    entries: dict[str, Artist] = {}
    for panel in figure.panels:
        if isinstance(panel, Lines | Columns):
            for each in panel.lines:
                if each.name != each.mark:
                    entries.setdefault(_entry(each), _handle(each, isinstance(panel, Columns)))
    if entries:
        longest = max(len(name) for name in entries)
        columns = max(1, min(len(entries), int(canvas.get_figwidth() * 18 / (longest + 7))))
        canvas.legend(
            list(entries.values()),
            list(entries),
            loc="outside upper left",
            ncols=columns,
            columnspacing=1.4,
            borderaxespad=0.2,
        )


def _entry(each: Line) -> str:
    return f"{LETTERS[each.name]}  {each.name}" if each.name in TYPES else shorten(each.legend or each.name, 44)


def _handle(each: Line, filled: bool) -> "Artist":
    if filled:
        return Patch(facecolor=color(each.role), edgecolor=PAPER, hatch=HATCHES.get(each.name, ""))
    return Line2D(
        [], [], color=INK if each.legend else stroke(each.role), linestyle=DASHES[each.dash], marker=MARKERS.get(each.name), markeredgewidth=0,
        alpha=each.alpha,
    )  # fmt: skip


def _name_ends(canvas: Canvas, figure: Figure, flat: "list[Axes]") -> None:
    """The layout has to be settled before names can be moved apart; then it is kept."""
    if not any(isinstance(panel, Lines) for panel in figure.panels):
        return
    engine = canvas.get_layout_engine()
    assert engine is not None
    engine.execute(canvas)
    canvas.set_layout_engine("none")
    for axes, panel in zip(flat, figure.panels, strict=False):
        if isinstance(panel, Lines):
            height = axes.get_position().height * canvas.get_figheight() * 72
            lines.label_ends(axes, panel, height)
