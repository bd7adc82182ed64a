"""Persistence: does a neuron keep its type; as lines of a sheet, a chart over examples, and a table of neurons."""

import pyarrow as pa

from neurontui.tui.charts.builders.rows import half_width, number, series_by, type_series
from neurontui.tui.charts.model import Bar, Bars, Chart, round_up
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES, ink_of
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar, spark
from neurontui.tui.common.number_formats import percent, plain_value, plus_minus
from neurontui.tui.common.sanitize import fit
from neurontui.tui.common.table_fields import Field

NEURON_FIELDS = (
    Field("layer", "layer", right=True),
    Field("neuron", "neuron", right=True),
    Field("share", "% of ex.", percent, right=True),
    Field("language", "specific to", plain_value, rank=1),
    Field("all_shared", "A %", percent, right=True, rank=2),
    Field("partial_shared", "P %", percent, right=True, rank=2),
    Field("specific", "S %", percent, right=True, rank=2),
    Field("non_activated", "N %", percent, right=True, rank=2),
)

EXPLANATION = "of avg: overlap in % of average · same mask: with the same languages as well"
"""What the columns mean."""


def persistence_lines(table: pa.Table, by_layer: pa.Table | None, width: int) -> list[Spans]:
    """A line a type: average, overlap, overlap in percent of the average, and overlap over the layers."""
    rows = {row["type"]: row for row in table.to_pylist()}
    examples = next((row["n_examples"] for row in rows.values()), 0)
    end = round_up(max((row["overlap"] or 0.0 for row in rows.values()), default=1.0))
    head = f"{'':<16}{'average':>11}{f'overlap 0–{end:g}':>16}"
    head += "".join(f"{title:>{cells}}" for title, cells in _more(width).items())
    same = f"  overlap: the same type in all {examples:,} examples"
    lines: list[Spans] = [
        [
            Span("Does a neuron keep its type?", "text", bold=True),
            Span(same if 28 + len(same) <= width else f"  in all {examples:,} examples", "dim"),
        ],
        [Span(head, "dim"), Span("  overlap by layer, 0 to max" if width >= 95 else "  layers 0–max", "dim")],
    ]
    lines += [_line(name, rows[name], by_layer, end, width) for name in TYPES if name in rows]
    return [*lines, [Span(EXPLANATION, "dim")]]


def _more(width: int) -> dict[str, int]:
    """Widths of the further columns that fit."""
    columns = {"of avg": 8, "same mask": 11}
    return columns if width >= 76 else {"of avg": 8} if width >= 65 else {}


def _line(name: str, row: dict[str, object], by_layer: pa.Table | None, end: float, width: int) -> Spans:
    overlap = number(row["overlap"])
    shown = plus_minus(row["average"], half_width(row))
    more = _more(width)
    values = {"of avg": row["of_average"], "same mask": row["same_mask"]}
    return [
        Span(f"{LETTERS[name]} ", ink_of(name), bold=True),
        Span(fit(SHORT[name], 14), "dim"),
        Span(f"{shown:>11}"),
        Span(f"{percent(overlap):>7} "),
        Span(bar(overlap, end, 8), ink_of(name), "rule"),
        Span("".join(f"{percent(values[title]):>{cells}}" for title, cells in more.items()) + "  "),
        *_spark(name, by_layer, max(width - 45 - sum(more.values()), 12)),
    ]


def _spark(name: str, by_layer: pa.Table | None, width: int) -> Spans:
    """Overlap over the layers on a scale of its own, and the value at its upper end."""
    if by_layer is None:
        return []
    values = [number(row["overlap"]) for row in by_layer.to_pylist() if row["type"] == name]
    highest = max((value for value in values if value is not None), default=0.0)
    drawn = spark(values, 0.0, highest or 1.0, min(width - 6, 14 * len(values)))
    return [Span(drawn, ink_of(name)), Span(f" {percent(highest)}", "dim")]


def size_chart(table: pa.Table) -> Chart:
    """What persistence-at-size returns: overlap against the number of examples drawn."""
    rows = table.to_pylist()
    sizes = sorted({row["size"] for row in rows})
    place = {size: index for index, size in enumerate(sizes)}
    columns = series_by(rows, "type", lambda row: place[row["size"]], len(sizes), "overlap", "", "")
    return Chart(
        "Overlap shrinks as examples grow",
        tuple(str(size) for size in sizes),
        type_series(columns),
        x_title="examples",
        x=tuple(float(size) for size in sizes),
        log_x=True,
        y_title="% of neurons",
    )


def overlap_bars(table: pa.Table) -> Bars:
    """What type-persistence returns: average and overlap of each type, side by side."""
    rows = {row["type"]: row for row in table.to_pylist()}
    bars: list[Bar] = []
    for name in TYPES:
        row = rows.get(name)
        if row is not None and number(row["average"]) is not None:
            ends = number(row["low"]), number(row["high"])
            group = f"{LETTERS[name]}  {name}"
            bars.append(Bar("average", number(row["average"]), LETTERS[name], name, *ends, group=group))
            bars.append(Bar("overlap", number(row["overlap"]), LETTERS[name], name, group=group))
    return Bars("Average and overlap of each type", tuple(bars), y_title="% of neurons")
