"""Do related languages share more: the answer of sharing-by-family in words."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.rows import half_width
from neurontui.tui.charts.spans import Span, Spans

_HEAD = f"  {'':<14}{'pairs':>7}{'related':>10}{'others':>10}   {'difference':<18}{'Mantel p':>8}"

_MEASURES = {"phi": "phi (φ, −1 to 1)", "lift": "lift (× chance)", "jaccard": "Jaccard (%)"}
_MANTEL = "  Mantel p: share of random orders of the languages with as large a difference"


def family_lines(table: pa.Table | None, measure: str = "phi") -> list[Spans]:
    """A line a relation: pairs, related and other pairs, difference with its interval, p."""
    if table is None:
        return []
    head: list[Spans] = [
        [Span("Do related languages share more?", bold=True), Span(f"  mean {_MEASURES[measure]} of a pair", "dim")],
        [Span(_HEAD, "dim")],
    ]
    return [*head, *(_line(row) for row in table.to_pylist()), [Span(_MANTEL, "dim")]]


def _line(row: dict[str, Any]) -> Spans:
    name = f"  same {row['relation']:<9}{row['n_related']:>7}"
    if row["related"] is None or row["unrelated"] is None:
        return [Span(name), Span(f"   {_reason(row)}", "dim")]
    half = half_width(row)
    difference = f"{row['difference']:+.3f}" + ("" if half is None else f" ±{half:.3f}")
    chance = "–" if row["p_value"] is None else f"{row['p_value']:.3f}"
    return [
        Span(name),
        Span(f"{row['related']:>10.3f}{row['unrelated']:>10.3f}   {difference:<18}{chance:>8}"),
    ]


def _reason(row: dict[str, Any]) -> str:
    if row["n_unknown"]:
        return f"{row['relation']} not known for {row['n_unknown']} of these languages"
    return "no such pair among these languages"
