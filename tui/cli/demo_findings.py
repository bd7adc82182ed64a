"""Four questions about a run, answered in plain words with their numbers: what `neurontui demo` ends with.

Every answer is read off a named query, so it says what this run says, whichever way that is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from neurontui.queries.results import Results
from neurontui.tui.common.sanitize import clean

Row = Mapping[str, Any]
UNDECIDED = "This run cannot tell."
YES_OR_NO = {"supported": "Yes.", "contradicted": "No."}
NO_OR_YES = {"supported": "No.", "contradicted": "Yes."}


def answers(opened: Results, run: int) -> Iterator[str]:
    """Lines of text; intervals are 99.8 % where they come from `claims`, and 95 % where it says so."""
    claims = {row["claim"]: row for row in opened.query("claims", run=run).to_pylist()}
    yield from _asked("Does sharing depend on the task?", claims["task-matters"], YES_OR_NO)
    yield from _persistence(opened, run)
    yield from _asked("Do related languages share more neurons?", claims["relatives-share-no-more"], NO_OR_YES)
    yield from _asked(
        "Does switching off all-shared neurons hurt more than switching off others?",
        claims["all-shared-beyond-control"],
        YES_OR_NO,
    )
    yield from _whole_type(opened, run)


def _asked(question: str, claim: Row, words: Mapping[str, str]) -> Iterator[str]:
    yield f"  {question} {words.get(claim['verdict'], UNDECIDED)}"
    yield f"    {clean(claim['finding'])}"


def _persistence(opened: Results, run: int) -> Iterator[str]:
    rows = [row for row in opened.query("type-persistence", run=run).to_pylist() if row["average"]]
    yield f"  Do neurons keep their types? {_kept(rows)}"
    for row in rows:
        spread = "" if row["low"] is None else f" (95 %: {row['low']:.1f} to {row['high']:.1f})"
        yield (
            f"    {row['type']}: {row['average']:.1f} %{spread} of all neurons in an example, "
            f"{row['overlap']:.1f} % in all {row['n_examples']}."
        )


def _kept(rows: list[Row]) -> str:
    """What share of the neurons that are active in an example keep their type in all of them, in a word."""
    active = [row for row in rows if row["type"] != "non-activated"]
    average = sum(row["average"] for row in active)
    if not average:
        return UNDECIDED
    share = sum(row["overlap"] or 0 for row in active) / average
    word = "Hardly any" if share < 0.1 else "Some" if share < 0.5 else "Most"
    return f"{word} of the active ones: {100 * share:.1f} %."


def _whole_type(opened: Results, run: int) -> Iterator[str]:
    """The paper's ablation and its control by number, which leaves open what each neuron weighs."""
    rows = opened.query("ablation-controls", run=run).to_pylist()
    for row in rows:
        if row["type"] == "all-shared" and row["fraction"] is None and row["language"] is None:
            spread = "" if row["low"] is None else f" (95 %: {row['low']:+.1f} to {row['high']:+.1f})"
            yield (
                f"    With all of them switched off, {row['percent']:.1f} % of all neurons, {row['accuracy']:.1f} % of the "
                f"answers are right; with as many other active neurons, as far as there are any, {row['control']:.1f} %: "
                f"{row['difference']:+.1f} points{spread}. That control is matched in number first: it need not weigh "
                "as much, so the answer above rests on the paired one."
            )
