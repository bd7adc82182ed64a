"""Examples: one meaning in every language, the model's answers, and the neurons that contribute most."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa
from textual import events
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.attribution import norm_lines
from neurontui.tui.charts.builders.example_matrix import Columns, type_words
from neurontui.tui.charts.builders.examples import (
    detail_lines,
    example_fields,
    full_lines,
    prompt_lines,
)
from neurontui.tui.charts.builders.heat_text import largest
from neurontui.tui.charts.builders.neuron import heat_of_inputs
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.keymap import BRACKETS, Binding, BindingType, stepping
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.chart_page import next_view
from neurontui.tui.explorer.screens.example_tables import Differing, NeuronTable, neuron_tables, of_example
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.selection import Selection
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.picture_grid import PictureGrid
from neurontui.tui.explorer.widgets.styled_text import StyledText, palette_of
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

ANSWERED = ("any", "right", "wrong")


class ExamplesPage(Page):
    """The list of examples on the left, the selected one on the right."""

    PAGE = "examples"
    HEADING = "Examples"
    NO_CORPUS = "which has no examples"
    ABOUT = (
        "One example is one meaning in every language. The list on the left gives the number of languages that the "
        "model answered correctly. On the right is the selected example: prompts, the model's answers, its types by "
        "layer and the mean of all examples, and the neurons with the largest contribution (CS: contribution score, "
        "ES: effective score). d shows them as a picture with a cell for each language: ● where the neuron is active, "
        "in the color of its contribution; then by type; then the neurons that are active where the answer is right "
        "and not where it is wrong, ranked over all examples, with the p-value of a permutation test. With the focus "
        "on a neuron (tab), its activation at each token is shown over the prompts: violet above 0, red below. Enter "
        "on a neuron opens its card; enter on an example shows its full text."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *stepping(*BRACKETS, "step", "example", "[ ]", ("The previous example", "The next example")),
        Binding(
            "w",
            "answered",
            "right/wrong",
            tooltip="All examples, those answered correctly, or those answered incorrectly",
        ),
        Binding(
            "d",
            "table",
            "picture",
            tooltip="Neurons by language as a picture: by contribution, by type, or by what differs between answers",
        ),
        Binding("f", "full", "full text", tooltip="Full text of prompts and answers"),
        Binding("tab", "app.focus_next", "neurons", tooltip="Go to the neurons, or back to the list"),
    ]

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "list": (
            "found",
            "examples-list",
        ),
        "prompts": ("prompts",),
        "types": ("types",),
        "post-norm": (),
        "heat": (),
        "beginnings": (),
        **dict.fromkeys(("top", "picture-contribution", "picture-type", "differs", "cells"), ("top", "no-top")),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "step": ("list",),
        **dict.fromkeys(("answered", "table", "full"), ()),
    }

    def __init__(self) -> None:
        super().__init__()
        self.tables_below = neuron_tables()
        self.lower: NeuronTable = self.tables_below[0]
        self.answered = 0
        self.neuron: tuple[int, int] | None = None
        """Layer and number of the neuron whose activation is shown over the prompts."""
        self._filtered_here = False
        """Whether the filter was changed after the example: then the list decides which one is shown."""

    def body(self) -> Iterable[Widget]:
        """List, prompts, types and neurons."""
        with Horizontal():
            with Vertical(id="list"):
                yield StyledText(id="found")
                yield Grid(id="examples-list", noun="example")
            with Vertical(id="detail"):
                yield StyledText(id="prompts")
                yield StyledText(id="types")
                yield StyledText(id="no-top")
                yield PictureGrid(id="top", noun="neuron")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The list, and everything about the selected example."""
        run, languages, one = scope.run, scope.languages, of_example(scope)
        return {
            "prompts": QueryRequest.of("example-prompts", **one),
            "list": QueryRequest.of(
                "examples-search",
                run=run.number,
                languages=languages,
                answered=ANSWERED[self.answered],
            ),
            "types": QueryRequest.of("example-detail", **one),
            **self.lower.queries(scope),
            **({} if self.neuron is None else {"heat": _heat_request(scope, self.neuron)}),
            "beginnings": QueryRequest.of("prompt-beginnings", run=run.number, languages=languages),
            "post-norm": QueryRequest.of("post-norm", run=run.number),
        }

    def next_selections(self) -> Iterator[Selection]:
        """The neighbors in the list as well."""
        yield from super().next_selections()
        for step in (1, -1):
            if (near := self._neighbor(step)) is not None:
                yield replace(self.selection, example=near[1])

    def prefetch_queries(self) -> Iterable[QueryRequest]:
        """The next picture as well, unless it reads all examples, and the activation of its neuron under the cursor."""
        yield from super().prefetch_queries()
        following, scope = next_view(self.tables_below, self.lower, 1), self.scope
        if scope is not None and not scope.run.is_corpus and following.of_one_example:
            yield from following.queries(scope).values()
            rows = self.query_runner.cached(following.request(scope))
            place = self.query_one("#top", Grid).cursor_coordinate.row
            if rows is not None and place < rows.num_rows:
                (row,) = rows.slice(place, 1).to_pylist()
                yield _heat_request(scope, (row["layer"], row["neuron"]))

    def draw(self, key: str, table: pa.Table) -> None:
        """New rows."""
        if key == "list":
            self._fill(table)
        elif key in ("prompts", "heat", "beginnings"):
            self._show_prompts()
            if key == "prompts":
                self._show_lower()
        elif key == "types":
            sheet = self.query_one("#types", StyledText)
            sheet.show([*detail_lines(table, self._width(sheet)), []])
        elif key == "differs" and isinstance(self.lower, Differing):
            self._rank(table, self.lower)
        elif key in (self.lower.key, "cells", "post-norm"):
            self._show_lower()

    def _rank(self, table: pa.Table, lower: Differing) -> None:
        """The neurons that differ are known: ask for their cells in this example."""
        if self.scope is not None:
            lower.rank(lower.request(self.scope), table)
            self.update()
        self._show_lower()

    def _show_prompts(self) -> None:
        """The prompts; with the focus on a neuron, its activation over their words."""
        if "prompts" not in self.answers:
            return
        sheet, heat = self.query_one("#prompts", StyledText), self.answers.get("heat")
        tokens = {code: found for (_, code), found in heat_of_inputs(heat).items()} if heat is not None else {}
        of_run = self.answers.get("beginnings")
        lines = prompt_lines(self.answers["prompts"], self._width(sheet), tokens, palette_of(self), of_run)
        below: Spans = []
        if heat is not None and self.neuron is not None:
            layer, neuron = self.neuron
            most = largest(token for found in tokens.values() for token in found)
            words = f"A at each token, to {most:.3g}" if tokens else "not stored at every token of this example"
            below = [Span(f"layer {layer} · neuron {neuron}: {words}", "dim")]
        sheet.show([*lines, below])

    def _choose(self, neuron: tuple[int, int] | None) -> None:
        """Show a neuron's activation over the prompts, or none."""
        if neuron != self.neuron:
            self.neuron = neuron
            self.update()
            self._show_prompts()

    def _choose_row(self, grid: Grid) -> None:
        row = grid.row_values()
        self._choose((row["layer"], row["neuron"]) if row else None)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The heat is that of the neuron under the cursor, while the focus is there."""
        if isinstance(event.widget, Grid):
            self._follow_focus(event.widget)

    def _follow_focus(self, grid: Grid) -> None:
        if grid.id == "top":
            self._choose_row(grid)
        elif grid.id == "examples-list":
            self._choose(None)

    def _width(self, sheet: StyledText) -> int:
        return sheet.content_size.width or max(self.size.width - 30, 40)

    def _fill(self, table: pa.Table) -> None:
        grid = self.query_one("#examples-list", Grid)
        grid.show(table, example_fields(table, grid.size.width))
        matches = table.column("found")[0].as_py() if table.num_rows else 0
        word = ("examples", "correct", "incorrect")[self.answered]
        self.query_one("#found", StyledText).show([[Span(f"{matches:,} {word}", "text", bold=True)]])
        self._point(table)

    def reflect(self) -> None:
        """The example may have been selected on another screen: move the cursor of the list."""
        if "list" in self.answers:
            self._point(self.answers["list"])

    def _point(self, table: pa.Table) -> None:
        grid = self.query_one("#examples-list", Grid)
        numbers, row = table.column("example"), grid.row_of("example", self.selection.example)
        if row is not None:
            self.query_one("#detail").display = True
            if row != grid.cursor_coordinate.row:
                grid.move_cursor(row=row, animate=False)
        elif self._filtered_here:
            self.query_one("#detail").display = bool(len(numbers))
            if len(numbers):
                self.select(example=numbers[0].as_py())
        elif self.answered:  # selected elsewhere: a filter must not hide it
            self.answered = 0
            self.update()
        self._filtered_here = False

    def _show_lower(self) -> None:
        """The table of neurons, once its rows are there."""
        rows = self.answers.get("cells" if self._is_ranked() else self.lower.key)
        prompts, scope = self.answers.get("prompts"), self.scope
        if rows is None or prompts is None or scope is None:
            return
        grid, sheet = self.query_one("#top", PictureGrid), self.query_one("#no-top", StyledText)
        grid.display = bool(rows.num_rows)
        self.query_one("#types").display = self.tall or not self.lower.drawn
        if not rows.num_rows:
            absent = self.lower.absent
            sheet.show([[Span(absent.head, "second", bold=True)], *_wrapped(absent.sentence, self._width(sheet))])
            return
        if self.lower.drawn:
            grid.picture(Columns.of(prompts, rows))
        grid.show(self.lower.rows(rows), self.lower.fields)
        if grid.has_focus:
            self._choose_row(grid)
        head, words = self.lower.heading(rows, scope)
        lines: list[Spans] = [[Span(head, bold=True), Span(f"  {words}", "dim")]]
        lines += [[Span(line, "dim")] for line in (self.lower.explanation if self.tall else ())]
        lines += [type_words(rows)] if self.lower.key == "picture-type" else []
        norms = self.answers.get("post-norm") if self.lower.scored and (self.tall or not self.lower.drawn) else None
        sheet.show([*lines, *norm_lines(norms, self._width(sheet))])

    def _is_ranked(self) -> bool:
        """Whether the rows are the cells of neurons that were ranked."""
        scope = self.scope
        return isinstance(self.lower, Differing) and scope is not None and self.lower.ranking(scope) is not None

    def on_resize(self) -> None:
        """Lines are made for a width."""
        for key in ("prompts", "types"):
            if key in self.answers:
                self.call_after_refresh(self.draw, key, self.answers[key])

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another example, or another neuron."""
        if message.data_table.id == "top" and message.data_table.has_focus:
            self._choose_row(self.query_one("#top", Grid))
        if message.data_table.id == "examples-list":
            row = self.query_one("#examples-list", Grid).row_values()
            if row:
                self.select(example=row["example"])

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        """Enter: the full text, or the neuron's card."""
        if message.data_table.id == "examples-list":
            row = self.query_one("#examples-list", Grid).row_values()
            self.select(example=row.get("example", self.selection.example))
            self.action_full()
            return
        row = self.query_one("#top", Grid).row_values()
        if row:
            self.host.open_detail("neuron", layer=row["layer"], neuron=row["neuron"])

    def action_step(self, step: int) -> None:
        """The next or the previous example of the list."""
        if (near := self._neighbor(step)) is not None:
            place, example = near
            self.query_one("#examples-list", Grid).move_cursor(row=place, animate=False)
            self.select(example=example)

    def _neighbor(self, step: int) -> tuple[int, int] | None:
        """The row and the number of the example `step` rows further in the list, limited to its ends."""
        grid = self.query_one("#examples-list", Grid)
        if "list" not in self.answers or not grid.table.num_rows:
            return None
        row = grid.row_of("example", self.selection.example)
        place = 0 if row is None else min(max(row + step, 0), grid.table.num_rows - 1)
        return place, grid.table.column("example")[place].as_py()

    def action_answered(self) -> None:
        """All, correct or incorrect examples."""
        self.answered, self._filtered_here = (self.answered + 1) % len(ANSWERED), True
        self.update()

    def filters(self) -> tuple[str, ...]:
        """Which answers the list is restricted to."""
        return (("correct", "incorrect")[self.answered - 1],) if self.answered else ()

    def no_filters(self) -> None:
        """All examples."""
        self.answered = 0

    def action_table(self) -> None:
        """Another table of neurons, with the focus on it."""
        self.lower = next_view(self.tables_below, self.lower, 1)
        self.update()
        if self.waiting:
            self.call_after_refresh(self._focus_lower)
        else:  # one redraw instead of two
            self._focus_lower()

    def _focus_lower(self) -> None:
        grid, below = self.query_one("#top", Grid), self.lower is not self.tables_below[0]
        focused = grid if grid.display and below else self.query_one("#examples-list", Grid)
        self.set_focus(focused)
        self._follow_focus(focused)  # now, for the same redraw; the message comes later

    def action_full(self) -> None:
        """Full text of prompts and answers."""
        run, width = self.run, min(self.size.width - 10, 72)
        if run is None:
            return
        dialog = Reading(heading=f"Example {self.selection.example} of {shorten(run.name, 40)}")
        self.app.push_screen(dialog)
        self.follow("prompts", lambda table: dialog.show(full_lines(table, width)), dialog.say)

    def crumbs(self) -> tuple[str, ...]:
        """The example."""
        return (f"example {self.selection.example}",)


def _heat_request(scope: Scope, neuron: tuple[int, int]) -> QueryRequest:
    """A neuron's activation at every token of the selected example."""
    layer, number = neuron
    return QueryRequest.of("neuron-token-values", **of_example(scope), layer=layer, neuron=number)


def _wrapped(text: str, width: int) -> list[Spans]:
    return [[Span(line)] for line in textwrap.wrap(text, max(width, 20))]
