"""Examples: one meaning in every language, the model's answers, and the neurons that contribute most."""

from collections.abc import Iterable
from typing import ClassVar

import pyarrow as pa
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual_fastdatatable import DataTable

from neurontui.tui.charts.builders.examples import (
    TOP_FIELDS,
    detail_lines,
    example_fields,
    full_lines,
    prompt_lines,
)
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

ANSWERED = ("any", "right", "wrong")


class ExamplesPage(Page):
    """The list of examples on the left, the selected one on the right."""

    PAGE = "examples"
    HEADING = "Examples"
    ABOUT = (
        "One example is one meaning in every language. The list on the left gives the number of languages that the "
        "model answered correctly. On the right is the selected example: prompts, the model's answers, its types by "
        "layer and the mean of all examples, and the neurons with the largest contribution (CS: contribution score, "
        "ES: effective score). Enter on a neuron opens its card; enter on an example shows its full text."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "step(-1)",
            "example",
            key_display="[ ]",
            tooltip="The previous example",
        ),
        Binding("right_square_bracket", "step(1)", "example", show=False, tooltip="The next example"),
        Binding(
            "w",
            "answered",
            "right/wrong",
            tooltip="All examples, those answered correctly, or those answered incorrectly",
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
        "top": (
            "top",
            "no-top",
        ),
    }
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "step": ("list",),
        "answered": (),
        "full": (),
    }

    def __init__(self) -> None:
        super().__init__()
        self.answered = 0

    def body(self) -> Iterable[Widget]:
        """List, prompts, types and neurons."""
        with Horizontal():
            with Vertical(id="list"):
                yield StyledText(id="found")
                yield Grid(id="examples-list")
            with Vertical(id="detail"):
                yield StyledText(id="prompts")
                yield StyledText(id="types")
                yield Grid(id="top")
                yield StyledText(id="no-top")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The list, and everything about the selected example."""
        run, languages, example = scope.run, scope.languages, scope.selection.example
        one = {"run": run.number, "example": example, "languages": languages}
        return {
            "prompts": QueryRequest.of("example-prompts", **one),
            "list": QueryRequest.of(
                "examples-search",
                run=run.number,
                languages=languages,
                answered=ANSWERED[self.answered],
            ),
            "types": QueryRequest.of("example-detail", **one),
            "top": QueryRequest.of("example-top-neurons", **one),
        }

    def draw(self, key: str, table: pa.Table) -> None:
        """New rows."""
        if key == "list":
            self._fill(table)
        elif key == "prompts":
            sheet = self.query_one("#prompts", StyledText)
            sheet.show([*prompt_lines(table, self._width(sheet)), []])
        elif key == "types":
            sheet = self.query_one("#types", StyledText)
            sheet.show([*detail_lines(table, self._width(sheet)), []])
        else:
            self._show_top(table)

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
        numbers, grid = table.column("example").to_pylist(), self.query_one("#examples-list", Grid)
        if self.selection.example in numbers:
            row = numbers.index(self.selection.example)
            if row != grid.cursor_coordinate.row:
                grid.move_cursor(row=row, animate=False)

    def _show_top(self, table: pa.Table) -> None:
        grid, sheet = self.query_one("#top", Grid), self.query_one("#no-top", StyledText)
        grid.display, sheet.display = bool(table.num_rows), not table.num_rows
        if table.num_rows:
            grid.show(table, TOP_FIELDS)
        else:
            hint = "Measure contribution scores as well: neurontui run … --measures types,attribution."
            sheet.show(
                [
                    [Span("No attribution in this run", "second", bold=True)],
                    *_wrapped(hint, self._width(sheet)),
                ]
            )

    def on_resize(self) -> None:
        """Lines are made for a width."""
        for key in ("prompts", "types"):
            if key in self.answers:
                self.call_after_refresh(self.draw, key, self.answers[key])

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Another example."""
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
        grid = self.query_one("#examples-list", Grid)
        numbers = self.answers["list"].column("example").to_pylist() if "list" in self.answers else []
        if numbers:
            place = numbers.index(self.selection.example) if self.selection.example in numbers else -step
            place = min(max(place + step, 0), len(numbers) - 1)
            grid.move_cursor(row=place, animate=False)
            self.select(example=numbers[place])

    def action_answered(self) -> None:
        """All, correct or incorrect examples."""
        self.answered = (self.answered + 1) % len(ANSWERED)
        self.update()

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


def _wrapped(text: str, width: int) -> list[Spans]:
    import textwrap

    return [[Span(line)] for line in textwrap.wrap(text, max(width, 20))]
