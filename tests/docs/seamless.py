"""Draws the block characters of a terminal's SVG as rectangles.

As text they leave gaps between lines, which are higher than the characters of most fonts.
"""

import re

WIDTH, HEIGHT = 12.2, 24.4
"""Of a cell, as Rich exports it."""
BASELINE = 18.5
"""From the upper edge of a cell to the y of its text."""
OVERLAP = 0.3
"""By which rectangles overlap the next line, so that rounding leaves no gap."""
BLOCKS = {
    "█": (0, 0, 1, 1), "▐": (0.5, 0, 1, 1), "▀": (0, 0, 1, 0.5), "│": (0.45, 0, 0.55, 1),
    **{character: (0, 0, (7 - place) / 8, 1) for place, character in enumerate("▉▊▋▌▍▎▏")},
    **{character: (0, 1 - (place + 1) / 8, 1, 1) for place, character in enumerate("▁▂▃▄▅▆▇")},
}  # fmt: skip
"""Left, upper, right and lower edge of each character in a cell."""
_RUN = re.compile(r"([█▀▁▂▃▄▅▆▇])\1*|[▐│▉▊▋▌▍▎▏]")
_TEXT = re.compile(rf'<text class="([^"]+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([{"".join(BLOCKS)}\xa0]+)</text>')


def seamless(svg: str) -> str:
    """The picture with rectangles in place of texts that are nothing but block characters."""
    return _TEXT.sub(_rectangles, svg.replace("&#160;", "\xa0")).replace("\xa0", "&#160;")


def _rectangles(match: re.Match[str]) -> str:
    style, x, y, text = match.groups()
    return "".join(
        _rectangle(style, float(x) + WIDTH * run.start(), float(y) - BASELINE, BLOCKS[run[0][0]], len(run[0]))
        for run in _RUN.finditer(text)
    )


def _rectangle(style: str, x: float, y: float, edges: tuple[float, float, float, float], count: int) -> str:
    """One rectangle for some equal characters; those that do not fill a cell's width come alone."""
    left, upper, right, lower = edges
    width = WIDTH * (count - 1 + right - left) + OVERLAP * (right == 1)
    height = HEIGHT * (lower - upper) + OVERLAP
    return (
        f'<rect class="{style}" x="{x + WIDTH * left:.2f}" y="{y + HEIGHT * upper:.2f}" width="{width:.2f}" '
        f'height="{height:.2f}" shape-rendering="crispEdges"/>'
    )
