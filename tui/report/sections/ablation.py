"""Switching neurons off: Tables 2 and 4 beside the paper's numbers, and every type against its matched control."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.ablation import forced_note
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.common.significant import decimals, figures, with_interval
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Cell, Fold, Table, Text
from neurontui.tui.report.published import Key, accuracies, other_models
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

MEASURES = {
    "generation": "the generated answer matches",
    "rank": "the answer is the likeliest of the choices",
    "invalid": "the generated answer is none of the choices",
}
_REDUCED = ("type", "random")
"""Kinds of conditions in the paper's tables, among which the largest reduction is bold."""


def tables(results: Results, run: Run) -> tuple[Block, ...]:
    """Tables 2 and 4, and the same for the likeliest choice and for answers that are none of the choices."""
    first = _table(results, run, "generation")
    others = tuple(table for table in (_table(results, run, m) for m in ("rank", "invalid")) if table)
    if first is None:
        return others or (missing(run, "ablation"),)
    folded = (Fold("The same by likeliest choice, and answers that are none of the choices", others),)
    return (first, *_elsewhere(results, run), *(folded if others else ()))


def _elsewhere(results: Results, run: Run) -> tuple[Text, ...]:
    """Where the paper has the task for another model only."""
    models = other_models(results, run, "published-ablation")
    if not models:
        return ()
    sentence = f"The paper has this task for other models: {', '.join(models)}; its numbers are in"
    return (Text(sentence, "note", run.command("published-ablation")),)


def _table(results: Results, run: Run, measure: str) -> Table | None:
    """A row a condition, a column a language; None where the measure is not defined."""
    rows = results.query("ablation-accuracy", run=run.number, measure=measure).to_pylist()
    rows = [row for row in rows if row["kind"] != "dose" and number(row["accuracy"]) is not None]
    if not rows:
        return None
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    at = {(row["condition"], row["language"]): row for row in rows}
    codes = [code for code in run.languages if any((c, code) in at for c in conditions)]
    lowest = _lowest(rows) if measure != "invalid" else {}
    published = accuracies(results, run) if measure == "generation" else {}
    body: list[tuple[Cell, ...]] = []
    for condition in conditions:
        body.append(_row(at, condition, codes, lowest))
        key = _key(next(row for row in rows if row["condition"] == condition))
        paper = published.get(key) if key else None
        if paper:
            body.append(_paper(paper, codes))
    published_note = " Slanted: the paper’s numbers." if len(body) > len(conditions) else ""
    return Table(
        "Accuracy when neurons are switched off" if measure != "invalid" else "Answers that are none of the choices",
        ("condition", "pct.", *codes, "all", "change, all"),
        tuple(body),
        caption=f"Tables 2 and 4. In percent of inputs: {_measured(results, run, measure)}. pct.: neurons switched "
        "off. Bold: the largest reduction by a type or at random. ±: half the 95 % interval, paired by "
        f"input.{published_note}",
        query=run.command("ablation-accuracy", *([] if measure == "generation" else [f"measure={measure}"])),
        width="wide",
        slug=f"{run.anchor}-accuracy" if measure == "generation" else "",
    )


def _measured(results: Results, run: Run, measure: str) -> str:
    """What is counted, in words; with teacher forcing, how far it agrees with generated answers."""
    note = "" if measure == "rank" else forced_note(results.query("ablation-judge", run=run.number))
    return f"{MEASURES[measure].replace('generated ', '')} ({note})" if note else MEASURES[measure]


def _reduces(row: Row) -> bool:
    return row["kind"] in _REDUCED and row["value"] == "0"


def _lowest(rows: list[Row]) -> dict[str | None, float]:
    """Of each language, the lowest accuracy by a type or random condition."""
    lowest: dict[str | None, float] = {}
    for row in rows:
        if _reduces(row):
            lowest[row["language"]] = min(lowest.get(row["language"], row["accuracy"]), row["accuracy"])
    return lowest


def _row(
    at: dict[tuple[int, str | None], Row],
    condition: int,
    codes: list[str],
    lowest: dict[str | None, float],
) -> tuple[Cell, ...]:
    first = next(row for (which, _), row in at.items() if which == condition)

    def cell(code: str | None) -> Cell:
        row = at.get((condition, code))
        value = None if row is None else number(row["accuracy"])
        strong = value is not None and _reduces(first) and value <= lowest.get(code, -1)
        return Cell(decimals(value), strong=strong)

    whole = at.get((condition, None))
    change = Cell("" if whole is None or first["kind"] == "baseline" else _change(whole))
    pct = Cell(_pct(whole or first))  # a control's size differs between languages
    return Cell(first["label"]), pct, *(cell(code) for code in (*codes, None)), change


def _pct(row: Row) -> str:
    share = number(row["percent"])
    return "0 %" if share == 0 else f"{decimals(share, 2)} %"


def _change(row: Row) -> str:
    return with_interval(number(row["change"]), number(row["change_low"]), number(row["change_high"]), 1)


def _key(row: Row) -> Key | None:
    """The paper's condition; None for values other than its zero."""
    if row["value"] != "0":
        return None
    share = None if row["fraction"] is None else round(100 * row["fraction"], 2)
    return row["kind"], row["type"], share if row["kind"] == "random" else None


def _paper(paper: dict[str, Row], codes: list[str]) -> tuple[Cell, ...]:
    first = next(iter(paper.values()))
    numbers = (decimals(number(paper[code]["accuracy"])) if code in paper else "–" for code in codes)
    return cells(f"   paper, {first['source']}", _pct(first), *numbers, "", "", aside=True)


def controls(results: Results, run: Run) -> Block:
    """Does a type matter more than as many other active neurons?"""
    rows = results.query("ablation-controls", run=run.number).to_pylist()
    whole = [row for row in rows if row["language"] is None]
    if not whole:
        return Text(
            "There are no matched controls in this run; measure them by",
            "missing",
            f"{run.again()} --measures types,ablation",
        )
    body = tuple(
        cells(
            row["label"], f"{figures(number(row['percent']))} / {figures(number(row['control_percent']))}",
            decimals(number(row["accuracy"])), decimals(number(row["control"])),
            with_interval(number(row["difference"]), number(row["low"]), number(row["high"]), 1),
            with_interval(number(row["logprob"]), number(row["logprob_low"]), number(row["logprob_high"])),
        )
        for row in whole
    )  # fmt: skip
    return Table(
        "Does a type matter more than as many other active neurons?",
        (
            "condition",
            "pct. own / control",
            "accuracy, %",
            "control, %",
            "difference, points",
            "log-probability, nats",
        ),
        body,
        caption="Beyond Tables 2 and 4. Positive differences: switching the type off does more harm than its "
        "matched control. "
        "±: half the 95 % interval, paired by input.",
        query=run.command("ablation-controls"),
        slug=f"{run.anchor}-controls",
    )
