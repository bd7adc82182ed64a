"""Steering by dose: outputs in the language steered to, and what is left of the answers, beside what it is held to."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.off_target import size_line
from neurontui.tui.charts.builders.rows import Columns, Row, number, series_by
from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import percent

OUTCOMES = {
    "switched": "capitals: % of outputs in the language · small letters: % of answers kept",
    "change": "change of the answers from the baseline, points",
    "logprob": "change of the answer's log-probability from the baseline, nats",
}
"""What the curves show, by its column in the query."""
ARMS = {
    "set": ("set", "S", "first"),
    "control": ("its control", "C", "third"),
    "random": ("random", "R", "fourth"),
    "prompt": ("prompt", "P", "second"),
    "baseline": ("baseline", "B", "fifth"),
}
"""Name, letter and color of each arm."""
_FLAT = ("prompt", "baseline")
_UNITS = {"switched": "%", "change": "points", "logprob": "nats"}
UNKNOWN = 50.0
"""Percent of outputs of unknown language from which the line about them is emphasized."""
Way = tuple[str, str, str]
"""Language steered to, rule of the set, and kind of value: scale, add or mean-of."""


def ways(table: pa.Table) -> list[Way]:
    """What was steered, in order."""
    return list(dict.fromkeys(_way(row) for row in table.to_pylist() if row["rule"] is not None))


def _way(row: Row) -> Way:
    return row["toward"], row["rule"], str(row["value"]).partition(":")[0]


def _rows(table: pa.Table, way: Way) -> list[Row]:
    """Rows over all inputs in other languages: the doses of one way, and the prompt and baseline they are held to."""
    rows = [row for row in table.to_pylist() if row["language"] is None and row["toward"] == way[0]]
    return [row for row in rows if row["rule"] is None or _way(row) == way]


def steering_chart(table: pa.Table, way: Way, outcome: str = "switched") -> Chart:
    """What steering returns, a curve for each arm against the strength; prompt and baseline are level lines.

    outcome: a key of OUTCOMES. With `switched`, dashed curves with small letters are the answers that are right.
    """
    rows = _rows(table, way)
    strengths = sorted({number(row["strength"]) or 0.0 for row in rows if row["rule"] is not None})
    places = {strength: place for place, strength in enumerate(strengths)}
    spread = [copy for row in rows for copy in _spread(row, strengths)]
    columns = series_by(
        spread, "arm", lambda row: places[number(row["strength"]) or 0.0], len(strengths), outcome,
        f"{outcome}_low", f"{outcome}_high",
    )  # fmt: skip
    kept = series_by(
        spread, "arm", lambda row: places[number(row["strength"]) or 0.0], len(strengths), "accuracy", "", ""
    )
    own = [Series(*ARMS[arm], *columns[arm]) for arm in ARMS if arm in columns and _shown(arm, outcome)]
    answers = [_kept(arm, kept[arm]) for arm in ARMS if arm in kept] if outcome == "switched" else []
    series = [one for one in (*own, *answers) if any(value is not None for value in one.values)]
    toward, rule, kind = way
    return Chart(
        f"Steering to {toward} · {rule}",
        tuple("mean" if kind == "mean-of" else f"{strength:g}" for strength in strengths),
        tuple(series),
        _UNITS[outcome],
        {"scale": "scale", "add": "add, SD"}.get(kind, kind),
        zero=outcome != "switched",
        grey="answers kept",
        x=tuple(strengths),
        joined=True,
        y_title={"switched": "% of outputs", "change": "change in accuracy, points"}.get(outcome, "change, nats"),
        from_zero=outcome == "switched",
    )


def _shown(arm: str, outcome: str) -> bool:
    """The baseline has no change from itself."""
    return arm != "baseline" or outcome == "switched"


def _spread(row: Row, strengths: list[float]) -> list[Row]:
    """Prompt and baseline at every strength: they do not depend on it."""
    return [{**row, "strength": strength} for strength in strengths] if row["arm"] in _FLAT else [row]


def _kept(arm: str, columns: Columns) -> Series:
    name, letter, hue = ARMS[arm]
    return Series(name, letter.lower(), "reference", *columns, True, hue, 1)


def undetermined_line(table: pa.Table, way: Way, *, letters: bool = False) -> Spans:
    """Outputs whose language is unknown, which are in no language: without them a share of 0 % would mislead.

    letters: with the letters of the curves for names, which fits into 78 columns.
    """
    rows = [row for row in _rows(table, way) if row["undetermined"] is not None]
    if not rows:
        return [Span("no languages of outputs: measure with --ablation-judge generated", "dim")]
    most: dict[str, float] = {}
    for row in rows:
        most[row["arm"]] = max(most.get(row["arm"], 0.0), row["undetermined"])
    shares = {arm: percent(most[arm]) for arm in ARMS if arm in most}
    if letters:
        words = f"language undetermined, % at most: {'  '.join(f'{ARMS[arm][1]} {shares[arm]}' for arm in shares)}"
    else:
        words = f"language undetermined, at most: {', '.join(f'{ARMS[arm][0]} {shares[arm]} %' for arm in shares)}"
    return [Span(words, "bad" if max(most.values()) >= UNKNOWN else "dim")]


def steering_sizes(table: pa.Table, way: Way) -> Spans:
    """The sizes of set, control and random neurons side by side; in words where set and control do not match."""
    sizes: dict[str, Any] = {}
    for row in _rows(table, way):
        if row["rule"] is not None:
            sizes.setdefault(row["arm"], row["percent"])
    if "control" not in sizes:
        return [Span(f"sizes: set {percent(sizes.get('set'))} % of all neurons, no control", "dim")]
    random = [Span(f" · random {percent(sizes['random'])} %", "dim")] if "random" in sizes else []
    return [*size_line(sizes.get("set"), sizes["control"]), *random]
