"""How much harm it does to switch neurons off: changes of every condition with intervals, and harm by dose."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import LETTERS, TYPES
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Dot, Dots, Figure, Line, Lines, Number
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import line


def changes(results: Results, run: Run) -> Block:
    """Every condition's change over all inputs: a type, then the control that is matched to it."""
    rows = results.query("ablation-accuracy", run=run.number).to_pylist()
    whole = [row for row in rows if row["language"] is None and row["kind"] not in ("baseline", "dose")]
    accuracy = tuple(_dot(row, "change") for row in _paired(whole))
    logprob = tuple(_dot(row, "logprob") for row in _paired(whole))
    panels = tuple(
        Dots(title, dots, unit)
        for title, dots, unit in (
            ("accuracy", accuracy, "points"),
            ("log-probability of the answer", logprob, "nats"),
        )
        if any(dot.value is not None for dot in dots)
    )
    if not panels:
        return missing(run, "ablation")
    return Figure(
        f"{run.anchor}-ablation",
        "Change from the baseline when neurons are switched off",
        "Tables 2 and 4, with matched controls",
        "Over all inputs. Filled: neurons of a type, whose letter is on the left. Hollow: its matched control, as many "
        "neurons that are active in that language but not of the type, with the same contribution. Crosses: random "
        "neurons, most of which are silent anyway. Lines: 95 % intervals, paired by input.",
        panels,
        run.command("ablation-accuracy"),
        columns=2,
    )


def _paired(rows: list[Row]) -> list[Row]:
    """Each type followed by its control, then the rest."""
    controls = {row["matched_to"]: row for row in rows if row["kind"] == "matched"}
    ordered: list[Row] = []
    for row in (row for row in rows if row["kind"] == "type"):
        ordered += [row, controls.pop(row["condition"])] if row["condition"] in controls else [row]
    return [
        *ordered,
        *controls.values(),
        *(row for row in rows if row["kind"] not in ("type", "matched")),
    ]


def _dot(row: Row, key: str) -> Dot:
    letter = f"{LETTERS[row['type']]}  " if row["type"] in LETTERS else ""
    role = row["type"] if row["type"] in TYPES else "text"
    kind = row["kind"] if row["kind"] in ("type", "matched", "random") else "user"
    value, low, high = (number(row[f"{key}{end}"]) for end in ("", "_low", "_high"))
    label = "its matched control" if kind == "matched" and letter else row["label"]
    return Dot(f"{letter}{label}", value, low, high, kind, role)


def doses(results: Results, run: Run) -> Block | None:
    """Harm by dose, a panel a type: the type, its control, random neurons. None where no doses were given."""
    rows = results.query("ablation-dose", run=run.number).to_pylist()
    dosed = [name for name in TYPES if any(row["type"] == name and row["fraction"] is not None for row in rows)]
    if not dosed:
        return None
    by_change = any(number(row["change"]) is not None for row in rows)
    panels = tuple(_dose_panel(name, rows, by_change) for name in dosed)
    return Figure(
        f"{run.anchor}-doses",
        "Harm by dose",
        "beyond Tables 2 and 4",
        "Change as more and more neurons are switched off: of the type (solid), of other active ones like it (dashed), "
        "and random ones (dotted). Bands: 95 % intervals, paired by input.",
        panels,
        run.command("ablation-dose"),
        columns=len(panels),
        same_y=True,
    )


def _dose_panel(name: str, rows: list[Row], by_change: bool) -> Lines:
    keys = ("change", "low", "high") if by_change else ("logprob", "logprob_low", "logprob_high")
    # The control's colour is that of no type.
    arms = (("type", name, name, 0), ("control", name, "fourth", 1))
    lines = [_arm(rows, arm, of, role, dash, keys) for arm, of, role, dash in arms]
    lines.append(_arm(rows, "random", None, "text", 2, keys))
    unit = "change in accuracy, points" if by_change else "change in log-probability, nats"
    return Lines(
        f"{LETTERS[name]}  {name}", tuple(each for each in lines if each.x), "% of neurons switched off", unit, zero=False,
        log_x=True,
    )  # fmt: skip


def _arm(rows: list[Row], arm: str, of: str | None, role: str, dash: int, keys: tuple[str, str, str]) -> Line:
    found = [row for row in rows if row["arm"] == arm and row["type"] == of and number(row["percent"])]
    known: list[Row] = [row for row in found if _value(row, keys) is not None]
    mark = {"type": LETTERS.get(of or "", ""), "control": "c", "random": "r"}[arm]
    return line(of if arm == "type" and of else arm, mark, role, known, "percent", *keys, dash=dash)


def _value(row: Row, keys: tuple[str, str, str]) -> Number:
    return number(row[keys[0]])
