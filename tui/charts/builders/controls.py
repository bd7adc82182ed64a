"""Each type against its control: the sizes of both, whether they match, and which of the two does more harm."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Row, half_width, number
from neurontui.tui.charts.palette import LETTERS, SHORT
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import count, percent, plus_minus
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.table_fields import Field

UNEQUAL = 1.1
"""Ratio of two sizes above which they do not match."""
EXPLANATION = "+ the type does more harm · − its control does · nats: log-probability"


def matched(size: Any, other: Any) -> bool:
    """Whether two percentages of neurons are about the same."""
    smaller, larger = sorted((number(size) or 0.0, number(other) or 0.0))
    return 0 < larger <= UNEQUAL * smaller


def control_fields(width: int, measure: str = "right") -> tuple[Field, ...]:
    """The columns that fit; the sizes of both, and whether they match, are always among them."""
    name, language, *sizes = (
        Field("name", "switched off", stretch=True, meaning="The neurons that were switched off."),
        Field("language", "lang", lambda value: value or "all"),
        Field("percent", "off %", percent, right=True, meaning="Share of all neurons that were switched off."),
        Field("control_percent", "control %", percent, right=True, meaning="The same for the control."),
        Field("sizes", "sizes", meaning="Whether the neurons and their control are equally many."),
    )
    answers = (
        Field("accuracy", f"{measure} %", percent, right=True, meaning="Inputs that count, with the neurons off."),
        Field("control", "of control", percent, right=True, meaning="The same with the control off."),
    )
    differences = (
        Field("gain", "points", right=True, meaning="Loss beyond the control's; + the neurons do more harm."),
        Field("nats", "nats", right=True, meaning="The same in log-probability of the answer (natural logarithm)."),
    )
    n = Field("n", "n", count, right=True, meaning="Number of inputs.")
    return (
        (name, language, *sizes, *answers, *differences, n) if width >= 110 else (name, language, *sizes, *differences)
    )


def control_table(table: pa.Table, more_is_better: bool = True) -> pa.Table:
    """What ablation-controls returns: over all inputs first; matched doses, then matched types, then the rest.

    Differences are positive where the type does more harm: with a measure of which more is worse, the sign is changed.
    """
    rows = [_row(row, more_is_better) for row in table.to_pylist()]
    rows.sort(key=_place)
    return pa.Table.from_pylist(rows) if rows else pa.table({})


def _place(row: Row) -> tuple[bool, bool, bool, int]:
    whole, unequal = row["language"] is not None, row["sizes"] != "equal"
    return whole, unequal, row["fraction"] is None, row["condition"]


def _row(row: Row, more_is_better: bool) -> Row:
    name = f"{LETTERS.get(row['type'], ' ')} {SHORT.get(row['type'], shorten(row['label'], 40))}"
    if row["fraction"] is not None and row["type"] is not None:
        name = f"{LETTERS.get(row['type'], ' ')} dose {percent(row['percent'])} %"
    if row["type"] is not None and row.get("value", "0") != "0":  # labels of other sets name the value themselves
        name += f" {row['value']}"
    harm = row["difference"] if more_is_better or row["difference"] is None else -row["difference"]
    return {
        **row,
        "name": name,
        "sizes": "equal" if matched(row["percent"], row["control_percent"]) else "not matched",
        "harm": harm,
        "gain": plus_minus(harm, half_width(row), sign="+"),
        "nats": plus_minus(row["logprob"], half_width(row, "logprob_low", "logprob_high"), 2, "+"),
    }


def control_lines(row: Row, measure: str = "right") -> list[Spans]:
    """A row of the table in words: both accuracies, and which of the two does more harm, if they can be compared."""
    where = row["language"] or "all inputs"
    both = f"{measure} {percent(row['accuracy'])} %, with the control off {percent(row['control'])} %"
    first = [Span(f"{row['name']} · {where} · n = {row['n']:,}: ", "dim"), Span(both)]
    if row["sizes"] != "equal":
        sizes = f"{percent(row['percent'])} % of all neurons against {percent(row['control_percent'])} %"
        return [first, [Span(f"Not matched: {sizes}.", "bad")], [Span("The difference may come from the size alone.")]]
    points = _harm(row["harm"], half_width(row), "points")
    nats = _harm(row["logprob"], half_width(row, "logprob_low", "logprob_high"), "nats")
    return [first, [Span(f"answers: {points}")], [Span(f"log-probability: {nats}")]]


def _harm(value: Any, half: Any, unit: str) -> str:
    """The sign of a difference in words."""
    if value is None:
        return "not measured"
    if half is None:
        return f"{_more(value)} ({plus_minus(abs(value), None)} {unit}, no interval)"
    if abs(value) <= half:
        return f"no clear difference ({plus_minus(value, half, sign='+')} {unit})"
    return f"{_more(value)} by {plus_minus(abs(value), half)} {unit}"


def _more(value: float) -> str:
    return "the type does more harm" if value > 0 else "the control does more harm"
