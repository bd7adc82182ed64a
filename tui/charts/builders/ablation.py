"""Ablation: accuracy a condition and language as a heatmap, in words, as bars, and against dose."""

from dataclasses import replace
from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.controls import matched
from neurontui.tui.charts.builders.rows import Columns, half_width, number, series_by
from neurontui.tui.charts.model import Bar, Bars, Chart, Dot, Dots, Matrix, Series, Value
from neurontui.tui.charts.palette import CYCLE, LETTERS, SHORT, TYPES, ink_of
from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.number_formats import percent, plus_minus, signed
from neurontui.tui.common.sanitize import shorten

Rows = list[dict[str, Any]]
OFF, MEAN = "off", "mean"
NAME_WIDTH = 17
"""Cells of a condition's name: what ten languages leave in 80 columns."""


def forced_note(judged: pa.Table | None) -> str:
    """How far teacher-forced verdicts agree with generated ones, from `ablation-judge`; empty if none are forced."""
    notes = [row["note"] for row in judged.to_pylist() if row["language"] is None] if judged is not None else []
    return str(notes[0] or "") if notes else ""


def accuracy_matrix(rows: Rows, languages: tuple[str, ...], published: Rows, more_is_better: bool = True) -> Matrix:
    """Accuracy, colored by its change from the baseline; the paper's row below each condition it has.

    The colors are those of better and worse, the arrows those of more and less.
    """
    sign = 1 if more_is_better else -1
    names, values, tints, marks = [], [], [], []
    conditions = _conditions(rows)
    sizes = _sizes(conditions)
    for label, own in conditions.items():
        names.append(_name(label, own, sizes.get(own[None]["matched_to"])))
        values.append(
            (
                number(own[None]["percent"]),
                *(_of(own, code, "accuracy") for code in (*languages, None)),
            )
        )
        changes = (_of(own, code, "change") for code in (*languages, None))
        tints.append((None, *(None if change is None else sign * change for change in changes)))
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
        tint_unit="change from the baseline, points" if more_is_better else "opposite of the change, points",
        marks=tuple(marks),
    )


def _mark(row: dict[str, Any] | None) -> str:
    """An arrow where the interval of the change leaves zero out."""
    low, high = (number(row[key]) if row else None for key in ("change_low", "change_high"))
    if low is None or high is None or low <= 0 <= high:
        return " "
    return "▼" if high < 0 else "▲"


def mean_lines(rows: Rows, published: Rows, width: int) -> list[Spans]:
    """A bar a row of the matrix on 0–100: accuracy over all inputs with its interval, the paper's mean in gray."""
    conditions = _conditions(rows)
    intervals = any(half_width(own[None]) is not None for own in conditions.values())
    tail = ", ± 95 % interval" if intervals else ""
    lines: list[Spans] = [[Span("all inputs", "text", bold=True), Span(f"  0–100 %{tail}", "dim")]]
    for own in conditions.values():
        row = own[None]
        lines.append(_mean_bar(number(row["accuracy"]), half_width(row), _role(row), width))
        paper = _paper(row, published)
        if paper:
            lines.append(_mean_bar(_mean(list(paper[1].values())), None, "reference", width))
    return lines


def _mean_bar(value: Value, half: Value, role: str, width: int) -> Spans:
    text, space, tail = plus_minus(value, half).partition(" ")
    return [
        Span(bar(value, 100.0, max(width - 13, 4)), ink_of(role), "rule"),
        Span(f"{text:>6}", "dim" if role == "reference" else "text"),
        Span(f"{space + tail:<7}", "dim"),
    ]


def _role(row: dict[str, Any]) -> str:
    """The color of a condition's bar."""
    if row["matched_to"] is not None:
        return "reference"
    return str(row["type"]) if row["kind"] in ("type", "dose") and row["type"] is not None else "first"


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


def _sizes(conditions: dict[str, dict[str | None, dict[str, Any]]]) -> dict[Any, Any]:
    """Condition -> percentage of neurons switched off."""
    return {own[None]["condition"]: own[None]["percent"] for own in conditions.values()}


def _rank(row: dict[str, Any]) -> tuple[int, int, int]:
    kind = {"baseline": 0, "type": 1, "matched": 1, "dose": 2, "random": 3}.get(row["kind"], 4)
    if row["kind"] == "matched" and row["type"] is None:  # of a set that was selected from data
        kind = 4
    after = row["matched_to"] if row["matched_to"] is not None else row["condition"]
    return kind, after, int(row["kind"] != "type")


def _name(label: str, own: dict[str | None, dict[str, Any]], size: Any = None) -> str:
    """The name of a row of the table; `size` is the percentage switched off in what a control is a control of."""
    row = own[None]
    if row["matched_to"] is not None:
        return "  its control" if matched(size, row["percent"]) else "  smaller control"
    if row["kind"] not in ("type", "dose") or row["type"] is None:
        return shorten(label.partition(" ")[2], NAME_WIDTH)
    value = "" if _is_zero(row) else f" {row['value']}"
    if row["fraction"] is None:
        return shorten(f"{LETTERS.get(row['type'], '')} {SHORT.get(row['type'], row['type'])}{value}", NAME_WIDTH)
    # The share reached, not requested.
    return shorten(f"{LETTERS.get(row['type'], '')} dose {percent(row['percent'])} %{value}", NAME_WIDTH)


def _is_zero(row: dict[str, Any]) -> bool:
    """Whether the neurons were ablated with the value 0, as in the paper."""
    return bool(row.get("value", "0") == "0")


def _of(own: dict[str | None, dict[str, Any]], code: str | None, column: str) -> Value:
    return number(own[code][column]) if code in own else None


def _paper(row: dict[str, Any], published: Rows) -> tuple[Value, dict[str, Value]] | None:
    """The paper's numbers for the same condition: percent switched off, and accuracy a language."""
    condition = (row["kind"], row["type"])
    if not _is_zero(row):
        return None
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


def cell_lines(rows: Rows, label: str, language: str | None, more_is_better: bool = True) -> list[Spans]:
    """One condition in one language (None: all inputs), in full; with a control, whether it is as large as its type."""
    conditions = _conditions(rows)
    own = conditions.get(label, {})
    row = own.get(language)
    if row is None:
        return []
    seeds = f" over {row['n_seeds']} seeds" if row["n_seeds"] > 1 else ""
    first = [
        Span(f"{shorten(row['label'], 40)} · {language or 'all inputs'}: ", "dim"),
        Span(f"{plus_minus(row['accuracy'], half_width(row))} %", "text", bold=True),
        Span(f"  n = {row['n']:,}{seeds}", "dim"),
    ]
    second = _change(row, more_is_better) if row["change"] is not None and row["kind"] != "baseline" else []
    size = _sizes(conditions).get(row["matched_to"])
    if size is not None and not matched(size, own[None]["percent"]):
        first.append(Span(f"  not matched: {percent(own[None]['percent'])} % off, the type {percent(size)} %", "bad"))
    return [first, second] if second else [first]


def _change(row: dict[str, Any], more_is_better: bool) -> list[Span]:
    """The change from the baseline, answers lost and gained, and the change of the log-probability."""
    interval = half_width(row, "change_low", "change_high")
    change, space, half = plus_minus(row["change"], interval, sign="+").partition(" ")
    arrow, worse = "▼" if row["change"] < 0 else "▲", (row["change"] < 0) == more_is_better
    spans = [
        Span("change ", "dim"),
        Span(f"{arrow} {change}", "bad" if worse and row["change"] else "good", bold=True),
        Span(f"{space}{half} points, lost {row['n_lost']:,}, gained {row['n_gained']:,}", "dim"),
    ]
    if row["logprob"] is not None:
        spans.append(Span(f"   log-probability {signed(row['logprob'])} nats", "dim"))
    return spans


def dose_chart(table: pa.Table, value: str = "") -> Chart:
    """What ablation-dose returns: change from the baseline against the share of neurons that was switched off.

    The share is the one reached: a type with few neurons reaches less than the dose asked for. Types without doses
    are left out; where there is no accuracy, the change is that of the answer's log-probability. Of several values
    one is drawn: `value` if there are rows of it, otherwise the first.
    """
    values = [row.get("value") for row in table.to_pylist()]
    first = [value] if value in values else values[:1]
    every = [row for row in table.to_pylist() if number(row["percent"]) and row.get("value") in first]
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
        grey="control of",
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
        return Series(SHORT[name], letter, "reference", *columns, True, name, dash=1, legend="control")
    return Series(SHORT[name], LETTERS[name], name, *columns)


def dose_panels(table: pa.Table) -> tuple[Chart, ...]:
    """The same, a chart a type: the type, its control, random neurons."""
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
    bars, conditions = [], _conditions(rows)
    sizes = _sizes(conditions)
    for label, own in conditions.items():
        row = own[None]
        note, ends = f"off {percent(row['percent'])} %", (number(row["low"]), number(row["high"]))
        name = _name(label, own, sizes.get(row["matched_to"]))
        bars.append(Bar(name, number(row["accuracy"]), "", _role(row), *ends, note))
    return Bars("Accuracy when neurons are switched off", tuple(bars), y_title="accuracy, %", end=100.0)


def change_dots(rows: Rows) -> tuple[Dots, ...]:
    """What ablation-accuracy returns over all inputs: the change of each condition, each type before its control."""
    whole = [row for row in rows if row["language"] is None and row["kind"] not in ("baseline", "dose")]
    ordered, sizes = _paired(whole), {row["condition"]: row["percent"] for row in whole}
    panels = (
        Dots("accuracy", tuple(_dot(row, "change", sizes) for row in ordered), "points"),
        Dots("log-probability of the answer", tuple(_dot(row, "logprob", sizes) for row in ordered), "nats"),
    )
    return tuple(panel for panel in panels if any(dot.value is not None for dot in panel.dots))


def _paired(rows: Rows) -> Rows:
    """Each type or selected set followed by its control, then the rest."""
    controls = {row["matched_to"]: row for row in rows if row["kind"] == "matched"}
    ordered: Rows = []
    for row in (row for row in rows if row["kind"] in ("type", "selected")):
        ordered += [row, controls.pop(row["condition"])] if row["condition"] in controls else [row]
    return [*ordered, *controls.values(), *(row for row in rows if row["kind"] not in ("type", "selected", "matched"))]


def _dot(row: dict[str, Any], key: str, sizes: dict[Any, Any]) -> Dot:
    letter = f"{LETTERS[row['type']]}  " if row["type"] in LETTERS else ""
    role = row["type"] if row["type"] in TYPES else "text"
    kind = row["kind"] if row["kind"] in ("type", "matched", "random") else "user"
    value, low, high = (number(row[f"{key}{end}"]) for end in ("", "_low", "_high"))
    label = row["label"]
    if kind == "matched" and letter:
        size = sizes.get(row["matched_to"])
        fair = matched(size, row["percent"])
        label = "its control" if fair else f"its control, only {percent(row['percent'])} % of neurons: not matched"
    return Dot(f"{letter}{label}", value, low, high, kind, role)
