"""The class of each screen. A screen is imported when it is first shown, which keeps startup short."""

from importlib import import_module

from neurontui.tui.explorer.screens.page import Page

_PAGES = {
    "findings": ("findings.screen", "FindingsPage"),
    "runs": ("runs", "RunsPage"),
    "layers": ("layers.screen", "LayersPage"),
    "languages": ("languages.screen", "LanguagesPage"),
    "examples": ("examples", "ExamplesPage"),
    "persistence": ("persistence.screen", "PersistencePage"),
    "neuron": ("neuron", "NeuronPage"),
    "attribution": ("attribution.screen", "AttributionPage"),
    "ablation": ("ablation.screen", "AblationPage"),
    "sql": ("sql", "SqlPage"),
    "live": ("live.screen", "LivePage"),
}


def import_all(*, live: bool = False) -> None:
    """Import all screens; in any thread. live: also that of the live prompt, and the messages of its worker."""
    for name, (module, _) in _PAGES.items():
        if live or name != "live":
            import_module(f"neurontui.tui.explorer.screens.{module}")


def make_page(name: str) -> Page:
    """Make a screen by its name."""
    module, kind = _PAGES[name]
    page = getattr(import_module(f"neurontui.tui.explorer.screens.{module}"), kind)()
    assert isinstance(page, Page)
    return page
