"""Languages: which of them share neurons, and whose the specific ones are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget

from neurontui.tui.charts.builders.families import family_lines
from neurontui.tui.charts.builders.rows import half_width, layer_name
from neurontui.tui.charts.builders.sharing import (
    bar_lines,
    language_bars,
    language_chart,
    lift_matrix,
    over_layers,
    pair,
    sharing_matrix,
)
from neurontui.tui.charts.model import Chart, Drawing, Matrix
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.screens.views import view_crumb
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.widgets.chips import Chips
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

MEASURES = ("phi", "lift", "jaccard")
TITLES = (
    "Sharing · of neurons active in the row's language, % active in the column's",
    "Specific neurons · share of each language in them, by layer, %",
    "Partial sharing · of {0}'s partial-shared neurons, % active in the row's too",
    "Against chance · what two languages share beyond their activity rates: {1}",
)


class LanguagesPage(Page):
    """Sharing matrix, specific share and partial sharing by layer, sharing against chance."""

    PAGE = "languages"
    HEADING = "Languages"
    ABOUT = (
        "Which languages share neurons. The matrix gives, of the neurons active in the row's language, the share "
        "active in the column's; beside it stands with whom the row's language shares its partial-shared neurons, "
        "and below how both go over the layers. Other views: the share of each language in the specific neurons, "
        "by layer; partial sharing by layer; and sharing against chance, with related and unrelated languages."
    )
    VIEWS = ("sharing", "specific", "partial", "against chance")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view(1)", "view", tooltip="The next view of this screen"),
        Binding("V", "view(-1)", "view before", show=False, tooltip="The view before"),
        Binding("m", "measure", "measure", show=False, tooltip="Against chance: phi, lift or Jaccard"),
        Binding("enter", "find", "neurons", tooltip="Neurons specific to the language of the row"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "partial-all": ("beside",),
        "specific-all": ("beside",),
        "family": ("below",),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(("view", "measure", "find"), ())

    def __init__(self) -> None:
        super().__init__()
        self.view = 0
        self.measure = 0

    def body(self) -> Iterable[Widget]:
        """Title, heatmap with bars beside it, and what goes below."""
        yield StyledText(id="title")
        with Horizontal(id="heat-row"):
            yield Heat(id="heat")
            yield StyledText(id="beside")
        yield StyledText(id="below")
        yield LayerChart(id="below-chart", titled=True)

    @property
    def language(self) -> str:
        """The language of the row under the cursor."""
        known = self.languages
        return self.selection.language if self.selection.language in known else known[0]

    def wants(self, run: RunInfo) -> dict[str, QueryRequest]:
        """What the view shows."""
        both = {"run": run.number, "languages": self.languages}
        layers = {"layers": QueryRequest.of("layers", run=run.number)}
        partial = {"partial": QueryRequest.of("partial-sharing-with", **both, language=self.language)}
        partial_all = {
            "partial-all": QueryRequest.of("partial-sharing-with", **both, language=self.language, by_layer=False)
        }
        specific = {"specific": QueryRequest.of("specific-by-language", **both)}
        if self.view == 3:
            return {
                "lift": QueryRequest.of("sharing-lift", **both),
                "family": QueryRequest.of("sharing-by-family", **both, measure=MEASURES[self.measure]),
                **layers,
            }
        if self.view == 0:
            matrix = {"matrix": QueryRequest.of("sharing-matrix", **both)}
            return {**matrix, **partial_all, **(specific if self._own else partial), **layers}
        if self.view == 1:
            every = {"specific-all": QueryRequest.of("specific-by-language", **both, by_layer=False)}
            return {**specific, **every, **layers}
        return {**partial, **partial_all, **layers}

    def panes(self, key: str) -> tuple[str, ...] | None:
        """Another row of the sharing matrix changes what is beside and below it, not the matrix."""
        if self.view == 0 and key in ("partial", "specific"):
            return ("below-chart",)
        return super().panes(key)

    def next_selections(self) -> Iterator[Selection]:
        """The rows beside the cursor's, too: their languages are what the screen is about."""
        yield from super().next_selections()
        if not self.query_one(Chips).has_focus:
            known = self.languages
            place = known.index(self.language) if self.language in known else 0
            for near in (place + 1, place - 1):
                if 0 <= near < len(known):
                    yield replace(self.selection, language=known[near])

    @property
    def _own(self) -> bool:
        """Whether the cursor of the sharing matrix stands on a language with itself."""
        column, known = self.query_one(Heat).column, self.languages
        return column < len(known) and known[column] == self.language

    def draw(self, key: str, table: pa.Table) -> None:
        """New numbers."""
        self.drawing_once(self._draw)

    def reflect(self) -> None:
        """The language may have been chosen on another screen."""
        if len(self.languages) < 2:
            self.notice("One language shares with nobody", "Press L and switch more languages on.")
            return
        if not self.outdated:
            self.drawing_once(self._draw)

    def matrix(self) -> Matrix | None:
        """The heatmap of the present view, once its numbers are there."""
        table = self.answers.get(("matrix", "specific", "partial", "lift")[self.view])
        layers = self.answers.get("layers")
        if table is None or layers is None:
            return None
        if self.view == 0:
            return sharing_matrix(table, self.languages)
        if self.view == 3:
            return lift_matrix(table, self.languages, MEASURES[self.measure])
        if self.view == 1:
            return over_layers("Specific neurons by layer", table, "language", self.languages, layers)
        return over_layers(f"Partial sharing with {self.language} by layer", table, "other", self.languages, layers)

    def _draw(self) -> None:
        matrix = self.matrix()
        if matrix is None:
            return
        if not matrix.rows or not any(value is not None for line in matrix.values for value in line):
            self.notice("Nothing to show for these languages", "Press L and switch more languages on.")
            return
        self.clear_notice()
        self._keep_room()
        heat = self.query_one(Heat)
        heat.show(matrix)
        if self.view != 2 and self.language in matrix.rows:
            column = heat.column if self.view != 1 else self.selection.layer
            heat.point(matrix.rows.index(self.language), column)
        self._write(matrix)

    def _keep_room(self) -> None:
        """Room for all languages: switching one must not move what stands below, nor send the screen twice."""
        every = self.run.languages if self.run else ()
        self.query_one("#heat-row").styles.height = 1 + len(every)

    def _write(self, matrix: Matrix) -> None:
        head, _, words = TITLES[self.view].format(self.language, MEASURES[self.measure]).partition(" · ")
        self.query_one("#title", StyledText).show([[Span(head, bold=True), Span(f" · {words}", "dim")]])
        beside = self.query_one("#beside", StyledText)
        beside.show(self._beside(beside.content_size.width or 23))
        self.query_one("#below", StyledText).show(self._below(matrix))
        chart = self._chart(matrix)
        view = self.query_one(LayerChart)
        view.display = self.view != 3
        view.show(chart)
        view.cursor = self.selection.layer

    def _beside(self, width: int) -> list[Spans]:
        if self.view == 3:
            return self._lift_bars(width)
        if self.view == 1 and (table := self.answers.get("specific-all")) is not None:
            return bar_lines(language_bars("all layers", table.to_pylist(), "language"), width)
        if (table := self.answers.get("partial-all")) is not None:
            rows = [row for row in table.to_pylist() if row["other"] != row["language"]]
            return bar_lines(language_bars(f"partial with {self.language}", rows, "other"), width)
        return []

    def _lift_bars(self, width: int) -> list[Spans]:
        table = self.answers.get("lift")
        if table is None:
            return []
        measure = MEASURES[self.measure]
        times = 100 if measure == "phi" else 1
        rows = [
            {"other": other, "ratio": times * found[measure], "low": None, "high": None}
            for other in self.languages
            if (found := pair(table, self.language, other)) and found[measure] is not None
        ]
        return bar_lines(language_bars(f"{measure} with {self.language}", rows, "other"), width)

    def _below(self, matrix: Matrix) -> list[Spans]:
        """What the cell under the cursor says in full."""
        heat = self.query_one(Heat)
        row, column = matrix.rows[heat.row], matrix.columns[heat.column]
        if self.view == 3:
            return [[], *family_lines(self.answers.get("family"))]
        if self.view == 0:
            return [[], self._cell(row, column)]
        value = matrix.values[heat.row][heat.column]
        words = f"{row} in {layer_name(self.answers.get('layers'), heat.column)}"
        return [
            [],
            [Span("–" if value is None else f"{value:.1f} %", bold=True), Span(f" {words}", "dim")],
        ]

    def _cell(self, row: str, column: str) -> Spans:
        table = self.answers.get("matrix")
        found = pair(table, row, column) if table is not None else None
        if not found or row == column:
            return [Span(f"{row} alone; in another language's column stands what both share", "dim")]
        half = half_width(found)
        interval = "" if half is None else f" ±{half:.1f}"
        return [
            Span(f"{found['ratio']:.1f}{interval} %", "text", bold=True),
            Span(f" of the neurons active in {row} are active in {column} too", "dim"),
        ]

    def _chart(self, matrix: Matrix) -> Chart | None:
        """The row's language over the layers; on the sharing view, what it shares with the column's."""
        heat, layers = self.query_one(Heat), self.answers.get("layers")
        row, column = matrix.rows[heat.row], matrix.columns[heat.column]
        if self.view == 0 and row == column:
            table, name, title = self.answers.get("specific"), row, "specific"
        elif self.view == 0:
            table, name, title = self.answers.get("partial"), column, f"partial-shared with {row}"
        else:
            table, name = self.answers.get(("", "specific", "partial", "")[self.view]), row
            title = "specific" if self.view == 1 else f"partial-shared with {self.language}"
        return None if table is None or layers is None else language_chart(title, table, name, layers, others=self.tall)

    def on_heat_moved(self, message: Heat.Moved) -> None:
        """Another language, or another layer."""
        matrix, before = self.query_one(Heat).matrix, self.selection
        if self.view in (0, 3):
            self.select(language=matrix.rows[message.row])
        elif self.view == 1:
            self.select(language=matrix.rows[message.row], layer=message.column)
        else:
            self.select(layer=message.column)
        if self.selection == before:  # another column of the same row
            self.update()

    def on_layer_chart_moved(self, message: LayerChart.Moved) -> None:
        """Another layer."""
        self.select(layer=message.index)

    def action_view(self, step: int) -> None:
        """Another view."""
        self.view = (self.view + step) % len(self.VIEWS)
        self.update()

    def action_measure(self) -> None:
        """Another measure of sharing against chance."""
        self.measure = (self.measure + 1) % len(MEASURES)
        self.view = 3
        self.update()

    def action_find(self) -> None:
        """Neurons specific to the language."""
        self.host.open_detail("persistence", speaks=self.language, type="specific", layer_filter=None)

    def crumbs(self) -> tuple[str, ...]:
        """The view."""
        return (view_crumb(self.VIEWS, self.view),)

    def drawings(self) -> Sequence[Drawing]:
        """The heatmap, and the bars beside it."""
        matrix = self.matrix()
        found: list[Drawing] = [matrix] if matrix is not None else []
        table = self.answers.get("partial-all")
        if self.view in (0, 2) and table is not None:
            rows = [row for row in table.to_pylist() if row["other"] != row["language"]]
            found.append(language_bars(f"Partial sharing with {self.language}", rows, "other"))
        return found
