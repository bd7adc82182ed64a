"""Values of an intervention compared on the same sets, and patches from another language by layer."""

import re
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.controls import matched
from neurontui.tui.charts.builders.rows import Row, half_width, layer_of, layer_rows, number, scale_of, series_by
from neurontui.tui.charts.model import Chart, Matrix, Reading, Series
from neurontui.tui.charts.palette import CYCLE, LETTERS, SHORT
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import percent, plus_minus
from neurontui.tui.common.sanitize import shorten

Rows = list[dict[str, Any]]
_NAME = 16
"""Cells of a set's name beside its size."""


def agreement_matrix(table: pa.Table, accuracy: Rows) -> Matrix:
    """Rows: the sets with their sizes, each control behind its set; columns: the values; cells: change, nats."""
    sets = _changes(table)
    sizes = _sizes(accuracy)
    values = tuple(dict.fromkeys(value for own in sets.values() for value in own))
    ordered = _ordered(list(sets), sizes)
    return Matrix(
        "Change of the answer's log-probability by value",
        tuple(_set_name(label, sizes) for label in ordered),
        values,
        tuple(tuple(sets[label][value][0] if value in sets[label] else None for value in values) for label in ordered),
        "nats",
        diverging=True,
        marks=tuple("".join(_mark(sets[label].get(value)) for value in values) for label in ordered),
        row_title="set, % of all neurons",
        column_title="value",
        digits=2,
        scale=scale_of(change[0] for own in sets.values() for change in own.values()),
    )


Change = tuple[float | None, float | None, float | None, int]
"""Value, both ends of its interval, n."""


def _changes(table: pa.Table) -> dict[str, dict[str, Change]]:
    """Label of the set -> value -> change of the log-probability."""
    sets: dict[str, dict[str, Change]] = {}
    for row in table.to_pylist():
        if row["label"] is not None:
            own = sets.setdefault(row["label"], {})
            for value, head, ends in (("value", "change", ""), ("other", "other_change", "other_")):
                low, high = number(row[f"{ends}low"]), number(row[f"{ends}high"])
                own[row[value]] = number(row[head]), low, high, row["n"]
    return sets


def _sizes(accuracy: Rows) -> dict[str, Row]:
    """Label, without the seed of a single one, -> row over all inputs; of several values, that of the first."""
    sizes: dict[str, Row] = {}
    for row in accuracy:
        if row["language"] is None:
            sizes.setdefault(re.sub(r", seed \d+$", "", row["label"]), row)
    return sizes


def _ordered(labels: list[str], sizes: dict[str, Row]) -> list[str]:
    """Each set before its control; sets in their order."""
    by_condition = {row["condition"]: label for label, row in sizes.items() if label in labels}
    controls: dict[str, list[str]] = {}
    for label in labels:
        owner = by_condition.get(sizes[label]["matched_to"]) if label in sizes else None
        if owner is not None:
            controls.setdefault(owner, []).append(label)
    behind = {label for several in controls.values() for label in several}
    return [name for label in labels if label not in behind for name in (label, *controls.get(label, []))]


def _set_name(label: str, sizes: dict[str, Row]) -> str:
    row = sizes.get(label)
    if row is None:
        return shorten(label, 24)
    owner = next((own for own in sizes.values() if own["condition"] == row["matched_to"]), None)
    size = f"{percent(row['percent'])} %"
    if owner is not None:
        return f"  its control {size}" if matched(owner["percent"], row["percent"]) else f"  not matched {size}"
    letter = f"{LETTERS[row['type']]} " if row["type"] in LETTERS else ""
    if letter and row["fraction"] is not None:
        return f"{letter}dose {size}"
    name = SHORT[row["type"]] if letter else label.removeprefix("w/o ")
    return f"{letter}{shorten(name, _NAME)} {size}"


def _mark(change: Change | None) -> str:
    """An arrow where the interval excludes zero; a question mark without one."""
    value, low, high = change[:3] if change is not None else (None, None, None)
    if value is None:
        return " "
    if low is None or high is None:
        return "?"
    return " " if low <= 0 <= high else "▼" if value < 0 else "▲"


def agreement_cell(table: pa.Table, accuracy: Rows, place: int, value: str) -> list[Spans]:
    """A set under one value in words."""
    sets = _changes(table)
    ordered = _ordered(list(sets), _sizes(accuracy))
    if place >= len(ordered) or value not in sets[ordered[place]]:
        return []
    change, low, high, n = sets[ordered[place]][value]
    half = None if low is None or high is None else (high - low) / 2
    head = Span(f"{shorten(ordered[place], 40)} · value {value}: ", "dim")
    return [[head, Span(f"{plus_minus(change, half, 2, '+')} nats", "text", bold=True), Span(f"  n = {n:,}", "dim")]]


def agreement_lines(table: pa.Table) -> list[Spans]:
    """A line for each two values: sets with equal signs, and Spearman's correlation of the changes."""
    return [_pair(row) for row in table.to_pylist() if row["label"] is None]


def _pair(row: Row) -> Spans:
    sets = f"same sign in {percent(row['same_sign'])} % of {row['n_sets']} sets"
    if row["correlation"] is None:
        words = "no correlation: fewer than three sets, or equal changes"
    else:
        low, high = row["correlation_low"], row["correlation_high"]
        interval = "" if low is None else f" ({low:+.2f} to {high:+.2f})"
        words = f"ρ {row['correlation']:+.2f}{interval}"
    return [Span(f"{row['value']} and {row['other']}: ", "dim"), Span(f"{sets}, {words}")]


def patching_chart(table: pa.Table, layers: pa.Table | None, language: str = "") -> Chart:
    """What patching returns: change by layer, a curve for each source; `language` of the inputs, empty: all others."""
    rows, labels, breaks = layer_rows(table, layers)
    own = [row for row in rows if (row["language"] or "") == language]
    columns = series_by(own, "source", layer_of, len(labels), "change", "low", "high")
    inputs = f"{language} inputs" if language else "inputs in other languages"
    return Chart(
        f"Log-probability with a layer patched · {inputs}",
        labels,
        tuple(
            Series(f"from {code}", code, CYCLE[i % len(CYCLE)], *columns[code], dash=i // len(CYCLE))
            for i, code in enumerate(columns)
        ),
        "nats",
        breaks=breaks,
        zero=True,
        y_title="change in log-probability, nats",
        from_zero=False,
    )


def patching_totals(table: pa.Table, language: str = "") -> tuple[Reading, ...]:
    """The change with all layers patched together, for each source."""
    rows = [row for row in table.to_pylist() if row["layer"] is None and (row["language"] or "") == language]
    roles = {code: CYCLE[i % len(CYCLE)] for i, code in enumerate(dict.fromkeys(row["source"] for row in rows))}
    return tuple(
        Reading(
            row["source"],
            f"from {row['source']}",
            plus_minus(row["change"], half_width(row), 2, "+"),
            roles[row["source"]],
        )
        for row in rows
    )
