"""Languages: which of them share neurons, and how specific neurons divide among them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.charts.builders.notes import note_lines, notes_of
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.model import Drawing, Matrix
from neurontui.tui.explorer.dialogs.ask import Ask
from neurontui.tui.explorer.keymap import BRACES, Binding, BindingType, stepping
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.chart_page import next_view, view_crumb, view_named
from neurontui.tui.explorer.screens.languages.by_distance import ByDistance
from neurontui.tui.explorer.screens.languages.corpus_views import (
    Agreement,
    Corpora,
    CorpusView,
    DetectorLayers,
    Reliability,
    Similarity,
    selected_neurons,
)
from neurontui.tui.explorer.screens.languages.views import (
    MEASURES,
    AgainstChance,
    LanguageView,
    Partial,
    Sharing,
    Specific,
    language_of,
)
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.widgets.chips import Chips
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span

CROSSED = ("layer", "measure", "detector", "detectors")
"""What the columns of a heatmap can be, if not languages."""


class LanguagesPage(Page):
    """Sharing matrix, specific share and partial sharing by layer, sharing against chance and by distance."""

    PAGE = "languages"
    HEADING = "Languages"
    ABOUT = (
        "Which languages share neurons. The matrix gives, of the neurons active in the row's language, the share "
        "active in the column's; halves: ρ is the agreement of the matrix between two halves of the examples. The "
        "bars give the languages with which the row's language shares its partial-shared neurons; the curve below "
        "gives this by layer. Other views: the share of each language in the specific neurons, by layer; partial "
        "sharing by layer; sharing against chance, for related and unrelated languages; and distances between "
        "languages, with their correlation with sharing. Of a corpus: texts, loss and active neurons by language; the "
        "correlation of languages over neurons; agreement of the detectors of language-specific neurons (LAPE, average "
        "precision, P90), with a second run (c) also with its specific neurons; their reliability on both halves of "
        "the texts; and their neurons by layer."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view(1)", "view", tooltip="The next view of this screen"),
        Binding("V", "view(-1)", "previous view", show=False, tooltip="The previous view"),
        Binding(
            "m",
            "measure",
            "measure",
            show=False,
            tooltip="Against chance: phi, lift or Jaccard; by distance: which; of a corpus: the detector",
        ),
        Binding("b", "layer", "one layer", tooltip="Sharing in one layer: type its number, or nothing for all layers"),
        *stepping(
            *BRACES, "step_layer", "layer", "{ }", ("Sharing in the previous layer", "Sharing in the next layer")
        ),
        Binding("enter", "find", "neurons", tooltip="Neurons specific to the language of the row"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "partial-all": ("beside",),
        "specific-all": ("beside",),
        "family": ("below",),
        "by-distance": ("below",),
        "agreement": ("below",),
        "last-token": (),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(("view", "measure", "layer", "step_layer", "find"), ())

    def __init__(self) -> None:
        super().__init__()
        self.sharing = Sharing()
        self.chance = AgainstChance()
        self.distance = ByDistance()
        self.detector_layers, self.agreement = DetectorLayers(), Agreement()
        of_examples = (self.sharing, Specific(), Partial(), self.chance, self.distance)
        of_corpus = (Corpora(), Similarity(), self.agreement, Reliability(), self.detector_layers)
        self.views: tuple[LanguageView, ...] = (*of_examples, *of_corpus)
        self._view: dict[bool, LanguageView] = {False: of_examples[0], True: of_corpus[0]}

    @property
    def of_corpus(self) -> bool:
        """Whether the run read a corpus, which has views of its own."""
        return self.run is not None and self.run.is_corpus

    @property
    def offered(self) -> list[LanguageView]:
        """The views of runs of this kind."""
        return [view for view in self.views if isinstance(view, CorpusView) == self.of_corpus]

    @property
    def view(self) -> LanguageView:
        """The view that is shown."""
        return self._view[self.of_corpus]

    @view.setter
    def view(self, view: LanguageView) -> None:
        self._view[isinstance(view, CorpusView)] = view

    def body(self) -> Iterable[Widget]:
        """Title, heatmap with bars beside it, text and curve below."""
        yield StyledText(id="title")
        with Horizontal(id="heat-row"):
            yield Heat(id="heat")
            yield StyledText(id="beside")
        yield StyledText(id="below")
        yield LayerChart(id="below-chart", titled=True)

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Queries of the view, and the layers."""
        neurons = {"lape": selected_neurons(scope)} if scope.run.is_corpus else {}
        layers = QueryRequest.of("layers", run=scope.run.number)
        return {**self.view.queries(scope), **neurons, "layers": layers}

    def panes(self, key: str) -> tuple[str, ...] | None:
        """Another row of the sharing matrix changes what is beside and below it, not the matrix."""
        return self.view.panes.get(key) or super().panes(key)

    def next_selections(self) -> Iterator[Selection]:
        """The rows next to the cursor as well."""
        yield from super().next_selections()
        scope = self.scope
        if scope is not None and not self.query_one(Chips).has_focus:
            codes = scope.languages
            place = codes.index(language_of(scope))
            for near in (place + 1, place - 1):
                if 0 <= near < len(codes):
                    yield replace(scope.selection, language=codes[near])
            if self.sharing.one_layer and scope.selection.layer + 1 < self._layers:
                yield replace(scope.selection, layer=scope.selection.layer + 1)

    def draw(self, key: str, table: pa.Table) -> None:
        """New numbers."""
        self.drawing_once(self._draw)

    def reflect(self) -> None:
        """The language may have been chosen on another screen."""
        if len(self.languages) < self.view.least:
            self._few_languages()
        elif not self.outdated:
            self.drawing_once(self._draw)

    def _few_languages(self) -> None:
        """Said by whatever comes last, the selection or its empty results."""
        few = len(self.languages) < self.view.least
        head = self.view.too_few if few else "Nothing to show for these languages"
        step = self.next_step("languages")
        words = "Press L and switch more languages on." if step else f"This run has {len(self.languages)}."
        self.notice(head, words, step=step)

    def matrix(self) -> Matrix | None:
        """The heatmap of the view; None until its tables are available."""
        return self.view.matrix(self.answers, self.scope) if self.scope is not None else None

    def _draw(self) -> None:
        matrix, scope = self.matrix(), self.scope
        if matrix is None or scope is None:
            return
        if not matrix.rows or not any(value is not None for line in matrix.values for value in line):
            self._few_languages()
            return
        self.clear_notice()
        self._reserve_rows(scope)
        heat = self.query_one(Heat)
        heat.show(matrix)
        heat.name_axes("language", matrix.column_title if matrix.column_title in CROSSED else "language")
        if (cell := self.view.pointed(scope, matrix, heat.column)) is not None:
            heat.point(*cell)
        self._write(matrix, scope)

    def _reserve_rows(self, scope: Scope) -> None:
        """Room for all languages: if switching one moved what is below, the whole screen would be redrawn."""
        self.query_one("#heat-row").styles.height = 1 + len(scope.run.languages)

    def _write(self, matrix: Matrix, scope: Scope) -> None:
        head, _, words = self.view.heading(scope, self.answers).partition(" · ")
        width = max(self.size.width - 2, 20)
        notes = [line for note in notes_of(self.answers.get("last-token")) for line in note_lines(note, width)]
        self.query_one("#title", StyledText).show([[Span(head, bold=True), Span(f" · {words}", "dim")], *notes])
        beside, heat = self.query_one("#beside", StyledText), self.query_one(Heat)
        beside.show(self.view.beside(self.answers, scope, beside.content_size.width or 23))
        self.query_one("#below", StyledText).show(self.view.below(self.answers, matrix, heat.row, heat.column))
        row, column = matrix.rows[heat.row], matrix.columns[heat.column]
        chart = self.query_one(LayerChart)
        chart.display = self.view.has_chart
        chart.show(self.view.curve(self.answers, scope, row, column, others=self.tall))
        chart.cursor = self.selection.layer

    def on_heat_moved(self, message: Heat.Moved) -> None:
        """Another language, or another layer."""
        before = self.selection
        self.select(**self.view.selected(self.query_one(Heat).matrix, message.row, message.column))
        if self.selection == before:  # another column of the same row
            self.update()

    def on_layer_chart_moved(self, message: LayerChart.Moved) -> None:
        """Another layer."""
        self.select(layer=message.index)

    def action_view(self, step: int) -> None:
        """Another view."""
        self.view = next_view(self.offered, self.view, step)
        self.update()

    def choose_view(self, name: str) -> None:
        """Another view by its name."""
        self.view = view_named(self.views, name, self.view)

    def beside(self) -> None:
        """Show the agreement of detectors, also with the specific neurons of the second run."""
        if self.of_corpus:
            self.view = self.agreement
            self.update()

    def action_measure(self) -> None:
        """Another measure of sharing against chance, another distance in their view, or another detector."""
        if self.of_corpus:
            self.view = self.detector_layers
            self.detector_layers.next_detector(self.answers)
            self.update()
            return
        if self.view is self.distance:
            self.distance.step(self.answers)
            self.update()
            return
        names = list(MEASURES)
        self.chance.measure = names[(names.index(self.chance.measure) + 1) % len(names)]
        self.view = self.chance
        self.update()

    def action_layer(self) -> None:
        """Ask for a layer."""
        self.app.push_screen(Ask("Sharing in one layer", f"0 to {self._layers - 1}; empty for all layers"), self._typed)

    @property
    def _layers(self) -> int:
        return int(self.run.get("n_layers") or 1) if self.run is not None else 1

    def _typed(self, text: str | None) -> None:
        if text is None:
            return
        if not text.strip():
            self.action_clear_filters()
        elif text.strip().isdecimal() and int(text) < self._layers:
            self._show_layer(int(text))
        else:
            self.notify(f"Type a layer between 0 and {self._layers - 1}.", severity="warning", markup=False)

    def _show_layer(self, layer: int) -> None:
        self.view = self.detector_layers if self.of_corpus else self.sharing
        self.sharing.one_layer = True
        if layer == self.selection.layer:
            self.update()
        self.select(layer=layer)

    def action_step_layer(self, step: int) -> None:
        """The selected layer alone, then its neighbors."""
        shown = self.view is self.detector_layers or (self.view is self.sharing and self.sharing.one_layer)
        self._show_layer(min(max(self.selection.layer + step * shown, 0), self._layers - 1))

    def filters(self) -> tuple[str, ...]:
        """The layer of the sharing matrix."""
        if self.view is not self.sharing or not self.sharing.one_layer:
            return ()
        return (layer_name(self.answers.get("layers"), self.selection.layer),)

    def no_filters(self) -> None:
        """All layers."""
        self.sharing.one_layer = False

    def action_find(self) -> None:
        """List neurons specific to the language; of a corpus, the card of the one with the lowest entropy."""
        if self.scope is None:
            return
        language = language_of(self.scope)
        if self.of_corpus:
            self._open_neuron(language)
        else:
            self.host.open_detail("persistence", speaks=language, type="specific", layer_filter=None)

    def _open_neuron(self, language: str) -> None:
        rows = self.answers["lape"].to_pylist() if "lape" in self.answers else []
        row = next((row for row in rows if language in (row["languages"] or ())), None)
        if row is None:
            self.notify(f"LAPE selects no neuron for {language}.", markup=False)
        else:
            self.host.open_detail("neuron", layer=row["layer"], neuron=row["neuron"])

    def crumbs(self) -> tuple[str, ...]:
        """The view."""
        return (view_crumb(self.offered, self.view),)

    def drawings(self) -> Sequence[Drawing]:
        """The heatmap, and the bars beside it."""
        matrix, scope = self.matrix(), self.scope
        bars = self.view.exported_bars(self.answers, scope) if scope is not None else None
        return [drawing for drawing in (matrix, bars) if drawing is not None]
