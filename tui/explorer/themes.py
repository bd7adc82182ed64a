"""Three themes: dark, light, and one that uses the terminal's colors."""

from dataclasses import replace
from functools import cache

from textual.theme import BUILTIN_THEMES, Theme

from neurontui.tui.charts.palette import ANSI, DARK, LIGHT, Palette

_DARK = Theme(
    name="neurontui-dark",
    primary="#A796FF",
    secondary="#5E5690",
    accent="#D97FB0",
    warning="#F0E442",
    error="#FF7F6E",
    success="#A796FF",
    foreground="#D7DCE5",
    background="#15171B",
    surface="#1A1D22",
    panel="#23272E",
    dark=True,
    variables={
        "block-cursor-background": "#4A4080",
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-text-style": "bold",
    },
)
_LIGHT = Theme(
    name="neurontui-light",
    primary="#5B48C8",
    secondary="#B3AAE6",
    accent="#A8477D",
    warning="#7A6C00",
    error="#C2283F",
    success="#5B48C8",
    foreground="#1F2733",
    background="#FAFBFC",
    surface="#F1F3F6",
    panel="#E6E9EE",
    dark=False,
    variables={
        "block-cursor-background": "#DCD6F5",
        "block-cursor-foreground": "#0B1622",
        "block-cursor-text-style": "bold",
    },
)
_ANSI = replace(BUILTIN_THEMES["ansi-dark"], name="neurontui-ansi")

OUR_THEMES = (_DARK, _LIGHT, _ANSI)
DEFAULT = _DARK.name
COLORLESS = _ANSI.name


def palette_for(theme: Theme, no_color: bool, few: bool = False) -> Palette:
    """Chart colors for a theme; textures if there are no colors; `few` for terminals with 256 colors."""
    name = ANSI.name if theme.ansi else DARK.name if theme.dark else LIGHT.name
    return _palette(name, no_color and theme.ansi, few)


@cache
def _palette(name: str, textured: bool, few: bool) -> Palette:
    kind = {palette.name: palette for palette in (DARK, LIGHT, ANSI)}[name]
    return replace(kind, textured=textured, few=few)
