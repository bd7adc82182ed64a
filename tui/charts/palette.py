"""Colors of the charts: Okabe and Ito's, distinguishable with any color vision, one set a kind of theme.

Types never rely on color alone: each has a letter (A P S N), and a texture where there is no color at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style

TYPES = ("all-shared", "partial-shared", "specific", "non-activated")
LETTERS = {"all-shared": "A", "partial-shared": "P", "specific": "S", "non-activated": "N"}
SHORT = {
    "all-shared": "all-shared",
    "partial-shared": "partial",
    "specific": "specific",
    "non-activated": "non-activated",
}
TEXTURES = {"all-shared": "█", "partial-shared": "▓", "specific": "▒", "non-activated": "░"}

_DARK = {
    "all-shared": "#E69F00", "partial-shared": "#56B4E9", "specific": "#00B183", "non-activated": "#4B5363",
    "silent": "#98A1B3",
    "first": "#56B4E9", "second": "#E69F00", "third": "#00B183", "fourth": "#CC79A7",
    "fifth": "#F0E442", "sixth": "#D55E00", "seventh": "#3D8FD1", "eighth": "#B9C0CC",
    "text": "#D7DCE5", "dim": "#8A93A5", "axis": "#6B7486", "cursor": "#FFFFFF", "ink": "#10141B",
    "good": "#00B183", "bad": "#E8743B", "reference": "#79839A", "rule": "#353C4A",
}  # fmt: skip
_LIGHT = {
    "all-shared": "#C65500", "partial-shared": "#0072B2", "specific": "#007F5C", "non-activated": "#C3C9D3",
    "silent": "#6C7686",
    "first": "#0072B2", "second": "#C65500", "third": "#007F5C", "fourth": "#A8477D",
    "fifth": "#8A7A00", "sixth": "#E69F00", "seventh": "#2A92D0", "eighth": "#5A6372",
    "text": "#1F2733", "dim": "#5F6979", "axis": "#8A93A3", "cursor": "#000000", "ink": "#FFFFFF",
    "good": "#007F5C", "bad": "#C65500", "reference": "#7D8797", "rule": "#D0D5DD",
}  # fmt: skip
_ANSI = {
    "all-shared": "yellow", "partial-shared": "cyan", "specific": "green", "non-activated": "bright_black",
    "silent": "white",
    "first": "cyan", "second": "yellow", "third": "green", "fourth": "magenta",
    "fifth": "bright_yellow", "sixth": "red", "seventh": "blue", "eighth": "white",
    "text": "default", "dim": "bright_black", "axis": "bright_black", "cursor": "default", "ink": "black",
    "good": "green", "bad": "red", "reference": "bright_black", "rule": "bright_black",
}  # fmt: skip
CYCLE = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

_CIVIDIS = (
    "#00224E",
    "#123570",
    "#3B496C",
    "#575D6D",
    "#707173",
    "#8A8678",
    "#A59C74",
    "#C3B369",
    "#E1CC55",
    "#FEE838",
)
_CIVIDIS_256 = (
    "#00005F", "#5F5F87", "#5F5F5F", "#767676", "#87875F", "#AFAF5F", "#D7D75F", "#FFFF5F",
)  # fmt: skip
_DIVERGING = ("#0072B2", "#56A3D0", "#A8CDE6", "#E9EDF1", "#F3C9A6", "#E79350", "#D55E00")


def ink_of(role: str) -> str:
    """What draws a curve, a letter or a bar of a role: the areas of non-activated neurons are too faint for that."""
    return "silent" if role == "non-activated" else role


_DIVERGING_256 = (
    "#005FAF", "#5F87AF", "#87AFD7", "#AFD7FF", "#EEEEEE", "#FFD7AF", "#FFAF5F", "#D7875F", "#D75F00",
)  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """Colors by role; `textured` where color cannot be counted on."""

    name: str
    colors: Mapping[str, str]
    textured: bool = False
    few: bool = False
    """Whether the terminal has 256 colors: shades are then colors that it has, evenly brighter."""

    def __hash__(self) -> int:
        return hash((self.name, self.textured, self.few))

    @lru_cache(maxsize=4096)  # noqa: B019 - palettes live as long as the process
    def style(self, ink: str | None, paper: str | None, bold: bool = False) -> Style:
        """Rich style of a foreground and a background role; a role that starts with `#` is a color."""
        return Style(color=self._color(ink), bgcolor=self._color(paper), bold=bold or None)

    def _color(self, role: str | None) -> str | None:
        return role if role is None or role.startswith("#") else self.colors.get(role, self.colors["text"])


DARK = Palette("dark", _DARK)
LIGHT = Palette("light", _LIGHT)
ANSI = Palette("ansi", _ANSI, textured=True)


def shade(value: float, extent: tuple[float, float], diverging: bool = False, few: bool = False) -> str:
    """Background of a heatmap's cell, one of sixteen levels; with `few` one of those 256 colors have."""
    lowest, highest = extent
    share = 0.5 if highest <= lowest else (value - lowest) / (highest - lowest)
    share = min(max(share, 0.0), 1.0)
    if few:
        stops = _DIVERGING_256 if diverging else _CIVIDIS_256
        return stops[round(share * (len(stops) - 1))]
    level = round(share * 15) / 15
    return _blend(_DIVERGING if diverging else _CIVIDIS, level)


def _blend(stops: tuple[str, ...], share: float) -> str:
    place = share * (len(stops) - 1)
    left = min(int(place), len(stops) - 2)
    first, second = _rgb(stops[left]), _rgb(stops[left + 1])
    mixed = (round(a + (b - a) * (place - left)) for a, b in zip(first, second, strict=True))
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def ink_on(paper: str) -> str:
    """Black or white, whichever is easier to read on `paper` (WCAG relative luminance)."""
    red, green, blue = ((c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in _rgb(paper))
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#FFFFFF"


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
