"""The findings that `neurontui demo` prints: four questions about a run, answered with numbers from named queries."""

from collections.abc import Iterator

from neurontui.queries.results import Results
from neurontui.tui.common.claim_words import UNDECIDED, Row, answer_of, question_of
from neurontui.tui.common.sanitize import clean


def answers(opened: Results, run: int) -> Iterator[str]:
    """Lines of text. Intervals from `claims` are 99.8 %; the others are marked 95 %."""
    claims = {row["claim"]: row for row in opened.query("claims", run=run).to_pylist()}
    yield from _asked(claims["task-matters"])
    yield from _persistence(opened, run)
    yield from _asked(claims["relatives-share-no-more"])
    yield from _asked(claims["all-shared-beyond-control"])
    yield from _whole_type(opened, run)


def _asked(claim: Row) -> Iterator[str]:
    yield f"  {question_of(claim)} {answer_of(claim)}."
    yield f"    {clean(claim['finding'])}"


def _persistence(opened: Results, run: int) -> Iterator[str]:
    rows = [row for row in opened.query("type-persistence", run=run).to_pylist() if row["average"]]
    yield f"  Do neurons keep their types? {_kept(rows)}"
    for row in rows:
        interval = "" if row["low"] is None else f" (95 %: {row['low']:.1f} to {row['high']:.1f})"
        yield (
            f"    {row['type']}: {row['average']:.1f} %{interval} of all neurons in one example, "
            f"{row['overlap']:.1f} % in all {row['n_examples']} examples."
        )


def _kept(rows: list[Row]) -> str:
    """The share of the neurons active in an example that keep their type in all examples, as text."""
    active = [row for row in rows if row["type"] != "non-activated"]
    average = sum(row["average"] for row in active)
    if not average:
        return f"{UNDECIDED}."
    share = sum(row["overlap"] or 0 for row in active) / average
    word = "Hardly any" if share < 0.1 else "Some" if share < 0.5 else "Most"
    return f"{word} of the active neurons: {100 * share:.1f} %."


def _whole_type(opened: Results, run: int) -> Iterator[str]:
    """The paper's ablation with its control, which has as many neurons but not the same contribution."""
    rows = opened.query("ablation-controls", run=run).to_pylist()
    for row in rows:
        if row["type"] == "all-shared" and row["fraction"] is None and row["language"] is None:
            interval = "" if row["low"] is None else f" (95 %: {row['low']:+.1f} to {row['high']:+.1f})"
            yield (
                f"    With all of them ablated ({row['percent']:.1f} % of all neurons), {row['accuracy']:.1f} % of the "
                "answers are correct. With as many other active neurons ablated, or all if there are fewer, "
                f"{row['control']:.1f} % are correct: {row['difference']:+.1f} points{interval}. "
                "This control matches the number of neurons, not their "
                "contribution; the answer above therefore uses the paired control."
            )
