"""Copy and export. A copy goes to the clipboard by OSC 52 and to a file, for terminals that ignore OSC 52."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
import pyarrow as pa
from textual.app import App

from neurontui.store.errors import NeurontuiError, UsageError
from neurontui.tui.charts.terminal.plain_text import to_text
from neurontui.tui.common.sanitize import clean
from neurontui.tui.explorer import export_files as export
from neurontui.tui.explorer.crash_log import wrap_errors
from neurontui.tui.explorer.dialogs.export import ExportDialog, ExportItem, place_of
from neurontui.tui.explorer.export_sets import SetTarget, neurons_in
from neurontui.tui.explorer.picture_captions import caption_lines
from neurontui.tui.explorer.screens.page import Page

CLIPBOARD_ROWS = 10_000
"""Maximum number of copied rows; terminals drop more than about 100 kB anyway."""


def copies_folder() -> Path:
    """The folder of copies."""
    return platformdirs.user_data_path("neurontui") / "copies"


def copy(app: App[Any], page: Page) -> None:
    """Copy the screen's first table; without a table, its charts or its text."""
    tables = page.tables()
    name = next(iter(tables), page.PAGE)
    if tables:
        text = export.table_text(tables[name].slice(0, CLIPBOARD_ROWS))
    else:
        text = "\n\n".join(to_text(drawing) for drawing in page.drawings()) or page.words()
    if not text:
        app.notify("There is nothing to copy yet.", markup=False)
        return
    app.copy_to_clipboard(text)
    try:
        path = export.save(copies_folder(), name, "tsv" if tables else "txt", text.encode("utf-8", "replace"))
    except UsageError as error:
        app.notify(f"Copied {name}. {clean(error)}", markup=False)
        return
    app.notify(f"Copied {name}; also saved as {place_of(path)}", markup=False)


def ask_export(app: App[Any], page: Page) -> None:
    """Let the user choose what to save, in which format and where."""
    tables, drawings = page.tables(), [drawing for drawing in page.drawings() if drawing.has_values]
    if not tables and not drawings:
        app.notify("There is nothing to export yet.", markup=False)
        return
    whole = page.whole()
    items = [
        ExportItem(name, kind, table=table, fetch=whole)
        for name, table in tables.items()
        for kind in export.TABLE_FORMATS
    ]
    items += [
        ExportItem(drawing.title, kind, drawing=drawing, caption=caption_lines(page, drawing))
        for drawing in drawings
        for kind in export.CHART_FORMATS
    ]
    items += _sets(page, tables, whole)
    app.push_screen(ExportDialog(items, Path.cwd()), lambda chosen: _save(app, chosen))


def _sets(page: Page, tables: Mapping[str, pa.Table], whole: Callable[[], pa.Table] | None) -> Iterator[ExportItem]:
    """The neurons in tables as sets beside the file of the run."""
    if page.run is None or not page.run.file:
        return
    target = SetTarget(page.session.query_runner.results, page.run)
    for name, table in tables.items():
        neurons = neurons_in(table, own_sql=page.PAGE == "sql")
        if neurons is not None:
            yield ExportItem(name, "set", table=neurons, fetch=whole, target=target)


def _save(app: App[Any], chosen: tuple[ExportItem, Path] | None) -> None:
    if chosen is None:
        return
    item, folder = chosen
    app.run_worker(lambda: _write(app, item, folder), thread=True, exit_on_error=False)


def _write(app: App[Any], item: ExportItem, folder: Path) -> None:
    """In a thread: a table of millions of rows takes long."""
    try:
        with wrap_errors():
            saved = item.save(folder)
    except NeurontuiError as error:
        app.call_from_thread(app.notify, str(error), severity="error", timeout=8)
    else:
        app.call_from_thread(app.notify, f"Saved {saved}", markup=False)
