"""Ablation: accuracy a condition and language as a heatmap, in words, as bars, and against dose."""

from dataclasses import replace
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.rows import Columns, half_width, number, series_by
from neurontui.tui.charts.model import Bar, Bars, Chart, Dot, Dots, Matrix, Series, Value
from neurontui.tui.charts.palette import CYCLE, LETTERS, SHORT, TYPES, ink_of
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.number_formats import count, percent, plus_minus, signed
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.common.table_fields import Field

Rows = list[dict[str, Any]]
OFF, MEAN = "off", "mean"
NAME_WIDTH = 17
"""Cells of a condition's name: what ten languages leave in 80 columns."""


def accuracy_matrix(rows: Rows, languages: tuple[str, ...], published: Rows) -> Matrix:
    """Accuracy, colored by its change from the baseline; the paper's row below each condition it has."""
    names, values, tints, marks = [], [], [], []
    for label, own in _conditions(rows).items():
        names.append(_name(label, own))
        values.append(
            (
                number(own[None]["percent"]),
                *(_of(own, code, "accuracy") for code in (*languages, None)),
            )
        )
        tints.append((None, *(_of(own, code, "change") for code in (*languages, None))))
        marks.append(" " + "".join(_mark(own.get(code)) for code in (*languages, None)))
        paper = _paper(own[None], published)
        if paper:
            names.append("  the paper")
            values.append(
                (
                    paper[0],
                    *(paper[1].get(code) for code in languages),
                    _mean(list(paper[1].values())),
                )
            )
            tints.append((None,) * (len(languages) + 2))
            marks.append(" " * (len(languages) + 2))
    columns = (OFF, *languages, MEAN)
    return Matrix(
        "Accuracy when neurons are switched off",
        tuple(names),
        columns,
        tuple(values),
        diverging=True,
        tints=tuple(tints),
        marks=tuple(marks),
    )


def _mark(row: dict[str, Any] | None) -> str:
    """An arrow where the interval of the change leaves zero out."""
    low, high = (number(row[key]) if row else None for key in ("change_low", "change_high"))
    if low is None or high is None or low <= 0 <= high:
        return " "
    return "▼" if high < 0 else "▲"


def mean_lines(rows: Rows, published: Rows, width: int) -> list[Spans]:
    """A bar a row of the matrix: accuracy over all inputs with its interval, the paper's mean in gray."""
    lines: list[Spans] = [[Span("all inputs", "text", bold=True), Span("  95 % interval", "dim")]]
    for own in _conditions(rows).values():
        row, half = own[None], half_width(own[None])
        tail = "" if half is None else f" ±{half:.1f}"
        lines.append(_mean_bar(number(row["accuracy"]), tail, _role(row), width))
        paper = _paper(row, published)
        if paper:
            lines.append(_mean_bar(_mean(list(paper[1].values())), "", "reference", width))
    return lines


def _mean_bar(value: Value, tail: str, role: str, width: int) -> Spans:
    return [
        Span(bar(value, 100.0, max(width - 13, 4)), ink_of(role), "rule"),
        Span(f"{percent(value):>6}", "dim" if role == "reference" else "text"),
        Span(f"{tail:<7}", "dim"),
    ]


def _role(row: dict[str, Any]) -> str:
    """The color of a condition's bar."""
    if row["kind"] == "type" and row["type"] is not None:
        return str(row["type"])
    return "reference" if row["kind"] == "matched" else "first"


def sources(table: pa.Table | None) -> list[str]:
    """Tables of the paper for the run's task, that of the run's own model first."""
    rows = table.to_pylist() if table is not None else []
    order = sorted(rows, key=lambda row: (not row["same_model"], row["source"]))
    return list(dict.fromkeys(row["source"] for row in order))


def labels_of(rows: Rows, published: Rows) -> list[str]:
    """The condition that each row of the matrix is about."""
    labels: list[str] = []
    for label, own in _conditions(rows).items():
        labels += [label] * (2 if _paper(own[None], published) else 1)
    return labels


def _conditions(rows: Rows) -> dict[str, dict[str | None, dict[str, Any]]]:
    """Label -> language (None for all) -> row, each control behind what it is a control of."""
    conditions: dict[str, dict[str | None, dict[str, Any]]] = {}
    for row in rows:
        conditions.setdefault(f"{row['condition']} {row['label']}", {})[row["language"]] = row
    whole = {key: own for key, own in conditions.items() if None in own}
    return dict(sorted(whole.items(), key=lambda item: _rank(item[1][None])))


def _rank(row: dict[str, Any]) -> tuple[int, int, int]:
    kind = {"baseline": 0, "type": 1, "matched": 1, "dose": 2, "random": 3}.get(row["kind"], 4)
    after = row["matched_to"] if row["matched_to"] is not None else row["condition"]
    return kind, after, int(row["kind"] != "type")


def _name(label: str, own: dict[str | None, dict[str, Any]]) -> str:
    row = own[None]
    if row["matched_to"] is not None:
        return "  matched control" if row["kind"] == "matched" else "  its control"
    if row["kind"] not in ("type", "dose") or row["type"] is None:
        return shorten(label.partition(" ")[2], NAME_WIDTH)
    if row["fraction"] is None:
        return f"{LETTERS.get(row['type'], '')} {SHORT.get(row['type'], row['type'])}"
    return f"{LETTERS.get(row['type'], '')} dose {percent(row['percent'])} %"  # the share reached, not requested


def _of(own: dict[str | None, dict[str, Any]], code: str | None, column: str) -> Value:
    return number(own[code][column]) if code in own else None


def _paper(row: dict[str, Any], published: Rows) -> tuple[Value, dict[str, Value]] | None:
    """The paper's numbers for the same condition: percent switched off, and accuracy a language."""
    condition = (row["kind"], row["type"])
    paper = [line for line in published if (line["kind"], line["type"]) == condition]
    if row["kind"] == "random":
        paper = [
            line
            for line in paper
            if row["fraction"] is not None and abs(line["percent"] - 100 * row["fraction"]) < 0.01
        ]
    if not paper:
        return None
    return number(paper[0]["percent"]), {line["language"]: number(line["accuracy"]) for line in paper}


def _mean(values: list[Value]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def cell_lines(rows: Rows, label: str, language: str | None) -> list[Spans]:
    """One condition in one language (None: all inputs), in full."""
    row = _conditions(rows).get(label, {}).get(language)
    if row is None:
        return []
    where = language or "all inputs"
    first = [
        Span(f"{shorten(row['label'], 40)} · {where}: ", "dim"),
        Span(f"{plus_minus(row['accuracy'], half_width(row))} %", "text", bold=True),
        Span(
            f"  n = {row['n']:,}" + (f" over {row['n_seeds']} seeds" if row["n_seeds"] > 1 else ""),
            "dim",
        ),
    ]
    if row["change"] is None or row["kind"] == "baseline":
        return [first]
    half = half_width(row, "change_low", "change_high")
    role = "bad" if row["change"] < 0 else "good"
    second = [
        Span("change ", "dim"),
        Span(f"{'▼' if row['change'] < 0 else '▲'} {row['change']:+.1f}", role, bold=True),
        Span("" if half is None else f" ±{half:.1f}", "dim"),
        Span(f" points, lost {row['n_lost']:,}, gained {row['n_gained']:,}", "dim"),
    ]
    if row["logprob"] is not None:
        second.append(Span(f"   log-probability {signed(row['logprob'])} nats", "dim"))
    return [first, second]


def control_fields(width: int) -> tuple[Field, ...]:
    """The columns that fit."""
    fields = (
        Field("name", "switched off", stretch=True),
        Field("language", "lang", lambda value: value or "all"),
        Field("percent", "off %", percent, right=True),
        Field("accuracy", "type", percent, right=True),
        Field("control", "control", percent, right=True),
        Field("gain", "difference", right=True),
        Field("nats", "in nats", right=True),
        Field("n", "n", count, right=True),
    )
    return fields if width >= 90 else tuple(field for field in fields if field.column not in ("percent", "n"))


def control_table(table: pa.Table) -> pa.Table:
    """What ablation-controls returns, with differences and their intervals in one column; all inputs first."""
    rows = sorted(table.to_pylist(), key=lambda row: (row["language"] is not None, row["condition"]))
    for row in rows:
        row["name"] = f"{LETTERS.get(row['type'], ' ')} {SHORT.get(row['type'], shorten(row['label'], 40))}"
        if row["fraction"] is not None:
            row["name"] += f" dose {percent(row['percent'])} %"
        row["gain"] = _signed_half(row["difference"], half_width(row), 1)
        row["nats"] = _signed_half(row["logprob"], half_width(row, "logprob_low", "logprob_high"), 2)
    return pa.Table.from_pylist(rows) if rows else pa.table({})


def _signed_half(value: Any, half: Value, digits: int) -> str:
    return "–" if value is None else f"{value:+.{digits}f}" + ("" if half is None else f" ±{half:.{digits}f}")


def dose_chart(table: pa.Table) -> Chart:
    """What ablation-dose returns: change from the baseline against the share of neurons that was switched off.

    The share is the one reached: a type with few neurons reaches less than the dose asked for. Types without doses
    are left out; where there is no accuracy, the change is that of the answer's log-probability.
    """
    every = [row for row in table.to_pylist() if number(row["percent"])]
    dosed = {row["type"] for row in every if row["fraction"] is not None}
    by_accuracy = any(number(row["change"]) is not None for row in every)
    keys = ("change", "low", "high") if by_accuracy else ("logprob", "logprob_low", "logprob_high")
    rows = [row for row in every if row["type"] in dosed and number(row[keys[0]]) is not None]
    percents = sorted({float(row["percent"]) for row in rows})
    position = {percent: index for index, percent in enumerate(percents)}
    arms = [{**row, "key": (row["type"], row["arm"])} for row in rows]
    columns = series_by(arms, "key", lambda row: position[row["percent"]], len(percents), *keys)
    return Chart(
        "Change of accuracy by dose" if by_accuracy else "Change of log-probability by dose",
        tuple(f"{percent:.3g}" for percent in percents),
        tuple(_dose(name, arm, columns[name, arm]) for name, arm in columns),
        "points" if by_accuracy else "nats",
        "% off",
        zero=True,
        grey="matched control of",
        x=tuple(percents),
        log_x=True,
        joined=True,
        y_title="change in accuracy, points" if by_accuracy else "change in log-probability, nats",
        from_zero=False,
    )


def _dose(name: str | None, arm: str, columns: Columns) -> Series:
    if arm == "random" or name is None:
        return Series("random neurons", "R", CYCLE[3], *columns, dash=2)
    if arm == "control":
        letter = LETTERS[name].lower()
        return Series(SHORT[name], letter, "reference", *columns, True, dash=1, legend="matched control")
    return Series(SHORT[name], LETTERS[name], name, *columns)


def dose_panels(table: pa.Table) -> tuple[Chart, ...]:
    """The same, a chart a type: the type, its matched control, random neurons."""
    chart = dose_chart(table)
    own = {series.type: series for series in chart.series if series.type}
    panels = []
    for name in (name for name in TYPES if name in own):
        letters = (LETTERS[name], LETTERS[name].lower(), "R")
        group = tuple(series for letter in letters for series in chart.series if series.letter == letter)
        panels.append(replace(chart, title=f"{LETTERS[name]}  {name}", series=group))
    return tuple(panels)


def accuracy_bars(rows: Rows) -> Bars:
    """Accuracy over all inputs, a bar a condition."""
    bars = []
    for label, own in _conditions(rows).items():
        row = own[None]
        note, ends = f"off {row['percent']:.1f} %", (number(row["low"]), number(row["high"]))
        bars.append(Bar(_name(label, own), number(row["accuracy"]), "", _role(row), *ends, note))
    return Bars("Accuracy when neurons are switched off", tuple(bars), y_title="accuracy, %")


def change_dots(rows: Rows) -> tuple[Dots, ...]:
    """What ablation-accuracy returns over all inputs: the change of each condition, each type before its control."""
    whole = [row for row in rows if row["language"] is None and row["kind"] not in ("baseline", "dose")]
    ordered = _paired(whole)
    panels = (
        Dots("accuracy", tuple(_dot(row, "change") for row in ordered), "points"),
        Dots("log-probability of the answer", tuple(_dot(row, "logprob") for row in ordered), "nats"),
    )
    return tuple(panel for panel in panels if any(dot.value is not None for dot in panel.dots))


def _paired(rows: Rows) -> Rows:
    """Each type followed by its control, then the rest."""
    controls = {row["matched_to"]: row for row in rows if row["kind"] == "matched"}
    ordered: Rows = []
    for row in (row for row in rows if row["kind"] == "type"):
        ordered += [row, controls.pop(row["condition"])] if row["condition"] in controls else [row]
    return [*ordered, *controls.values(), *(row for row in rows if row["kind"] not in ("type", "matched"))]


def _dot(row: dict[str, Any], key: str) -> Dot:
    letter = f"{LETTERS[row['type']]}  " if row["type"] in LETTERS else ""
    role = row["type"] if row["type"] in TYPES else "text"
    kind = row["kind"] if row["kind"] in ("type", "matched", "random") else "user"
    value, low, high = (number(row[f"{key}{end}"]) for end in ("", "_low", "_high"))
    label = "its matched control" if kind == "matched" and letter else row["label"]
    return Dot(f"{letter}{label}", value, low, high, kind, role)
