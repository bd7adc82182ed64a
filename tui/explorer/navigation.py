"""Moving between screens: by digit, down to details, and back along the breadcrumbs."""

from dataclasses import replace
from typing import Any

from textual.app import App

from neurontui.tui.explorer import screen_registry
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.session import Session


class Navigation:
    """The screens made so far, and the screens that the user came through."""

    def __init__(self, app: App[Any], session: Session) -> None:
        self._app, self._session = app, session
        self._history: list[tuple[str, Selection]] = []
        self.pages: dict[str, Page] = {}

    @property
    def page(self) -> Page | None:
        """The screen in front, below any dialog."""
        return next((screen for screen in reversed(self._app.screen_stack) if isinstance(screen, Page)), None)

    def go(self, name: str) -> None:
        """Show a screen, and close any dialog."""
        app = self._app
        if self.page is not None:
            self.page.leave_chips()
        while not isinstance(app.screen, Page) and len(app.screen_stack) > 1:
            app.pop_screen()
        page = self._page_named(name)
        page.behind = True
        if app.screen is page:
            page.update()
        elif isinstance(app.screen, Page):
            app.switch_screen(name)
        else:
            app.push_screen(name)

    def _page_named(self, name: str) -> Page:
        """A screen, made if it does not exist yet."""
        if name not in self.pages:
            self.pages[name] = screen_registry.make_page(name)
            self._app.install_screen(self.pages[name], name)
        return self.pages[name]

    def start_at(self, name: str) -> None:
        """Show a screen, and forget the way to it with the filters that were set on the way."""
        if self._history:
            self._session.selection = self._session.selection.filtered_as(self._history[0][1])
            self._history.clear()
        self._page_named(name).by_digit = True
        self.go(name)

    def open_detail(self, name: str, view: str = "", **changes: Any) -> None:
        """Change the selection and show a screen, in one of its views; `back` restores both.

        A neuron is opened with its layer.
        """
        if "neuron" in changes:
            changes["neuron_layer"] = changes["layer"]
        page = self.page
        if page is not None:
            self._history.append((page.PAGE, self._session.selection))
        self._session.selection = replace(self._session.selection, **changes)
        if view:
            self._page_named(name).choose_view(view)
        self.go(name)

    def back(self) -> None:
        """Go back one step of the history."""
        if not self._history:
            return
        name, before = self._history.pop()
        changed = replace(self._session.selection, layer=before.layer).filtered_as(before)
        if name == "neuron":  # elsewhere, the neuron that was last looked at stays the one that its screen shows
            changed = replace(changed, neuron=before.neuron, neuron_layer=before.neuron_layer)
        elif name == "examples":
            changed = replace(changed, example=before.example)
        self._session.selection = changed
        self.go(name)

    def crumbs(self) -> tuple[str, ...]:
        """File, run, and the screens that the user came through."""
        run = self._session.run
        names = [self._session.file_name] + ([run.name] if run else [])
        names += [self.pages[name].HEADING for name, _ in self._history if name in self.pages]
        return tuple(names)
