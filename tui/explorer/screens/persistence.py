"""Persistence: does a neuron keep its type over the examples; and neurons found by type, language and layer."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import ClassVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.persistence import NEURON_FIELDS, persistence_lines, size_chart
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.model import Drawing
from neurontui.tui.charts.palette import TYPES, ink_of
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

FEW = 10
"""With fewer neurons the share goes down by itself: a list should have something in it."""
SHARES = (1, 5, 10, 25, 50, 75, 90, 100)
START = 4
"""The share with which a search begins, as its place in SHARES."""


class PersistencePage(Page):
    """Overlap against average a type, overlap against the number of examples, and a finder of neurons."""

    PAGE = "persistence"
    HEADING = "Persistence"
    ABOUT = (
        "Average is a type's mean ratio; overlap the share of all neurons that have the type in every example; "
        "same mask asks for the very same languages. Overlap can only shrink as examples grow: v shows by how much. "
        "Below, neurons that have a type in at least a share of the examples, the most constant first; enter opens "
        "a neuron's card."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "type", "type", tooltip="Find another type of neurons"),
        Binding(
            "u",
            "language",
            "language",
            tooltip="Only neurons active in one language, then in the next",
        ),
        Binding(
            "plus,equals_sign",
            "share(1)",
            "share",
            key_display="+ -",
            tooltip="In a larger share of the examples",
        ),
        Binding("minus", "share(-1)", "share", show=False, tooltip="In a smaller share of the examples"),
        Binding("b", "layer", "layer", tooltip="Only the chosen layer, or all layers"),
        Binding("v", "view", "view", tooltip="Overlap against the number of examples, or the neurons"),
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
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(("type", "language", "layer", "view"), ())

    def __init__(self) -> None:
        super().__init__()
        self.share = START
        self._chosen = False
        """Whether the reader has chosen the share; until then it goes down to where there are neurons."""
        self._sought: tuple[object, ...] = ()
        self.view = 0

    def body(self) -> Iterable[Widget]:
        """Overlap above, neurons or a chart below."""
        yield StyledText(id="overlap")
        yield StyledText(id="asked")
        yield StyledText(id="none")
        yield Horizontal(Grid(id="neurons"), LayerChart(id="sizes", titled=True), id="pair")

    def wants(self, run: RunInfo) -> dict[str, QueryRequest]:
        """Overlap in all and by layer, and the neurons asked for."""
        both = {"run": run.number, "languages": self.languages}
        chosen = self.selection
        language = chosen.speaks if chosen.speaks in self.languages and chosen.type != "non-activated" else None
        questions = {
            "neurons": QueryRequest.of(
                "find-neurons",
                **both,
                type=chosen.type,
                language=language,
                share=SHARES[self.share],
                layer=chosen.layer_filter,
            ),
            "overlap": QueryRequest.of("type-persistence", **both),
            "by-layer": QueryRequest.of("type-persistence", **both, by_layer=True),
            "layers": QueryRequest.of("layers", run=run.number),
        }
        return {
            **questions,
            **({"sizes": QueryRequest.of("persistence-at-size", **both)} if self.view or self.wide else {}),
        }

    def update(self) -> None:
        """Look for other neurons from the same share on, however quickly the choice was made."""
        chosen = self.selection
        sought = (chosen.run, self.languages, chosen.type, chosen.speaks, chosen.layer_filter)
        if sought != self._sought and not self._chosen:
            self.share = START
        self._sought = sought
        super().update()

    def draw(self, key: str, table: pa.Table) -> None:
        """New numbers."""
        if key == "neurons" and table.num_rows < FEW and self.share and not self._chosen:
            self.share -= 1
            self.update()
        elif key == "neurons":
            self.query_one(Grid).show(table, NEURON_FIELDS)
            hint = (
                "There is none: - asks for a smaller share of the examples, f for another type, u for another language."
            )
            lines: list[Spans] = [[Span(line)] for line in textwrap.wrap(hint, 72)]
            self.query_one(Grid).display = bool(table.num_rows) and self.view == 0
            self.query_one("#none", StyledText).show([] if table.num_rows else [[], *lines])
            if self.focused is None:
                self.focus_first()
            self._say_asked()
        elif key == "sizes":
            self.query_one(LayerChart).show(size_chart(table))
        else:
            self._draw_overlap()

    def reflect(self) -> None:
        """What is asked for."""
        none = self._chosen and "neurons" in self.answers and not self.answers["neurons"].num_rows
        self.query_one(Grid).display = self.view == 0 and not none
        self.query_one("#none").display = self.view == 0
        self.query_one(LayerChart).display = self.view == 1 or self.wide
        self.query_one(LayerChart).titled = self.view == 0
        self._say_asked()

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

    def _say_asked(self) -> None:
        if self.view == 1:
            words = [
                Span("Overlap against examples drawn", "text", bold=True),
                Span("  at 1: the average; at the right: all", "dim"),
            ]
            self.query_one("#asked", StyledText).show([words])
            return
        chosen, table = self.selection, self.answers.get("neurons")
        found = table.column("found")[0].as_py() if table is not None and table.num_rows else 0
        count = "" if table is None else f"   {found:,} found"
        language = chosen.speaks if chosen.speaks in self.languages and chosen.type != "non-activated" else "any"
        where = "any" if chosen.layer_filter is None else layer_name(self.answers.get("layers"), chosen.layer_filter)
        where = where.removeprefix("layer ")
        parts = [Span("Neurons", "text", bold=True)]
        for word, value, role in (
            ("type", chosen.type, chosen.type),
            ("language", language, "first"),
            ("in", f"≥ {SHARES[self.share]} %", "first"),
            ("layer", where, "first"),
        ):
            parts += [
                Span(f"  {word} ", "dim"),
                Span(value, ink_of(role), bold=True),
            ]
        self.query_one("#asked", StyledText).show([[*parts, Span(count, "second")]])

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
        self._chosen = True
        self.share = min(max(self.share + step, 0), len(SHARES) - 1)
        self.update()

    def action_layer(self) -> None:
        """The chosen layer alone, or all."""
        self.select(layer_filter=self.selection.layer if self.selection.layer_filter is None else None)

    def action_view(self) -> None:
        """Neurons, or overlap against examples."""
        self.view = 1 - self.view
        self.update()
        (self.query_one(LayerChart) if self.view else self.query_one(Grid)).focus()

    def crumbs(self) -> tuple[str, ...]:
        """The layer, where neurons of one layer are listed."""
        if self.selection.layer_filter is None:
            return ()
        return (f"neurons of {layer_name(self.answers.get('layers'), self.selection.layer_filter)}",)

    def drawings(self) -> Sequence[Drawing]:
        """Overlap against examples, once it was shown."""
        return [size_chart(self.answers["sizes"])] if "sizes" in self.answers else []
