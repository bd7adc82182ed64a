"""The command palette: every screen, every key that works now, every theme."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from neurontui.tui.explorer.dialogs.help import key_name, told
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.tabs import TABS

if TYPE_CHECKING:
    from neurontui.tui.explorer.app import Explorer

THEMES = ("neurontui-dark", "neurontui-light", "neurontui-ansi")


def commands(explorer: "Explorer") -> Iterator[SystemCommand]:
    """All of them, in the order of their use."""
    for tab in TABS:
        go = partial(explorer.action_go, tab.page)
        yield SystemCommand(f"Go to {tab.title}", f"Screen {tab.digit}", go)
    if explorer.page is not None:
        yield from _keys(explorer, explorer.page)
    for name in THEMES:
        use = partial(explorer.use_theme, name)
        yield SystemCommand(f"Theme: {name.removeprefix('neurontui-')}", "Colours", use)
    yield SystemCommand("Theme: choose another", "Colours", explorer.action_change_theme)


def _keys(explorer: "Explorer", page: Page) -> Iterator[SystemCommand]:
    """One command an action that is explained."""
    seen = set()
    active = (each.binding for each in page.active_bindings.values())
    for binding in (*told(type(page), explorer.keymap), *active):
        if binding.tooltip and binding.action not in seen and not binding.action.startswith("go("):
            seen.add(binding.action)
            words = f"{binding.tooltip} ({key_name(binding.key)})"
            yield SystemCommand(words, page.HEADING, partial(explorer.simulate_key, binding.key))
