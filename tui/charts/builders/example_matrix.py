"""One example as a picture: a row per neuron, a cell per language, from what `example-matrix` returns.

A cell has a mark where the neuron is active, and the color of its contribution score; wide cells have the number too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.palette import LETTERS, SHORT, Palette, ink_of, ink_on, shade
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import count
from neurontui.tui.common.sanitize import fit
from neurontui.tui.common.table_fields import Field

ACTIVE, INACTIVE = "●", "·"
_NUMBERS = 7
"""Least width of a cell with a number."""
_MARK = {True: "✓", False: "✗", None: ""}

PICTURE = Field("contributions", "", str, stretch=True)
"""The column that is drawn as cells."""
PICTURE_FIELDS = (
    Field("layer", "layer", count, right=True),
    Field("neuron", "neuron", str, right=True),
    Field("type", "type", lambda name: LETTERS.get(str(name), "?")),
    PICTURE,
)
COMPARED_FIELDS = (
    Field("layer", "layer", count, right=True),
    Field("neuron", "neuron", str, right=True),
    Field("p_of_all", "p", lambda p: "–" if p is None else f"{p:.3f}".lstrip("0"), right=True),
    Field("z_of_all", "z", lambda z: "–" if z is None else f"{z:.1f}", right=True, rank=1),
    Field("difference_of_all", "points", lambda points: f"{points:+.1f}", right=True, rank=2),
    PICTURE,
)
"""Columns of neurons that differ between right and wrong answers, over all examples, with their cells in this one."""


@dataclass(frozen=True)
class Columns:
    """The languages of the picture, whether each answer is right, and the contribution of the strongest color."""

    languages: tuple[str, ...] = ()
    correct: tuple[bool | None, ...] = ()
    largest: float = 1.0

    @staticmethod
    def of(prompts: pa.Table, rows: pa.Table) -> "Columns":
        """From `example-prompts` and `example-matrix`."""
        largest = max((value for value in rows.column("contribution").to_pylist() if value is not None), default=1.0)
        languages, correct = (tuple(prompts.column(name).to_pylist()) for name in ("language", "correct"))
        return Columns(languages, correct, largest)

    def width(self, room: int) -> int:
        """Cells of a language."""
        return min(max(room // max(len(self.languages), 1), 1), _NUMBERS)


def head_spans(columns: Columns, room: int) -> Spans:
    """Language codes above the cells, with whether the answer is right."""
    width = columns.width(room)
    return [_head(code, right, width) for code, right in zip(columns.languages, columns.correct, strict=True)]


def _head(code: str, right: bool | None, width: int) -> Span:
    mark = _MARK[right] if width >= 4 else ""  # narrower, codes would touch; the prompts above have the marks too
    role = "dim" if right is None else "good" if right else "bad"
    return Span(fit(code[: max(width - len(mark), 1)] + mark, width), role, bold=True)


def cell_spans(row: Mapping[str, Any], columns: Columns, room: int, palette: Palette) -> Spans:
    """The cells of a neuron: one for each language, in the order of `columns`."""
    width, active = columns.width(room), set(row["languages"] or ())
    shares: Sequence[float | None] = row["contributions"]
    return [
        _cell(code in active, share, columns.largest, width, palette)
        for code, share in zip(columns.languages, shares, strict=True)
    ]


def _cell(active: bool, share: float | None, largest: float, width: int, palette: Palette) -> Span:
    number = "" if share is None or width < _NUMBERS else f"{share:5.2f}"
    text = fit(f"{ACTIVE if active else INACTIVE}{number}", width)
    if share is None or palette.textured:
        return Span(text, "text" if active else "dim", bold=active and share is not None)
    paper = shade(share, (0.0, largest), False, palette)
    return Span(text, ink_on(paper), paper)


def type_words(rows: pa.Table) -> Spans:
    """How many of the rows have each type, with the letter that the table uses."""
    names = [str(name) for name in rows.column("type").to_pylist()]
    counted = [(name, names.count(name)) for name in LETTERS if name in names]
    spans: list[Span] = []
    for name, n in counted:
        spans += [Span(f"{LETTERS[name]} ", ink_of(name), bold=True), Span(f"{SHORT[name]} {n}  ", "dim")]
    return spans
