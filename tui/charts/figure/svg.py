"""What matplotlib writes, made fit for a page: small, without ids that clash, and with colors a theme can change."""

import re
from html import escape

from neurontui.tui.charts.figure.style import PAPER
from neurontui.tui.charts.palette import DARK, LIGHT
from neurontui.tui.common.sanitize import clean

FONTS = "Helvetica Neue, Helvetica, Arial, Noto Sans, DejaVu Sans, sans-serif"

_TAG = re.compile(r"<[^<>]*>")
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_ROLES = (
    "all-shared", "partial-shared", "specific", "non-activated", "silent",
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
    "text", "axis", "rule", "reference",
)  # fmt: skip

LIGHT_VARIABLES = {f"--{role}": LIGHT.colors[role] for role in _ROLES} | {"--paper": "#ffffff"}
DARK_VARIABLES = {f"--{role}": DARK.colors[role] for role in _ROLES} | {"--paper": "#12161d"}
_VARIABLE = {LIGHT.colors[role].lower(): f"var(--{role})" for role in reversed(_ROLES)} | {PAPER: "var(--paper)"}


def tidy(document: str, words: str) -> str:
    """The `<svg>` element alone: numbers to two decimals, no metadata, only ids that something refers to."""
    body = document[document.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = _TAG.sub(lambda tag: _shorten(tag[0]), body)
    body = re.sub(r"\n\s*", "\n", body)
    return re.sub(r"<svg[^>]*>", lambda tag: _opening(tag[0], words), body, count=1)


def _shorten(tag: str) -> str:
    if tag.startswith("<g "):
        tag = re.sub(r' id="[^"]*"', "", tag)
    tag = _LONG.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), tag)
    tag = re.sub(r"font-family: 'DejaVu Sans';? ?", "", tag)
    return re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", tag)


def _opening(tag: str, words: str) -> str:
    """Sizes in pixels, and words for those who cannot see it."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', tag)
    assert size is not None
    width, height = (round(float(points) * 4 / 3) for points in size.groups())
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    label = escape(clean(words), quote=True)
    return (
        f'<svg {names} width="{width}" height="{height}" {size[0]} role="img" aria-label="{label}" '
        f'font-family="{FONTS}" stroke-linejoin="round">'
    )


def themed(svg: str) -> str:
    """For a page that sets the variables: its colors instead of those of a white page."""
    return _TAG.sub(lambda tag: _HEX.sub(lambda hue: _VARIABLE.get(hue[0].lower(), hue[0]), tag[0]), svg)


def on_white(svg: str) -> str:
    """For a file of its own: a white ground below."""
    opening, rest = svg.split(">", 1)
    return f'{opening}>\n<rect width="100%" height="100%" fill="#ffffff"/>{rest}\n'
