"""Help for the screen in front: what it shows, and its keys, collected from its bindings."""

import textwrap
from collections.abc import Mapping
from dataclasses import replace

from textual.keys import _character_to_key

from neurontui.tui.explorer.keymap import Binding, keys_path
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.styled_text import title
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

WIDTH = 70
"""Maximum width of a line in cells."""
TYPES = "Types: A all-shared, P partial-shared, S specific, N non-activated"
KEYS = 16
"""Width of the column of keys in cells."""
_NAMES = {
    "escape": "esc", "question_mark": "?", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn", "space": "space",
}  # fmt: skip


def help_lines(page: Page) -> list[Spans]:
    """The screen's description, its keys, those of its widgets, and those of every screen."""
    width = min(WIDTH, max(int(page.size.width * 0.96) - 6, KEYS * 2))
    lines: list[Spans] = [title(page.HEADING), []]
    lines += [[Span(line)] for line in textwrap.wrap(page.ABOUT, width)]
    for heading, bindings in help_groups(page):
        if bindings:
            lines += [[], [Span(heading, "first", bold=True)], *_rows(bindings, width)]
    return [*lines, [], *_foot(page, width)]


def _foot(page: Page, width: int) -> list[Spans]:
    """The letters of the types, and how to change keys."""
    names = dict.fromkeys(binding.id for _, group in help_groups(page) for binding in group if binding.id)
    words = f'To change keys, write lines such as export = "E" to {keys_path()}. Names: {", ".join(map(str, names))}.'
    lines = [
        *textwrap.wrap(TYPES, width),
        "",
        *textwrap.wrap(words, width),
    ]
    return [[Span(line, "dim")] for line in lines]


def help_groups(page: Page) -> list[tuple[str, list[Binding]]]:
    """All documented keys, grouped by where they work."""
    keymap = getattr(page.app, "keymap", {})
    common = {binding.action for binding in page.COMMON}
    own = [binding for binding in documented_bindings(type(page), keymap) if binding.action not in common]
    parts: dict[str, list[Binding]] = {}
    for widget in page.query("*"):
        if widget.focusable and (group := getattr(widget, "HELP", "")):
            parts.setdefault(group, documented_bindings(type(widget), keymap))
    every = [binding for binding in documented_bindings(type(page), keymap) if binding.action in common]
    palette = Binding("ctrl+p", "app.command_palette", tooltip="All commands by name, and themes")
    digits = Binding("1", "go", tooltip="Show a screen", key_display="1 … 9")
    rest = [binding for binding in documented_bindings(type(page.app), keymap) if not binding.action.startswith("go(")]
    return [
        ("On this screen", own),
        *parts.items(),
        ("On every screen", [digits, *every, *rest, palette]),
    ]


def documented_bindings(kind: type, keymap: Mapping[str, str]) -> list[Binding]:
    """Bindings with a tooltip of a class and its bases, with the user's keys."""
    by_key: dict[str, Binding] = {}
    for base in kind.__mro__:
        for binding in vars(base).get("BINDINGS", ()):
            if not isinstance(binding, Binding) or not binding.tooltip:
                continue
            keys = keymap.get(binding.id or "", binding.key)
            for single in Binding.make_bindings([replace(binding, key=keys)]):
                by_key.setdefault(single.key, replace(binding, key=single.key))
    return list(by_key.values())


def _rows(bindings: list[Binding], width: int) -> list[Spans]:
    """One entry for each action, with all its keys."""
    merged: dict[str, list[Binding]] = {}
    for binding in bindings:
        merged.setdefault(binding.action, []).append(binding)
    return [line for same in merged.values() for line in _row(same, width)]


def _row(same: list[Binding], width: int) -> list[Spans]:
    """The keys on the left, the description on the right, wrapped."""
    keys = "  " + fit_keys(same).ljust(KEYS)
    words = textwrap.wrap(same[0].tooltip, width - len(keys) - 1)
    return [
        [Span(" " * len(keys) if number else keys, "second", bold=True), Span(f" {line}")]
        for number, line in enumerate(words)
    ]


def fit_keys(bindings: list[Binding]) -> str:
    """The keys of one action, as printed on a keyboard."""
    if bindings[0].action == "go":
        return "1 … 9"
    return " ".join(dict.fromkeys(key_name(binding.key) for binding in bindings))


def key_name(key: str) -> str:
    """A key as printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    return next(
        (char for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" if _character_to_key(char) == key),
        key,
    )
