"""Taking results away: to the clipboard by OSC 52, and always to a file as well, for terminals that ignore it."""

from pathlib import Path
from typing import Any

import platformdirs
from textual.app import App

from neurontui.store.errors import NeurontuiError, UsageError
from neurontui.tui.charts.model import Drawing
from neurontui.tui.charts.terminal.plain_text import to_text
from neurontui.tui.common.sanitize import clean
from neurontui.tui.explorer import export_files as export
from neurontui.tui.explorer.dialogs.export import ExportDialog, Wanted
from neurontui.tui.explorer.screens.page import Page

CLIPBOARD_ROWS = 10_000
"""Rows that go to the clipboard; terminals drop more than about 100 kB of it anyway."""


def copies_folder() -> Path:
    """Where copies are kept as files."""
    return platformdirs.user_data_path("neurontui") / "copies"


def copy(app: App[Any], page: Page) -> None:
    """Copy the screen's first table, or else its charts or words."""
    tables = page.tables()
    name = next(iter(tables), page.PAGE)
    if tables:
        text = export.table_text(tables[name].slice(0, CLIPBOARD_ROWS))
    else:
        text = "\n\n".join(to_text(drawing) for drawing in page.drawings()) or page.words()
    if not text:
        app.notify("There is nothing to copy here yet.", markup=False)
        return
    app.copy_to_clipboard(text)
    try:
        path = export.save(copies_folder(), name, "tsv" if tables else "txt", text.encode("utf-8", "replace"))
    except UsageError as error:
        app.notify(f"Copied {name}. {clean(error)}", markup=False)
        return
    app.notify(f"Copied {name}; also as {_place(path)}", markup=False)


def _place(path: Path) -> str:
    """File and folder, with a space between: a toast breaks a long path anywhere, names included."""
    folder = path.parent
    if folder.is_relative_to(Path.home()):
        folder = Path("~") / folder.relative_to(Path.home())
    return f"{clean(path.name)} in {clean(folder)}"


def ask_export(app: App[Any], page: Page) -> None:
    """Let the reader choose what to save, as what and where."""
    tables, drawings = page.tables(), list(page.drawings())
    if not tables and not drawings:
        app.notify("There is nothing to export here yet.", markup=False)
        return
    whole = page.whole()
    wanted = [
        Wanted(name, kind, table=table, fetch=whole) for name, table in tables.items() for kind in export.TABLE_FORMATS
    ]
    wanted += [Wanted(_name(each), kind, drawing=each) for each in drawings for kind in export.CHART_FORMATS]
    app.push_screen(ExportDialog(wanted, Path.cwd()), lambda chosen: _save(app, chosen))


def _name(drawing: Drawing) -> str:
    return drawing.title


def _save(app: App[Any], chosen: tuple[Wanted, Path] | None) -> None:
    if chosen is None:
        return
    wanted, folder = chosen
    app.run_worker(lambda: _write(app, wanted, folder), thread=True, exit_on_error=False)


def _write(app: App[Any], wanted: Wanted, folder: Path) -> None:
    """In a thread: a table of millions of rows takes its time."""
    try:
        path = export.save(folder, wanted.name, wanted.kind, wanted.content())
    except NeurontuiError as error:
        app.call_from_thread(app.notify, str(error), severity="error", timeout=8)
    else:
        app.call_from_thread(app.notify, f"Saved {_place(path)}", markup=False)
