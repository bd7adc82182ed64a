"""How figures look: sizes, colors by role, markers and patterns, so that nothing hangs on color alone."""

from typing import Any

from neurontui.tui.charts.palette import LIGHT, ink_of

INK, AXIS, RULE = LIGHT.colors["text"], LIGHT.colors["axis"], LIGHT.colors["rule"]
PAPER = "#fefefe"
"""The page; not quite white, so that a themed page can put its own color in its place."""

MARKERS = {"all-shared": "o", "partial-shared": "s", "specific": "^", "non-activated": "D"}
HATCHES = {"all-shared": "", "partial-shared": "////", "specific": "xxxx", "non-activated": ""}
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (5, 1.4, 1.2, 1.4)))

WIDTH = 7.6
"""Inches: the text of a page."""
SMALL = 7.0
SIZE = 8.0


def rc(salt: str) -> dict[Any, Any]:
    """Settings of matplotlib; the salt makes the ids of an SVG the same every time, and others in every figure."""
    return {
        "svg.fonttype": "none", "svg.hashsalt": f"neurontui {salt}",
        "font.family": ["DejaVu Sans"], "font.size": SIZE, "text.parse_math": False, "text.color": INK,
        "axes.labelcolor": INK, "axes.edgecolor": AXIS, "axes.linewidth": 0.8, "axes.titlesize": SIZE,
        "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.labelsize": SMALL + 0.5,
        "axes.spines.top": False, "axes.spines.right": False, "axes.facecolor": "none", "axes.axisbelow": True,
        "xtick.color": AXIS, "ytick.color": AXIS, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
        "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "grid.color": RULE, "grid.linewidth": 0.6,
        "legend.frameon": False, "legend.fontsize": SIZE, "legend.handlelength": 2.2, "hatch.linewidth": 0.7,
        "figure.facecolor": "none", "savefig.facecolor": "none", "lines.linewidth": 1.5, "lines.markersize": 3.6,
    }  # fmt: skip


def color(role: str) -> str:
    """Color of a role of the charts' palette."""
    return LIGHT.colors.get(role, INK)


def stroke(role: str) -> str:
    """Color of a line: the grey that fills areas of non-activated neurons is too faint for one."""
    return color(ink_of(role))
