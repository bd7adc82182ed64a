"""The export dialog: what to save, in which format, in which folder; neurons also as a set beside the results file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from neurontui.tui.charts.model import Drawing
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.explorer import export_files as export
from neurontui.tui.explorer.export_sets import SetTarget
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.widgets.styled_text import StyledText, title


@dataclass(frozen=True)
class ExportItem:
    """A table or chart in one format."""

    name: str
    kind: str
    table: pa.Table | None = None
    drawing: Drawing | None = None
    caption: tuple[str, ...] = ()
    """Lines below the chart."""
    fetch: Callable[[], pa.Table] | None = None
    """Fetches all rows, if the table on the screen was truncated."""
    target: SetTarget | None = None
    """Where the table's neurons are saved as a set, instead of the folder."""

    def save(self, folder: Path) -> str:
        """Save the item and return what was saved and where. Raises NeurontuiError."""
        if self.target is not None and self.table is not None:
            saved = self.target.save(self.name, self.fetch() if self.fetch is not None else self.table)
            return f"the set {saved.name}, {len(saved.places()):,} neurons; ablate it with --ablate {saved.name}"
        return place_of(export.save(folder, self.name, self.kind, self.content()))

    def content(self) -> bytes:
        """The content of the file."""
        if self.fetch is not None:
            return export.table_bytes(self.fetch(), self.kind)
        if self.table is not None:
            return export.table_bytes(self.table, self.kind)
        return export.chart_bytes(self.drawing, self.kind, self.caption) if self.drawing is not None else b""

    def label(self) -> str:
        """The line of the list."""
        if self.target is not None and self.table is not None:
            return f"{self.kind:<8}{fit(self.name, 34)} neurons, beside the results"
        if self.fetch is not None:
            return f"{self.kind:<8}{fit(self.name, 34)} table, all rows"
        what = f"table, {self.table.num_rows:,} rows" if self.table is not None else "chart"
        return f"{self.kind:<8}{fit(self.name, 34)} {what}"


class ExportDialog(ModalScreen[tuple[ExportItem, Path] | None]):
    """Enter saves the item under the cursor, letters go to a format; tab moves to the folder and back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", tooltip="Close without saving")]

    def __init__(self, items: list[ExportItem], folder: Path) -> None:
        super().__init__(classes="dialog")
        self._items, self._folder = items, folder
        self._typed = ""

    def on_key(self, event: events.Key) -> None:
        """Go to the first item whose format begins with the letters typed so far, or with the last one."""
        letter, options = event.character or "", self.query_one(OptionList)
        if not options.has_focus or not letter.isalpha():
            return
        event.stop()
        kinds = [item.kind for item in self._items]
        for typed in (self._typed + letter, letter):
            place = next((place for place, kind in enumerate(kinds) if kind.startswith(typed)), None)
            if place is not None:
                options.highlighted, self._typed = place, typed
                return

    def compose(self) -> ComposeResult:
        """Items and folder."""
        with Vertical(classes="panel"):
            heading = StyledText(classes="heading")
            heading.show([title("Export", "enter saves · letters: format · tab: folder · esc closes")])
            yield heading
            yield OptionList(*(Option(Content(item.label())) for item in self._items))
            folder = Input(clean(self._folder), compact=True, id="folder")
            folder.cursor_blink = False
            yield folder

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Save an item."""
        self._finish(message.option_index)

    def on_input_submitted(self) -> None:
        """Enter in the folder saves too."""
        self._finish(self.query_one(OptionList).highlighted or 0)

    def _finish(self, index: int) -> None:
        folder = Path(self.query_one(Input).value or ".").expanduser()
        self.dismiss((self._items[index], folder))


def place_of(path: Path) -> str:
    """File and folder, separated by a space: a toast breaks a long path anywhere, even within a name."""
    folder = path.parent
    if folder.is_relative_to(Path.home()):
        folder = Path("~") / folder.relative_to(Path.home())
    return f"{clean(path.name)} in {clean(folder)}"
