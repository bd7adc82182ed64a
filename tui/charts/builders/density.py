"""The distribution of a neuron's activation as lines: an upright bar for each bin, a line for each language."""

from itertools import groupby, zip_longest
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import UP
from neurontui.tui.common.sanitize import fit

HALF = 16
"""Bins on each side of 0."""
ZERO = "┊"
"""Between the bins of A ≤ 0 and those of A > 0."""
_CODE, _GAP = 5, 2
_BARS = _CODE + 2 * HALF + 1
"""Cells of the code and the bins of a language."""
_SHARE = 8
"""Cells of the share above 0."""


def density_lines(table: pa.Table, width: int) -> list[Spans]:
    """What `neuron-density` returns: the axis, all languages together, and each language; in two columns if they fit.

    The share of inputs above 0 is left out where only the bins fit twice.
    """
    rows = table.to_pylist()
    if not rows:
        return []
    columns = 2 if width >= 2 * _BARS + _GAP else 1
    shares = columns == 1 or width >= 2 * (_BARS + _SHARE) + _GAP
    lines = [_line(language, list(bins), shares) for language, bins in groupby(rows, key=lambda row: row["language"])]
    n = sum(row["n"] for row in rows if row["language"] is None)
    head: Spans = [
        Span("A at the token of measurement", "text", bold=True),
        Span(fit(f"  {n:,} inputs; full bar: its largest bin", max(width - 29, 0)).rstrip(), "dim"),
    ]
    return [head, *_in_columns(_axis(shares), lines, columns)]


def _line(language: str | None, bins: list[dict[str, Any]], shares: bool) -> Spans:
    highest = max(row["n"] for row in bins)
    bars = "".join(_bar(row["n"], highest) for row in bins)
    positive = sum(row["share"] for row in bins[HALF:])
    return [
        Span(fit(language or "all", _CODE), "dim", bold=language is None),
        Span(bars[:HALF], "bad"),
        Span(ZERO, "axis"),
        Span(bars[HALF:], "good"),
        Span(f" {positive:5.1f} %" if shares else "", "dim"),
    ]


def _bar(n: int, highest: int) -> str:
    """A bin with inputs shows at least the lowest bar."""
    return UP[max(round(8 * n / highest), 1)] if n else " "


def _axis(shares: bool) -> Spans:
    """Values above the bins: 32 and more, 1, 0.03, 0 and the same below 0; then what the share is."""
    places = {0: "-32", 5: "-1", 10: "-.03", HALF: "0", HALF + 5: ".03", HALF + 11: "1", HALF + 15: "32"}
    text = ""
    for place, label in places.items():
        text = text.ljust(_CODE + place) + label
    return [Span(fit(text, _BARS), "dim"), Span("     > 0" if shares else "", "dim")]


def _in_columns(axis: Spans, lines: list[Spans], columns: int) -> list[Spans]:
    """The axis above each column of lines."""
    n = -(-len(lines) // columns)
    sides = [[axis, *lines[start : start + n]] for start in range(0, len(lines), n)]
    if len(sides) == 1:
        return sides[0]
    return [
        [*left, Span(" " * _GAP), *right] for left, right in zip_longest(*sides[:2], fillvalue=(Span(" " * _BARS),))
    ]
