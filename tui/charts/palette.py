"""Colors of the charts, distinguishable with any color vision, one set a kind of theme.

The four types have four colors of their own, Okabe and Ito's; nothing else has their hues.
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

CYCLE = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
"""Colors of languages, runs and accents: none has the hue of a type."""


def ink_of(role: str) -> str:
    """What draws a curve, a letter or a bar of a role: the areas of non-activated neurons are too faint for that."""
    return "silent" if role == "non-activated" else role


def dim_of(role: str) -> str:
    """The same hue, dimmed: the second run, chance, a control."""
    return f"{ink_of(role)} dim"


def _with_dim(colors: dict[str, str], ground: str) -> dict[str, str]:
    """The colors, and those of curves mixed with the ground."""
    curves = (*TYPES[:3], "silent", *CYCLE)
    return colors | {dim_of(role): _blend((ground, colors[role]), 0.55) for role in curves}


_DARK = {
    "all-shared": "#E69F00", "partial-shared": "#56B4E9", "specific": "#00B183", "non-activated": "#4B5363",
    "silent": "#C4CBD8",
    "first": "#A796FF", "second": "#F0E442", "third": "#D97FB0", "fourth": "#FF7F6E",
    "fifth": "#E85BE0", "sixth": "#6F7CF0", "seventh": "#F6C1CE", "eighth": "#F8F4A6",
    "text": "#D7DCE5", "dim": "#8A93A5", "axis": "#6B7486", "cursor": "#FFFFFF", "ink": "#10141B",
    "good": "#A796FF", "bad": "#FF7F6E", "reference": "#79839A", "rule": "#353C4A",
}  # fmt: skip
_LIGHT = {
    "all-shared": "#C65500", "partial-shared": "#0072B2", "specific": "#007F5C", "non-activated": "#C3C9D3",
    "silent": "#454D5B",
    "first": "#5B48C8", "second": "#7A6C00", "third": "#A8477D", "fourth": "#C2283F",
    "fifth": "#A32CA0", "sixth": "#7C7FD8", "seventh": "#D1778E", "eighth": "#A09A2E",
    "text": "#1F2733", "dim": "#5F6979", "axis": "#8A93A3", "cursor": "#000000", "ink": "#FFFFFF",
    "good": "#5B48C8", "bad": "#C2283F", "reference": "#7D8797", "rule": "#D0D5DD",
}  # fmt: skip
_ANSI = {
    "all-shared": "yellow", "partial-shared": "cyan", "specific": "green", "non-activated": "bright_black",
    "silent": "white",
    "first": "magenta", "second": "bright_magenta", "third": "blue", "fourth": "red",
    "fifth": "bright_red", "sixth": "bright_blue", "seventh": "bright_white", "eighth": "default",
    "text": "default", "dim": "bright_black", "axis": "bright_black", "cursor": "default", "ink": "black",
    "good": "bright_blue", "bad": "red", "reference": "bright_black", "rule": "bright_black",
}  # fmt: skip


@dataclass(frozen=True)
class Shades:
    """Backgrounds of heatmaps from the least to the most, and from the most negative over zero to the most positive.

    One hue that no type has. The least is near the theme's ground and no shade glares. `few`: the same in 256 colors.
    """

    rising: tuple[str, ...]
    diverging: tuple[str, ...]
    few_rising: tuple[str, ...]
    few_diverging: tuple[str, ...]


_DARK_SHADES = Shades(
    ("#20222B", "#322F57", "#4B4187", "#6A56B4", "#8E74D6", "#B59BEA"),
    ("#E0614F", "#A84A44", "#6B3A3C", "#2A2D35", "#463F78", "#6A5BB8", "#9480F2"),
    ("#262626", "#444444", "#5F5F87", "#875FAF", "#8787D7", "#AF87FF"),
    ("#FF5F5F", "#D75F5F", "#875F5F", "#303030", "#5F5F87", "#875FD7", "#AF87FF"),
)
_LIGHT_SHADES = Shades(
    ("#F3F1FA", "#DCD5F2", "#BDB0E6", "#9985D6", "#745AC0", "#523AA0"),
    ("#C2283F", "#DE7D84", "#F2C4C6", "#F4F4F6", "#CBC6EC", "#8F83D6", "#5B48C8"),
    ("#EEEEEE", "#D7D7FF", "#D7AFFF", "#AF87FF", "#875FD7", "#5F5FAF"),
    ("#D70000", "#D75F5F", "#FFAFAF", "#EEEEEE", "#D7D7FF", "#AFAFFF", "#875FD7"),
)


@dataclass(frozen=True)
class Palette:
    """Colors by role; `textured` where color cannot be counted on."""

    name: str
    colors: Mapping[str, str]
    textured: bool = False
    few: bool = False
    """Whether the terminal has 256 colors: shades are then colors that it has, evenly brighter."""
    shades: Shades = _DARK_SHADES

    def __hash__(self) -> int:
        return hash((self.name, self.textured, self.few))

    @lru_cache(maxsize=4096)  # noqa: B019 - palettes live as long as the process
    def style(self, ink: str | None, paper: str | None, bold: bool = False) -> Style:
        """Rich style of a foreground and a background role; a role that starts with `#` is a color."""
        return Style(color=self._color(ink), bgcolor=self._color(paper), bold=bold or None)

    def _color(self, role: str | None) -> str | None:
        return role if role is None or role.startswith("#") else self.colors.get(role, self.colors["text"])


def shade(value: float, extent: tuple[float, float], diverging: bool = False, palette: "Palette | None" = None) -> str:
    """Background of a heatmap's cell in a palette (default: that of a white page), one of sixteen levels or fewer."""
    shades, few = (LIGHT.shades, False) if palette is None else (palette.shades, palette.few)
    lowest, highest = extent
    share = 0.5 if highest <= lowest else (value - lowest) / (highest - lowest)
    share = min(max(share, 0.0), 1.0)
    if few:
        stops = shades.few_diverging if diverging else shades.few_rising
        return stops[round(share * (len(stops) - 1))]
    level = round(share * 15) / 15
    return _blend(shades.diverging if diverging else shades.rising, level)


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


DARK = Palette("dark", _with_dim(_DARK, "#15171B"))
LIGHT = Palette("light", _with_dim(_LIGHT, "#FAFBFC"), shades=_LIGHT_SHADES)
ANSI = Palette("ansi", _ANSI | {dim_of(role): _ANSI[ink_of(role)] for role in (*TYPES, *CYCLE)}, textured=True)
