"""Help: what the screen in front shows, and every key that works on it, made from the screen itself."""

import textwrap

from textual.binding import Binding
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
    """What the screen says about itself, then its keys, those of its parts, and those of every screen."""
    lines: list[Parts] = [title(page.HEADING), []]
    lines += [[Part(line)] for line in textwrap.wrap(page.ABOUT, WIDTH)]
    for heading, bindings in help_groups(page):
        if bindings:
            lines += [[], [Part(heading, "first", bold=True)], *_rows(bindings)]
    return [
        *lines,
        [],
        [Part("Types: A all-shared  P partial-shared  S specific  N non-activated", "dim")],
    ]


def help_groups(page: Page) -> list[tuple[str, list[Binding]]]:
    """Every key that is explained, by where it works."""
    common = {binding.action for binding in page.COMMON}
    own = [each for each in told(type(page)) if each.action not in common]
    parts: dict[str, list[Binding]] = {}
    for widget in page.query("*"):
        if widget.focusable and (group := getattr(widget, "HELP", "")):
            parts.setdefault(group, told(type(widget)))
    every = [each for each in told(type(page)) if each.action in common]
    digits = Binding("1", "go", tooltip="The nine screens by their digits", key_display="1 … 9")
    rest = [each for each in told(type(page.app)) if not each.action.startswith("go(")]
    return [("On this screen", own), *parts.items(), ("On every screen", [digits, *every, *rest])]


def told(kind: type) -> list[Binding]:
    """The explained keys of a class and of those it comes from; what a class says itself comes first."""
    found: dict[str, Binding] = {}
    for each in kind.__mro__:
        for binding in Binding.make_bindings(vars(each).get("BINDINGS", ())):
            if binding.tooltip and not binding.system:
                found.setdefault(binding.key, binding)
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
