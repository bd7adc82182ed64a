"""Neuron: types, languages, tokens, scores and strongest inputs of one neuron."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pyarrow as pa
from textual.containers import Horizontal
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.attribution import norm_lines
from neurontui.tui.charts.builders.corpora import LAPE_FIELDS, activity_lines, moment_lines
from neurontui.tui.charts.builders.density import density_lines
from neurontui.tui.charts.builders.neuron import (
    SIMILAR_FIELDS,
    STRONGEST_FIELDS,
    heat_of_inputs,
    heated_input_lines,
    language_lines,
    score_lines,
    token_bars,
    token_lines,
    type_lines,
)
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.explorer.dialogs.ask import Ask
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.keymap import BRACES, BRACKETS, Binding, BindingType, stepping
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.screens.row_detail import row_detail
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.heat_grid import HeatGrid
from neurontui.tui.explorer.widgets.styled_text import StyledText, palette_of
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

NOT_PROJECTED = (
    "The tokens of this neuron were not computed: a run does this for the most contributing and the most persistent "
    "neurons of each layer. For more, rerun its command with --vocabulary-neurons N --force."
)
NOTHING_STORED = "The strongest inputs of this neuron were not stored."
NOTHING_SIMILAR = "Activity at every token was not counted in this run, so there are no language profiles to compare."
NOTHING_SELECTED = "LAPE selects no neuron for these languages: it compares two or more."
NOTHING = {"strongest": NOTHING_STORED, "similar": NOTHING_SIMILAR, "lape": NOTHING_SELECTED}
FIELDS = {"strongest": STRONGEST_FIELDS, "similar": SIMILAR_FIELDS, "lape": LAPE_FIELDS}
NOT_COUNTED = "The distribution of activations was not counted in this run: neurontui run … --density."
QUERIES = {"strongest": "neuron-examples", "similar": "similar-neurons", "density": "neuron-density"}
LOWER = tuple(QUERIES)
"""What is below the tokens, in the order of the key."""
SAME_INDEX = "The neuron with the same index, one layer"


class NeuronPage(Page):
    """Types and languages as bars, tokens, scores, strongest inputs."""

    PAGE = "neuron"
    HEADING = "Neuron"
    ABOUT = (
        "One neuron over all examples: the share of examples in which it has each type; the languages in which it is "
        "active at the last token, and its share of all prompt tokens; the tokens that its value vector promotes and "
        "suppresses; its contribution score (CS, Eq. 9) and effective score (ES, Eq. 10); and its strongest inputs. "
        "Over the words of an input is the neuron's activation at each token: violet above 0, red below, bold at the "
        "token of measurement; f shows all of them in full. v lists neurons whose shares of active tokens in the "
        "languages are similar, then the distribution of A at the token of measurement in each language. Enter on an "
        "input opens the example, on a neuron its card. Of a corpus: how often the neuron is active at the tokens of "
        "each language, its mean activation and weight, its average precision as a detector of the language (AP), and "
        "the neurons that LAPE selects."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *stepping(*BRACKETS, "neuron", "neuron", "[ ]", ("The previous neuron", "The next neuron")),
        *stepping(*BRACES, "layer", "layer", "{ }", (f"{SAME_INDEX} down", f"{SAME_INDEX} up")),
        Binding("o", "open", "open", tooltip="Open a neuron by layer and number"),
        Binding("f", "full", "full text", tooltip="All tokens with their logits, and all inputs in full"),
        Binding(
            "v",
            "lower",
            "view",
            tooltip="Strongest inputs, neurons with a similar language profile, or the distribution of activations",
        ),
        Binding("enter", "detail", "open", show=False, tooltip="The example or the neuron under the cursor"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "card": (
            "head",
            "types",
        ),
        "types": ("types",),
        "languages": ("active-in",),
        "activity": ("active-in", "types"),
        "words": ("words",),
        **dict.fromkeys((*LOWER, "lape"), ("strongest", "no-strongest", "input")),
        **dict.fromkeys(("values", "layers", "post-norm"), ()),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "neuron": ("top", "layers"),
        "layer": ("top", "layers"),
        "open": ("top", "layers"),
        "full": ("layers", "words", "values", *LOWER),
        "lower": (),
    }

    def __init__(self) -> None:
        super().__init__()
        self.lower = LOWER[0]
        """What is below the tokens."""

    def body(self) -> Iterable[Widget]:
        """Bars side by side, tokens and scores below, then the strongest inputs."""
        yield StyledText(id="head")
        with Horizontal(id="bars"):
            yield StyledText(id="types")
            yield StyledText(id="active-in")
        yield StyledText(id="words")
        yield HeatGrid(id="strongest", noun="input")
        yield StyledText(id="no-strongest")
        yield StyledText(id="input")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """Everything about the neuron; if none is selected yet, the one with the largest contribution to the layer."""
        run, chosen = scope.run, scope.selection
        layer, neuron = chosen.card
        if run.is_corpus:
            return self._of_corpus(scope)
        if neuron < 0:
            return {"top": QueryRequest.of("top-neurons", run=run.number, layer=layer, limit=1)}
        one = {"run": run.number, "layer": layer, "neuron": neuron}
        spoken = {**one, "languages": scope.languages}
        return {
            "card": QueryRequest.of("neuron-card", **spoken),
            "types": QueryRequest.of("neuron-types", **spoken),
            "languages": QueryRequest.of("neuron-languages", **spoken),
            "words": QueryRequest.of("neuron-tokens", **one),
            self.lower: self._lower_query(self.lower, scope),
            "values": QueryRequest.of("neuron-token-values", **spoken),
            "layers": QueryRequest.of("layers", run=run.number),
            "post-norm": QueryRequest.of("post-norm", run=run.number),
        }

    def _lower_query(self, lower: str, scope: Scope) -> QueryRequest:
        layer, neuron = scope.selection.card
        return QueryRequest.of(
            QUERIES[lower], run=scope.run.number, layer=layer, neuron=neuron, languages=scope.languages
        )

    def next_selections(self) -> Iterator[Selection]:
        """The neighbors in the layer, and those with the same index, as well."""
        yield from super().next_selections()
        layer, neuron = self.selection.card
        if neuron >= 0:
            for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                yield self._existing(layer + down, neuron + right)

    def prefetch_queries(self) -> Iterable[QueryRequest]:
        """What the key for the next view shows as well."""
        yield from super().prefetch_queries()
        scope = self.scope
        if scope is not None and not scope.run.is_corpus and self.selection.neuron >= 0:
            yield self._lower_query(self._next_lower(), scope)

    def _next_lower(self) -> str:
        return LOWER[(LOWER.index(self.lower) + 1) % len(LOWER)]

    def _of_corpus(self, scope: Scope) -> dict[str, QueryRequest]:
        """Activity by language; if no neuron is selected yet, that with the lowest entropy is."""
        layer, neuron = scope.selection.card
        spoken = {"run": scope.run.number, "languages": scope.languages}
        lape, layers = QueryRequest.of("lape-neurons", **spoken), QueryRequest.of("layers", run=scope.run.number)
        if neuron < 0:
            return {"top": lape}
        activity = QueryRequest.of("neuron-activity", **spoken, layer=layer, neuron=neuron)
        return {"activity": activity, "lape": lape, "layers": layers}

    def draw(self, key: str, table: pa.Table) -> None:
        """New rows."""
        if key == "top":
            first = table.slice(0, 1).to_pylist()[0] if table.num_rows else {"neuron": 0}
            if self.selection.neuron < 0:
                layer = first.get("layer", self.selection.layer) if "entropy" in first else self.selection.layer
                self.select(neuron=first["neuron"], layer=layer, neuron_layer=layer)
        elif key in (*LOWER, "lape") and key not in (self.lower, "lape"):
            return  # the answer to an earlier key
        elif key in ("strongest", "similar", "lape"):
            self._show_lower(key, table)
        elif key == "density":
            self._show_density()
        elif key == "values":
            self.query_one(HeatGrid).warm(heat_of_inputs(table))
            self._say_input()
        else:
            self._draw()

    def on_resize(self) -> None:
        """Lines are made for a width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        card = self.answers["card"].to_pylist() if "card" in self.answers else []
        if "types" in self.answers:
            sheet = self.query_one("#types", StyledText)
            scores = score_lines(card[0], sheet.content_size.width or 36) if card else []
            if card and not scores:
                scores = [
                    [Span("No attribution in this run:", "dim")],
                    [Span("--measures types,attribution", "second")],
                ]
            width = sheet.content_size.width or 36
            sheet.show(
                [
                    *type_lines(self.answers["types"], width),
                    [],
                    *scores,
                    *norm_lines(self.answers.get("post-norm"), width),
                ]
            )
        sheet = self.query_one("#active-in", StyledText)
        if "languages" in self.answers:
            sheet.show(language_lines(self.answers["languages"], sheet.content_size.width or 40))
        elif "activity" in self.answers:
            sheet.show(activity_lines(self.answers["activity"], sheet.content_size.width or 40))
            types = self.query_one("#types", StyledText)
            types.show(moment_lines(self.answers["activity"], types.content_size.width or 36))
        self._head()
        self._words()
        self._show_density()

    def _head(self) -> None:
        layers, (layer, neuron) = self.answers.get("layers"), self.selection.card
        many = layers.num_rows if layers is not None else 0
        size = layers.column("n_neurons")[layer].as_py() if layers is not None and layer < many else 0
        parts = [Span(f"{layer_name(layers, layer)} · neuron {neuron}", "text", bold=True)]
        of = f"  of {size:,} neurons, {many} layers" if size else ""
        self.query_one("#head", StyledText).show([[*parts, Span(of, "dim")]])

    def _words(self) -> None:
        sheet = self.query_one("#words", StyledText)
        width = sheet.content_size.width or self.size.width - 2
        made = token_bars if self.tall else token_lines
        lines = made(self.answers["words"], width) if "words" in self.answers else []
        if "activity" in self.answers:
            words = "Neurons that LAPE selects from this corpus, lowest entropy first; a corpus has no inputs to list."
            lines = [[Span(line, "dim")] for line in textwrap.wrap(words, width)]
        elif "words" in self.answers and not lines:
            lines = [[Span(line, "dim")] for line in textwrap.wrap(NOT_PROJECTED, width)]
        sheet.show([[], *lines, []])

    def _show_lower(self, key: str, table: pa.Table) -> None:
        grid, sheet = self.query_one(Grid), self.query_one("#no-strongest", StyledText)
        grid.display, sheet.display = bool(table.num_rows), not table.num_rows
        if table.num_rows:
            grid.show(table, FIELDS[key])
            self._say_input()
        else:
            sheet.show([[Span(NOTHING[key], "dim")]])

    def _show_density(self) -> None:
        if self.lower != "density" or "density" not in self.answers:
            return
        grid, sheet = self.query_one(Grid), self.query_one("#no-strongest", StyledText)
        grid.display, sheet.display = False, True
        self.query_one("#input", StyledText).display = False
        width = sheet.content_size.width or self.size.width - 2
        sheet.show(density_lines(self.answers["density"], width) or [[Span(NOT_COUNTED, "dim")]])

    def _say_input(self) -> None:
        """The full input under the cursor, if there is room."""
        sheet, grid = self.query_one("#input", StyledText), self.query_one(HeatGrid)
        row = grid.row_values()
        sheet.display = self.tall and "prompt" in row
        if sheet.display:
            sheet.show([[], *self._input(row, sheet.content_size.width or self.size.width - 2)])

    def _input(self, row: dict[str, Any], width: int) -> list[Spans]:
        grid = self.query_one(HeatGrid)
        tokens = grid.heat.get((row["example"], row["language"]), ())
        return heated_input_lines(row, tokens, width, grid.extent, palette_of(self))

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Another input."""
        self._say_input()

    def failed(self, key: str, sentence: str) -> None:
        """A neuron does not exist or a measure is missing: show that and keep the rest."""
        self.notify(sentence, severity="warning", markup=False)

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Enter, or a click."""
        self.action_detail()

    def action_detail(self) -> None:
        """The example or the neuron of the row."""
        detail = row_detail(self.query_one(Grid).row_values())
        if detail is not None:
            self.host.open_detail(detail.screen, **detail.changes)

    def action_lower(self) -> None:
        """The other table."""
        if self.run is not None and self.run.is_corpus:
            self.notify("A corpus has one table: the neurons that LAPE selects.")
            return
        self.lower = self._next_lower()
        self.update()

    def action_full(self) -> None:
        """Tokens with their logits, and the strongest inputs in full."""
        width, (layer, neuron) = min(self.size.width - 10, 100), self.selection.card
        lines = token_bars(self.answers["words"], width) if "words" in self.answers else []
        if "activity" in self.answers:
            lines = [
                *activity_lines(self.answers["activity"], width),
                [],
                *moment_lines(self.answers["activity"], width),
            ]
        if "density" in self.answers:
            lines += [[], *density_lines(self.answers["density"], width)]
        for row in self.answers["strongest"].to_pylist() if "strongest" in self.answers else ():
            lines += [[], *self._input(row, width)]
        name = f"{layer_name(self.answers.get('layers'), layer)} · neuron {neuron}"
        self.app.push_screen(Reading(lines or [[Span(NOTHING_STORED, "dim")]], heading=name))

    def action_neuron(self, step: int) -> None:
        """A neighbor in the layer."""
        layer, neuron = self.selection.card
        self._open(layer, neuron + step)

    def action_layer(self, step: int) -> None:
        """The same index in a neighboring layer."""
        layer, neuron = self.selection.card
        self._open(layer + step, neuron)

    def action_open(self) -> None:
        """Ask for a layer and a neuron."""
        self.app.push_screen(Ask("Open a neuron", "layer and neuron, such as 17 4211"), self._typed)

    def _typed(self, text: str | None) -> None:
        numbers = [int(word) for word in (text or "").replace(",", " ").split() if word.isdecimal()]
        if len(numbers) == 2:
            self._open(numbers[0], numbers[1])
        elif text:
            self.notify("Type two numbers: the layer, then the neuron.", markup=False)

    def _open(self, layer: int, neuron: int) -> None:
        """Select a neuron, limited to those that exist."""
        self.session.select(self._existing(layer, neuron))

    def _existing(self, layer: int, neuron: int) -> Selection:
        """The selection of a neuron, limited to those that exist; the same while the layers are not known."""
        layers = self.answers.get("layers")
        if layers is None or not layers.num_rows:
            return self.selection
        layer = min(max(layer, 0), layers.num_rows - 1)
        last = layers.column("n_neurons")[layer].as_py() - 1
        return replace(self.selection, layer=layer, neuron=min(max(neuron, 0), last), neuron_layer=layer)

    def crumbs(self) -> tuple[str, ...]:
        """Layer and number."""
        layer, neuron = self.selection.card
        return (f"{layer_name(self.answers.get('layers'), layer)} · {neuron}",)
