"""The numbers beside a chart: at the cursor, and over all layers."""

from rich.cells import cell_len

from neurontui.tui.charts.model import Reading
from neurontui.tui.charts.palette import ink_of
from neurontui.tui.common.sanitize import fit
from neurontui.tui.explorer.widgets.styled_text import StyledText
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class ReadOut(StyledText):
    """Blocks of rows, each under a heading."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._blocks: tuple[tuple[str, tuple[Reading, ...]], ...] = ()
        self._foot: tuple[str, ...] = ()
        self._table: tuple[Spans, ...] = ()

    def show_blocks(
        self,
        *blocks: tuple[str, tuple[Reading, ...]],
        foot: tuple[str, ...] = (),
        table: tuple[Spans, ...] = (),
    ) -> None:
        """Replace the content; `foot` is dim text below, `table` fills the rest."""
        if (blocks, foot, table) != (self._blocks, self._foot, self._table):
            self._blocks, self._foot, self._table = blocks, foot, table
            self.renew()

    def make(self, width: int) -> list[Spans]:
        """Names on the left, values on the right."""
        lines: list[Spans] = []
        for heading, rows in self._blocks:
            if lines:
                lines.append([])
            lines.append([Span(heading, "text", bold=True)])
            lines += [_line(row, width) for row in rows]
        if self._foot:
            lines += [[], *([Span(line, "dim")] for line in self._foot)]
        return [*lines, [], *self._table] if self._table else lines


def _line(row: Reading, width: int) -> list[Span]:
    name_width = max(width - cell_len(row.letter) - 1 - len(row.value) - 1, 0)
    return [
        Span(f"{row.letter} ", ink_of(row.role), bold=True),
        Span(fit(row.name, name_width) + " ", "dim"),
        Span(row.value, "text"),
    ]
