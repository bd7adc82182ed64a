"""Help: what the screen in front shows, and every key that works on it, made from the screen itself."""

import textwrap
from collections.abc import Mapping
from dataclasses import replace

from textual.keys import _character_to_key

from neurontui.tui.keys import Binding, keys_path
from neurontui.tui.screens.page import Page
from neurontui.tui.widgets.paint import Part, Parts
from neurontui.tui.widgets.sheet import title

WIDTH = 70
_NAMES = {
    "escape": "esc", "question_mark": "?", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn", "space": "space",
}  # fmt: skip


def help_lines(page: Page) -> list[Parts]:
    """What the screen says about itself, then its keys, those of its parts, and those of every screen."""
    lines: list[Parts] = [title(page.HEADING), []]
    lines += [[Part(line)] for line in textwrap.wrap(page.ABOUT, WIDTH)]
    for heading, bindings in help_groups(page):
        if bindings:
            lines += [[], [Part(heading, "first", bold=True)], *_rows(bindings)]
    return [*lines, [], *_foot(page)]


def _foot(page: Page) -> list[Parts]:
    """The letters of the types, and how to change keys."""
    names = dict.fromkeys(
        each.id for _, bindings in help_groups(page) for each in bindings if each.id
    )
    words = f'Keys can be changed: lines such as threshold = "T" in {keys_path()}. Names here: {", ".join(map(str, names))}.'
    lines = [
        "Types: A all-shared  P partial-shared  S specific  N non-activated",
        "",
        *textwrap.wrap(words, WIDTH),
    ]
    return [[Part(line, "dim")] for line in lines]


def help_groups(page: Page) -> list[tuple[str, list[Binding]]]:
    """Every key that is explained, by where it works."""
    keymap = getattr(page.app, "keymap", {})
    common = {binding.action for binding in page.COMMON}
    own = [each for each in told(type(page), keymap) if each.action not in common]
    parts: dict[str, list[Binding]] = {}
    for widget in page.query("*"):
        if widget.focusable and (group := getattr(widget, "HELP", "")):
            parts.setdefault(group, told(type(widget), keymap))
    every = [each for each in told(type(page), keymap) if each.action in common]
    digits = Binding("1", "go", tooltip="The nine screens by their digits", key_display="1 … 9")
    rest = [each for each in told(type(page.app), keymap) if not each.action.startswith("go(")]
    return [("On this screen", own), *parts.items(), ("On every screen", [digits, *every, *rest])]


def told(kind: type, keymap: Mapping[str, str]) -> list[Binding]:
    """The explained keys of a class and of those it comes from, as the reader has mapped them."""
    found: dict[str, Binding] = {}
    for each in kind.__mro__:
        for binding in vars(each).get("BINDINGS", ()):
            if not isinstance(binding, Binding) or not binding.tooltip:
                continue
            keys = keymap.get(binding.id or "", binding.key)
            for single in Binding.make_bindings([replace(binding, key=keys)]):
                found.setdefault(single.key, replace(binding, key=single.key))
    return list(found.values())


def _rows(bindings: list[Binding]) -> list[Parts]:
    """One line an action, with all its keys."""
    merged: dict[str, list[Binding]] = {}
    for binding in bindings:
        merged.setdefault(binding.action, []).append(binding)
    return [
        [
            Part("  " + fit_keys(same).ljust(14), "second", bold=True),
            Part(f" {same[0].tooltip}", "text"),
        ]
        for same in merged.values()
    ]


def fit_keys(bindings: list[Binding]) -> str:
    """The keys of one action, as they are printed on a keyboard."""
    if bindings[0].action == "go":
        return "1 … 9"
    return " ".join(dict.fromkeys(key_name(binding.key) for binding in bindings))


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    return next(
        (char for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" if _character_to_key(char) == key),
        key,
    )
