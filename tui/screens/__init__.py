"""The nine screens, and the dialogs above them. A screen says what it wants to know and draws the answers."""

from neurontui.tui.screens.layers import LayersPage
from neurontui.tui.screens.page import Page
from neurontui.tui.screens.runs import RunsPage

PAGES: dict[str, type[Page]] = {page.PAGE: page for page in (RunsPage, LayersPage)}
"""Every screen by its name."""
