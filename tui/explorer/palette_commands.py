"""The command palette: every screen, every key of the screen in front, every theme."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from textual.app import App, SystemCommand

from neurontui.tui.explorer.dialogs.help import documented_bindings, key_name
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.tabs import tabs_with

THEMES = ("neurontui-dark", "neurontui-light", "neurontui-ansi")


def commands(
    app: App[Any], page: Page | None, keymap: Mapping[str, str], go: Callable[[str], None]
) -> Iterator[SystemCommand]:
    """All commands, the most used first. `go` shows a screen by its name."""
    for tab in tabs_with(live=page is not None and page.session.live is not None):
        yield SystemCommand(f"Go to {tab.title}", f"Screen {tab.digit}", partial(go, tab.page))
    if page is not None:
        yield from _keys(app, page, keymap)
    for name in THEMES:
        yield SystemCommand(f"Theme: {name.removeprefix('neurontui-')}", "Colors", partial(setattr, app, "theme", name))
    yield SystemCommand("Theme: choose another", "Colors", app.action_change_theme)


def _keys(app: App[Any], page: Page, keymap: Mapping[str, str]) -> Iterator[SystemCommand]:
    """One command for each documented action."""
    seen = set()
    active = (entry.binding for entry in page.active_bindings.values())
    for binding in (*documented_bindings(type(page), keymap), *active):
        if binding.tooltip and binding.action not in seen and not binding.action.startswith("go("):
            seen.add(binding.action)
            words = f"{binding.tooltip} ({key_name(binding.key)})"
            yield SystemCommand(words, page.HEADING, partial(app.simulate_key, binding.key))
