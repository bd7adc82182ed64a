"""Persistence: whether neurons keep their type over the examples, and a list of neurons by type, language and layer."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import ClassVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.persistence import NEURON_FIELDS, persistence_lines
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.model import Drawing
from neurontui.tui.charts.palette import TYPES
from neurontui.tui.explorer.dialogs.ask import Ask
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.screens.persistence.views import SHARES, START, NeuronList, OverlapBySize
from neurontui.tui.explorer.screens.view import View
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

FEW = 10
"""With fewer neurons than this, the share is lowered automatically, so that the list is not empty."""


class PersistencePage(Page):
    """Average and overlap of each type; below, a list of neurons or overlap against the number of examples."""

    PAGE = "persistence"
    HEADING = "Persistence"
    NO_CORPUS = "which has no examples in which neurons have a type"
    ABOUT = (
        "Average is a type's mean ratio. Overlap is the share of all neurons that have the type in every example; same "
        "mask also requires the same set of languages. Overlap decreases as the number of examples grows: v shows by "
        "how much. Below are neurons that have a type in at least a share of the examples, the most constant first; "
        "enter opens a neuron's card."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "type", "type", tooltip="List another type of neurons"),
        Binding(
            "u",
            "language",
            "language",
            tooltip="Only neurons active in the next language, or in any",
        ),
        Binding(
            "plus,equals_sign",
            "share(1)",
            "share",
            key_display="+ -",
            tooltip="Require the type in a larger share of the examples",
        ),
        Binding(
            "minus", "share(-1)", "share", show=False, tooltip="Require the type in a smaller share of the examples"
        ),
        Binding(
            "percent_sign", "percentage", "type a share", key_display="%", tooltip="Type the share of the examples"
        ),
        Binding("b", "layer", "layer", tooltip="Only the selected layer, or all layers"),
        Binding("v", "view", "view", tooltip="Switch between overlap by number of examples and the neurons"),
        Binding("enter", "card", "card", show=False, tooltip="The card of the neuron under the cursor"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "overlap": ("overlap",),
        "by-layer": ("overlap",),
        "neurons": (
            "none",
            "neurons",
        ),
        "sizes": ("sizes",),
        "layers": (),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(("type", "language", "layer", "percentage", "view"), ())

    def __init__(self) -> None:
        super().__init__()
        self.neurons = NeuronList()
        self.sizes = OverlapBySize(self.neurons)
        self.view: View = self.neurons
        self._share_chosen = False
        """Whether the user has chosen the share; until then it is lowered until there are neurons."""
        self._listed: tuple[object, ...] = ()
        """What the list was last filtered by, apart from the share."""

    def body(self) -> Iterable[Widget]:
        """Overlap above, neurons or a chart below."""
        yield StyledText(id="overlap")
        yield StyledText(id="filters")
        yield StyledText(id="none")
        yield Horizontal(Grid(id="neurons", noun="neuron"), LayerChart(id="sizes", titled=True), id="pair")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Queries of the view; on a wide screen both views show."""
        return (self.sizes if self.wide else self.view).queries(scope)

    def update(self) -> None:
        """Start again with the first share whenever the list is filtered by something else."""
        chosen = self.selection
        listed = (chosen.run, self.languages, chosen.type, chosen.speaks, chosen.layer_filter)
        if listed != self._listed and not self._share_chosen:
            self.neurons.share = START
        self._listed = listed
        super().update()

    def draw(self, key: str, table: pa.Table) -> None:
        """New numbers."""
        if key == "neurons" and table.num_rows < FEW and self.neurons.share > SHARES[0] and not self._share_chosen:
            self.neurons.step(-1)
            self.update()
        elif key == "neurons":
            self.query_one(Grid).show(table, NEURON_FIELDS)
            hint = (
                "No neuron matches. Press - for a smaller share of the examples, f for another type, "
                "u for another language."
            )
            lines: list[Spans] = [[Span(line)] for line in textwrap.wrap(hint, 72)]
            self.query_one(Grid).display = bool(table.num_rows) and self.view is self.neurons
            self.query_one("#none", StyledText).show([] if table.num_rows else [[], *lines])
            if self.focused is None:
                self.focus_first()
            self._write_heading()
        elif key == "sizes":
            self.query_one(LayerChart).show(self.sizes.chart(self.answers, self.scope) if self.scope else None)
        else:
            self._draw_overlap()

    def reflect(self) -> None:
        """Show the widgets of the view."""
        listing = self.view is self.neurons
        none = self._share_chosen and "neurons" in self.answers and not self.answers["neurons"].num_rows
        self.query_one(Grid).display = listing and not none
        self.query_one("#none").display = listing
        self.query_one(LayerChart).display = not listing or self.wide
        self.query_one(LayerChart).titled = listing
        self._write_heading()

    def on_resize(self) -> None:
        """Lines are made for a width."""
        self.call_after_refresh(self._draw_overlap)
        self.call_after_refresh(self.update)

    def _draw_overlap(self) -> None:
        if "overlap" in self.answers:
            sheet = self.query_one("#overlap", StyledText)
            width = sheet.content_size.width or self.size.width - 2
            sheet.show(
                [
                    *persistence_lines(self.answers["overlap"], self.answers.get("by-layer"), width),
                    [],
                ]
            )

    def _write_heading(self) -> None:
        scope = self.scope
        if scope is not None:
            listing = self.view is self.neurons
            line = self.neurons.heading(self.answers, scope) if listing else self.sizes.heading()
            self.query_one("#filters", StyledText).show([line])

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Enter, or a click."""
        self.action_card()

    def action_card(self) -> None:
        """The neuron's card."""
        row = self.query_one(Grid).row_values()
        if row:
            self.host.open_detail("neuron", layer=row["layer"], neuron=row["neuron"])

    def action_type(self) -> None:
        """The next type."""
        place = TYPES.index(self.selection.type) if self.selection.type in TYPES else -1
        self.select(type=TYPES[(place + 1) % len(TYPES)])

    def action_language(self) -> None:
        """Any language, the first, the next."""
        codes = ["", *self.languages]
        place = codes.index(self.selection.speaks) if self.selection.speaks in codes else 0
        self.select(speaks=codes[(place + 1) % len(codes)])

    def action_share(self, step: int) -> None:
        """More or less constant neurons."""
        self._share_chosen = True
        self.neurons.step(step)
        self.update()

    def action_percentage(self) -> None:
        """Ask for the share of examples."""
        self.app.push_screen(
            Ask("At least this share of the examples", "percentage, 0 to 100, such as 90"), self._typed
        )

    def _typed(self, text: str | None) -> None:
        number = (text or "").strip().rstrip("% ").replace(",", ".")
        if not number:
            return
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 100:
            self.notify("Type a percentage between 0 and 100.", severity="warning", markup=False)
            return
        self._share_chosen, self.neurons.share = True, share
        self.update()

    def action_layer(self) -> None:
        """The chosen layer alone, or all."""
        self.select(layer_filter=self.selection.layer if self.selection.layer_filter is None else None)

    def action_view(self) -> None:
        """Neurons, or overlap against the number of examples."""
        self.view = self.sizes if self.view is self.neurons else self.neurons
        self.update()
        (self.query_one(Grid) if self.view is self.neurons else self.query_one(LayerChart)).focus()

    def filters(self) -> tuple[str, ...]:
        """Language and layer of the list; its type and share are always shown above it."""
        chosen, scope = self.selection, self.scope
        if scope is None or self.view is not self.neurons:
            return ()
        layer = chosen.layer_filter
        layers = [] if layer is None else [layer_name(self.answers.get("layers"), layer)]
        return (*([scope.speaks] if scope.speaks else []), *layers)

    def no_filters(self) -> None:
        """Neurons of all languages and layers."""
        self.select(speaks="", layer_filter=None)

    def crumbs(self) -> tuple[str, ...]:
        """The layer, where neurons of one layer are listed."""
        if self.selection.layer_filter is None:
            return ()
        return (f"neurons of {layer_name(self.answers.get('layers'), self.selection.layer_filter)}",)

    def drawings(self) -> Sequence[Drawing]:
        """Overlap against the number of examples, if it is shown."""
        chart = self.sizes.chart(self.answers, self.scope) if self.scope is not None else None
        return [chart] if chart is not None else []
