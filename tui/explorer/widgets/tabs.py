"""The line of screens with their digits, for 80 columns and more."""

from typing import NamedTuple

from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, width_of


class Tab(NamedTuple):
    """One screen: key, title, short title, and name in code."""

    digit: str
    title: str
    short: str
    page: str


TABS = (
    Tab("0", "Findings", "Home", "findings"),
    Tab("1", "Runs", "Runs", "runs"),
    Tab("2", "Layers", "Layers", "layers"),
    Tab("3", "Languages", "Langs", "languages"),
    Tab("4", "Examples", "Examples", "examples"),
    Tab("5", "Persistence", "Persist", "persistence"),
    Tab("6", "Neuron", "Neuron", "neuron"),
    Tab("7", "Attribution", "Attr", "attribution"),
    Tab("8", "Ablation", "Abl", "ablation"),
    Tab("9", "SQL", "SQL", "sql"),
)
LIVE = Tab("P", "Live", "Live", "live")
"""Only with --live."""


CUT = 5
"""Letters of a title where eleven screens have 80 columns."""


def tabs_with(live: bool) -> tuple[Tab, ...]:
    """The screens that there are."""
    return (*TABS, LIVE) if live else TABS


class Tabs(Line):
    """All screens, the current one marked."""

    def __init__(self, page: str, live: bool = False) -> None:
        super().__init__()
        self._page, self._tabs = page, tabs_with(live)

    def parts(self, width: int) -> Spans:
        """Full titles if they fit, else short ones, else cut ones, else digits with the current screen's title."""
        tries = (self._titles(short=False), self._titles(short=True), self._titles(short=True, longest=CUT))
        digits = self._titles(short=True, digits=True)
        return next((parts for parts in tries if width_of(parts) <= width + 1), digits)

    def _titles(self, short: bool, digits: bool = False, longest: int = 20) -> list[Span]:
        parts = [] if short else [Span(" ")]
        for tab in self._tabs:
            here = tab.page == self._page
            name = tab.short[:longest] if short else tab.title
            if digits:
                name = tab.title if here else ""
            click = f"app.go('{tab.page}')"
            text = f"{tab.digit} {name}".rstrip() if short else f" {tab.digit} {name} "
            parts.append(Span(text, "text" if here else "dim", None, here, click, here))
            parts.append(Span(" "))
        return parts
