"""Help: what the screen in front shows, and every key that works on it, made from the screen itself."""

import textwrap

from textual.binding import ActiveBinding, Binding
from textual.keys import _character_to_key

from neurontui.tui.screens.page import Page
from neurontui.tui.widgets.paint import Part, Parts
from neurontui.tui.widgets.sheet import title

WIDTH = 70
_NAMES = {
    "escape": "esc", "question_mark": "?", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn", "space": "space",
}  # fmt: skip


def help_lines(page: Page) -> list[Parts]:
    """What the screen says about itself, then its keys, then those of every screen."""
    lines: list[Parts] = [title(page.HEADING), []]
    lines += [[Part(line)] for line in textwrap.wrap(page.ABOUT, WIDTH)]
    common = {binding.action for binding in page.COMMON}
    keys = _keys(page)
    groups = [
        (
            "On this screen",
            [
                each
                for each in keys
                if each.node is not page.app and each.binding.action not in common
            ],
        ),
        (
            "On every screen",
            [each for each in keys if each.node is page.app or each.binding.action in common],
        ),
    ]
    for heading, group in groups:
        if group:
            lines += [[], [Part(heading, "first", bold=True)], *_rows(group)]
    return [
        *lines,
        [],
        [Part("Types: A all-shared  P partial-shared  S specific  N non-activated", "dim")],
    ]


def _keys(page: Page) -> list[ActiveBinding]:
    return [
        each
        for each in page.active_bindings.values()
        if each.binding.tooltip and not each.binding.system
    ]


def _rows(group: list[ActiveBinding]) -> list[Parts]:
    """One line an action, with all its keys."""
    merged: dict[str, list[Binding]] = {}
    for each in group:
        merged.setdefault(each.binding.action, []).append(each.binding)
    return [
        [
            Part("  " + fit_keys(bindings).ljust(14), "second", bold=True),
            Part(f" {bindings[0].tooltip}", "text"),
        ]
        for bindings in merged.values()
    ]


def fit_keys(bindings: list[Binding]) -> str:
    """The keys of one action, as they are printed on a keyboard."""
    return " ".join(dict.fromkeys(key_name(binding.key) for binding in bindings))


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    return next(
        (char for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" if _character_to_key(char) == key),
        key,
    )
