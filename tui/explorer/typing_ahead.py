"""Gives keys that are typed ahead the same effect as keys that are typed slowly.

A key is passed on when the previous one has had its whole effect, messages between widgets included. A key that acts on
shown data also waits until the data of the selection are shown; later keys wait behind it.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message

from neurontui.tui.explorer.screens.page import Page

CANCELING = ("escape", "ctrl+q", "ctrl+c")
"""Keys that drop waiting keys."""
RETRY = 0.02
"""Seconds until a waiting key is tried again."""
LOST = 1.0
"""Seconds after which an echo counts as lost because its widget was removed."""


class Echo(Message):
    """Passes through the same queues as a key: when it arrives, everything sent before it has been handled."""

    def __init__(self, number: int, acted: bool) -> None:
        super().__init__()
        self.number, self.acted = number, acted


class TypeAhead:
    """The queue of keys that were typed but not yet passed on."""

    def __init__(self, app: App[Any], pass_on: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app, self._pass_on = app, pass_on
        self._keys: deque[events.Key] = deque()
        self._number = 0
        self._passing = False
        self._held = False

    @property
    def busy(self) -> bool:
        """Whether a key has not had its whole effect yet."""
        return self._passing or bool(self._keys)

    @property
    def held(self) -> bool:
        """Whether the next key waits for data that are not shown yet; a canceling key then drops all that wait."""
        return self._held and bool(self._keys)

    async def typed(self, key: events.Key) -> None:
        """Queue a key."""
        if self.held and key.key in CANCELING:
            self._keys.clear()
        self._keys.append(key)
        await self.go_on()

    async def go_on(self) -> None:
        """Pass on the first key, unless the previous one is in progress or the key must wait."""
        if self._passing or not self._keys or not self._app.screen_stack:  # without screens, the app is ending
            return
        self._held = self._must_wait(self._keys[0])
        if self._held:
            self._app.set_timer(RETRY, self.go_on)
            return
        self._passing = True
        await self._pass_on(self._keys.popleft())
        self._follow(acted=False)

    def _follow(self, acted: bool) -> None:
        """Send an echo after the key; after its action, send a second one behind the action's messages."""
        self._number += 1
        sent_to = self._app.screen.focused or self._app.screen
        sent_to.post_message(Echo(self._number, acted))
        self._app.set_timer(LOST, partial(self.arrived, self._number, acted))

    async def arrived(self, number: int, acted: bool) -> None:
        """An echo has arrived: continue with the next step."""
        if number != self._number or not self._app.screen_stack:  # without screens, the application is ending
            return
        if not acted:
            self._follow(acted=True)
            return
        self._number += 1
        self._passing = False
        await self.go_on()

    def _must_wait(self, key: events.Key) -> bool:
        """Whether the key acts on data that are not shown yet. Text typed into an input or an editor never waits."""
        page = self._app.screen
        if not isinstance(page, Page) or not self._app.is_running:
            return False
        if page.behind:
            return True
        focused = page.focused
        if focused is not None and focused.check_consume_key(key.key, key.character):
            return False
        active = page.active_bindings.get(key.key) if page.waiting else None
        if active is None:
            return False
        action = active.binding.action.removeprefix("app.").partition("(")[0]
        if isinstance(active.node, Page | App):
            return page.lacks(action)
        return page.lacks_in(active.node, action)
